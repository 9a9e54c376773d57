"""Settings of requests of the persons concerned."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from pipeline.policy.subject_requests import ANSWER_DAYS, LONGEST_ANSWER_DAYS


class SubjectRequestSettings(BaseModel):
    """Requests of persons about their data: `viapublica requests`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer_days: int = Field(
        default=ANSWER_DAYS,
        ge=1,
        le=LONGEST_ANSWER_DAYS,
        title="Deadline",
        description="Days within which a request is decided (LGPD art. 19 II; a public body may have a deadline of its "
        "own, art. 23 §3). Overdue requests are named by every command on requests.",
    )
