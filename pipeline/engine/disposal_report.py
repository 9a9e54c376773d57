"""Report of what retention deletes: in the audit before, numbered in the log of disposals and the audit afterwards."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import Final

import msgspec
import structlog

from pipeline.audit.audit_log import AuditLog
from pipeline.config.settings import Config
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.disposal import Disposed
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.domain.times import find_zone
from pipeline.storage.disposal_log import DisposalLog

RUN: Final = "run"
_log = structlog.get_logger(__name__)


class DisposalReport:
    """Implements `pipeline.domain.disposal.Disposing`.

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

    @contextmanager
    def __call__(self, place: str, parts: Sequence[Disposed], holds: Sequence[str]) -> Iterator[None]:
        """Put what is about to be deleted into the audit; number it, and record the number, when it is.

        Raises:
            AuditUnavailable: the audit takes no record, so nothing may be deleted.
            StoreError: it cannot be numbered.
        """
        self._record(parts, {"action": "disposing", "by": self._by, "holds": len(holds)})
        try:
            yield
        except BaseException as error:
            self._record(parts, {"action": "disposing", "by": self._by}, Outcome.FAILED, reason=type(error).__name__)
            raise
        made = self._log.add(time.time_ns() // 1_000_000, place, self._by, parts, holds)
        digest = hashlib.sha256(msgspec.json.encode(made)).hexdigest()
        facts = {"action": "disposed", "by": self._by, "sha256": digest}
        self._record(parts, {**facts, "holds": len(made.holds)}, number=made.number)
        _log.info("disposed", number=made.number, place=place, rows=sum(one.number for one in parts))

    def _record(
        self,
        parts: Sequence[Disposed],
        details: Mapping[str, str | int | bool],
        outcome: Outcome = Outcome.ALLOWED,
        *,
        number: str = "",
        reason: str = "",
    ) -> None:
        entry = AuditEntry(
            operation=Operation.DISPOSAL.value,
            outcome=outcome,
            system_user=Requester.of_process().user,
            purpose=Purpose.END_OF_RETENTION.value,
            start_ms=min(one.first_ms for one in parts),
            end_ms=max(one.last_ms for one in parts),
            rows=sum(one.number for one in parts),
            number=number,
            reason=reason,
            details=details,
        )
        self._audit.append(entry)
