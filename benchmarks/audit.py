"""Audit: processor time of an append, and of the verification of a million records by package and outside verifier.

python -m benchmarks.audit [--records 1000000]
"""

from __future__ import annotations

import argparse
import os
import runpy
import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline.audit.audit_log import AuditLog
from pipeline.audit.log_state import STATE_NAME, LogState, create_state
from pipeline.audit.record_line import FIRST_PREVIOUS, Head, decode_line, encode_record
from pipeline.audit.seal import create_auditor_key, next_key
from pipeline.audit.segments import segment_name
from pipeline.audit.verification import verify
from pipeline.benchmark.results_page import machine, write_table
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.times import parse_time

_START_MS = 1_790_000_000_000
_A_DAY = 100_000
RESULTS = Path(__file__).parent / "results" / "audit.md"
MEASURES = ("pipeline/audit",)
_TOOL = Path(__file__).resolve().parents[1] / "docs" / "tools" / "verify_audit.py"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--appends", type=int, default=500)
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        rows = [("append, with fsync", asked.appends, *_appended(Path(folder) / "appended", asked.appends))]
        whole = Path(folder) / "audit"
        key = _write(whole, asked.records)
        rows.append(("verify, package", asked.records, *_timed(lambda: _checked(whole, key, asked.records))))
        rows.append(("verify, outside", asked.records, *_timed(lambda: _checked_outside(whole, key, asked.records))))
    write_table(
        RESULTS,
        "Audit",
        f"Records of 600 bytes with seal and one plate, 100,000 a day. {machine()} Load average before: {load:.1f}; "
        "with other work on the machine only the processor times count. `python -m benchmarks.audit`.",
        measures=MEASURES,
        columns=["what", "records", "processor, s", "wall, s", "processor per record, µs"],
        rows=[
            (name, f"{count:,}", f"{processor_s:.2f}", f"{wall_s:.2f}", f"{processor_s / count * 1e6:.0f}")
            for name, count, processor_s, wall_s in rows
        ],
    )


def _entry(number: int) -> AuditEntry:
    return AuditEntry(
        operation="plate-query",
        outcome=Outcome.ALLOWED,
        system_user=f"user{number % 40}",
        purpose="criminal-investigation",
        case=f"IP-{number % 997}/2026",
        cameras=("av-paulista-900", "av-brasil-100"),
        start_ms=_START_MS,
        end_ms=_START_MS + 3_600_000,
        plates=("ABC1D23",),
        rows=number % 50,
    )


def _timed(act: Any) -> tuple[float, float]:
    processor, wall = time.process_time(), time.monotonic()
    act()
    return time.process_time() - processor, time.monotonic() - wall


def _appended(folder: Path, count: int) -> tuple[float, float]:
    log = AuditLog(folder)
    log.append(_entry(0))
    return _timed(lambda: [log.append(_entry(number)) for number in range(count)])


def _write(folder: Path, count: int) -> bytes:
    """A log as `AuditLog` writes it, without a sync per record."""
    folder.mkdir()
    first = create_auditor_key(folder / "auditor.key")
    head, path, record = Head(0, FIRST_PREVIOUS, first), folder, None
    for begin in range(0, count, _A_DAY):
        now_ms = _START_MS + begin // _A_DAY * 86_400_000
        path = folder / segment_name(begin + 1, now_ms)
        with path.open("wb") as file:
            for number in range(begin, min(count, begin + _A_DAY)):
                line = encode_record(_entry(number), head, now_ms, now_ms)
                file.write(line + b"\n")
                record = decode_line(line)
                assert record is not None
                head = Head(record.sequence, record.hash, next_key(head.key))
    assert record is not None
    state = LogState(head.sequence, head.hash, head.key.hex(), parse_time(record.fields["time"]), path.name)
    create_state(folder / STATE_NAME, state)
    return first


def _checked(folder: Path, key: bytes, count: int) -> None:
    found = verify(folder, key)
    assert found.intact, found.findings
    assert found.records == count


def _checked_outside(folder: Path, key: bytes, count: int) -> None:
    log = runpy.run_path(str(_TOOL))["Log"](folder, key, None)
    log.run()
    assert not log.problems, log.problems[:3]
    assert log.last == count


if __name__ == "__main__":
    main()
