"""Report of what retention deleted: numbered in the log of disposals, and in the audit."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Final

import msgspec
import structlog

from pipeline.audit.audit_log import AuditLog
from pipeline.config.settings import Config
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.disposal import Disposal, Disposed
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.domain.times import find_zone
from pipeline.storage.disposal_log import DisposalLog

RUN: Final = "run"
_log = structlog.get_logger(__name__)


class DisposalReport:
    """Implements `pipeline.domain.disposal.OnDisposed`.

    Args:
        data_dir: folder of the log; audit_dir: of the audit.
        zone: of the institution; None for the machine's.
        by: `RUN`, or the user that disposes by a command.
    """

    def __init__(self, data_dir: Path, audit_dir: Path, zone: tzinfo | None, by: str = RUN) -> None:
        self._log, self._audit, self._by = DisposalLog(data_dir, zone), AuditLog(audit_dir), by

    @classmethod
    def of_run(cls, config: Config) -> DisposalReport:
        """That of a run of a configuration."""
        return cls(config.data_dir, config.audit.dir or config.data_dir / "audit", find_zone(config.zone))

    def __call__(self, place: str, parts: Sequence[Disposed], holds: Sequence[str]) -> Disposal:
        """Number what was deleted, and put it into the audit.

        Raises:
            StoreError: it cannot be noted.
            AuditUnavailable: the audit takes no record.
        """
        made = self._log.add(time.time_ns() // 1_000_000, place, self._by, parts, holds)
        digest = hashlib.sha256(msgspec.json.encode(made)).hexdigest()
        details: dict[str, str | int | bool] = {
            "action": "disposed",
            "by": self._by,
            "sha256": digest,
            "holds": len(made.holds),
        }
        self._audit.append(
            AuditEntry(
                operation=Operation.DISPOSAL.value,
                outcome=Outcome.ALLOWED,
                system_user=Requester.of_process().user,
                purpose=Purpose.END_OF_RETENTION.value,
                number=made.number,
                start_ms=min(one.first_ms for one in parts),
                end_ms=max(one.last_ms for one in parts),
                rows=sum(one.number for one in parts),
                details=details,
            )
        )
        _log.info("disposed", number=made.number, place=place, rows=sum(one.number for one in parts))
        return made
