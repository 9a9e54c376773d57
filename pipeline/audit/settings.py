"""Settings of the audit."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class AuditSettings(BaseModel):
    """The audit: every operation is recorded before it answers. It cannot be switched off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dir: Path | None = Field(
        default=None,
        title="Folder",
        description="Folder of the audit, for this user only; empty: audit in the data folder. Relative to the "
        "configuration file.",
    )
    time_stamp_authority: str | None = Field(
        default=None,
        title="Time-stamp authority",
        description="http:// or https:// address of a time-stamp authority (RFC 3161), such as one of ICP-Brasil; "
        "`viapublica audit anchor` has each checkpoint stamped. Without a network they wait until it is reached.",
        pattern=r"^https?://[^\s@]+$",
    )
