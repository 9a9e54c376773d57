"""Pages of results against the code of today: which are stale, and why figures of older code stand.

    python -m benchmarks.freshness
    python -m benchmarks.freshness stands store "commit 1a2b3c4 renames, and moves no figure"

A stale page is measured again with the command it names. Where a change cannot move its figures, `stands` records the
code of today with a reason, which the page shows; `make test` refuses a stale page without one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from pipeline.benchmark.measured_code import LIMIT, CodeRecord, read_records, write_record
from pipeline.benchmark.results_page import replace_section, sections

RESULTS = Path(__file__).parent / "results"
_STANDS = "> Older than the code: "


class Freshness(NamedTuple):
    """One machine's section of a page.

    Attributes:
        distance: share of its functions that changed since its code was recorded.
        problem: why it is stale, "" if it is not; reason: why figures of older code stand, "" if there are none.
    """

    page: Path
    machine: str
    distance: float
    problem: str
    reason: str = ""


def check(page: Path) -> list[Freshness]:
    """Every section of a page."""
    records = read_records(page)
    return [_checked(page, machine, text, records.get(machine)) for machine, text in sections(page).items()]


def stands(page: Path, reason: str) -> None:
    """Record the code of today for every stale section, with the reason why its figures stand."""
    records = read_records(page)
    for found in check(page):
        record = records.get(found.machine)
        if record is None or not found.problem:
            continue
        text = sections(page)[found.machine]
        kept = "\n".join(line for line in text.splitlines() if not line.startswith(_STANDS)).strip()
        replace_section(page, found.machine, f"{_STANDS}{reason}\n\n{kept}")
        write_record(page, found.machine, CodeRecord.of_now(record.measures, stands_because=reason))


def _checked(page: Path, machine: str, text: str, record: CodeRecord | None) -> Freshness:
    if record is None:
        return Freshness(page, machine, 1.0, "names no code that it measures: measure it again")
    distance = record.distance(CodeRecord.of_now(record.measures))
    if distance > LIMIT:
        problem = f"{distance:.0%} of the functions of {', '.join(record.measures)} changed since it was measured"
    elif record.stands_because and f"{_STANDS}{record.stands_because}" not in text:
        problem = "does not show why its figures stand"
    else:
        problem = ""
    return Freshness(page, machine, distance, problem, record.stands_because)


def main() -> None:
    """List all pages, or let the figures of one stand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    accept = commands.add_parser("stands", help="the figures of a page stand although its code changed")
    accept.add_argument("page")
    accept.add_argument("reason")
    options = parser.parse_args()
    if options.command == "stands":
        stands(RESULTS / f"{options.page}.md", options.reason)
    for page in sorted(RESULTS.glob("*.md")):
        for found in check(page):
            print(f"{page.stem:20} {found.distance:4.0%}  {found.problem or found.reason or 'fresh'}")


if __name__ == "__main__":
    main()
