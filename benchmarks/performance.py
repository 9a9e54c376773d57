"""History of performance: one row per change and device, and the page that shows it.

    python -m benchmarks.performance add "Adaptive analysis" REPORTS
    python -m benchmarks.performance page

`add` takes the folder of JSON reports that `benchmarks/performance.sh` makes, appends a row to
`benchmarks/results/performance.jsonl` and writes the tables of `docs/reference/performance.md` again.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline.benchmark.results_page import markdown

ROOT = Path(__file__).resolve().parents[1]
HISTORY = ROOT / "benchmarks" / "results" / "performance.jsonl"
PAGE = ROOT / "docs" / "reference" / "performance.md"
_TABLES = re.compile(r"<!-- tables -->\n.*?<!-- end of tables -->", re.DOTALL)
_REGRESSION = 0.05
"""Loss of speed, as a share, from which a row is shown as a regression."""
_COLUMNS = (
    ("run_fps", "run, frames/s", 1),
    ("every_run_fps", "every frame: run, frames/s", 1),
    ("ceiling_fps", "networks alone, frames/s", 1),
    ("cpu_ms", "CPU ms/frame", -1),
    ("every_cpu_ms", "every frame: CPU ms/frame", -1),
    ("ultralytics", "times Ultralytics", 1),
    ("every_ultralytics", "every frame: times Ultralytics", 1),
    ("fast_alpr", "times fast-alpr", 1),
    ("every_fast_alpr", "every frame: times fast-alpr", 1),
    ("cameras", "720p cameras at 5/s", 1),
    ("every_cameras", "every frame: 720p cameras at 5/s", 1),
    ("plates", "plates under load", 1),
)
"""Figure, title, and whether more (1) or less (-1) is better."""


class Row(msgspec.Struct, frozen=True):
    """Figures of one change on one device.

    Attributes:
        day, commit, change: when, what was measured, and what changed since the row before.
        device: cores, processor and GPU.
        load: runnable processes before the measurement; above the number of cores other work disturbed it.
        figures: by the names of `_COLUMNS`; None where it was not measured.
    """

    day: str
    commit: str
    change: str
    device: str
    load: float
    figures: dict[str, float | None]


def row_of(change: str, reports: Mapping[str, Any]) -> Row:
    """The row of a set of reports, by sub-command.

    Raises:
        SystemExit: the report on stages is missing.
    """
    if "stages" not in reports:
        raise SystemExit("there is no stages.json in the folder: benchmarks/performance.sh makes it")
    where = reports["stages"]["environment"]
    shipped, every, *_ = reports["stages"]["details"].values()
    figures: dict[str, float | None] = {
        "run_fps": _median(shipped["run_fps"]),
        "every_run_fps": _median(every["run_fps"]),
        "ceiling_fps": _median(every["ceiling_fps"]),
        "cpu_ms": _median(shipped["cpu_ms"]),
        "every_cpu_ms": _median(every["cpu_ms"]),
        **_peers(reports.get("compare")),
        **_cameras(reports.get("pipeline")),
        "plates": float(reports["accuracy"]["rows"][-1][1]) if "accuracy" in reports else None,
    }
    return Row(where["day"], where["commit"], change, where["machine"], where["load"], figures)


def _peers(report: Mapping[str, Any] | None) -> dict[str, float | None]:
    """How many times faster than each peer viapublica is, as shipped and with every frame."""
    if report is None:
        return {}
    (_, shipped), (_, every), *others = report["details"].items()
    return {
        f"{prefix}{title.split()[0].lower().replace('-', '_')}": _median(ours["fps"]) / _median(peer["fps"])
        for prefix, ours in (("", shipped), ("every_", every))
        for title, peer in others
    }


def _cameras(report: Mapping[str, Any] | None) -> dict[str, float | None]:
    """How many cameras the machine carries, as shipped and with every frame."""
    if report is None:
        return {}
    found = {row[2]: float(row[3]) for row in report["rows"]}
    return {"cameras": found["adaptive"], "every_cameras": found["every frame"]}


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def history(path: Path = HISTORY) -> list[Row]:
    """All rows, oldest first."""
    if not path.is_file():
        return []
    return [msgspec.json.decode(line, type=Row) for line in path.read_bytes().splitlines()]


def tables(rows: Iterable[Row]) -> str:
    """A table per device, oldest change first."""
    devices: dict[str, list[Row]] = {}
    for row in rows:
        devices.setdefault(row.device, []).append(row)
    parts = [f"### {device}\n\n{_table(found)}" for device, found in devices.items()]
    return "\n\n".join(parts) if parts else "No row yet: `make bench-performance` writes the first one."


def _table(rows: Sequence[Row]) -> str:
    titles = ["day", "commit", "change", *(title for _, title, _ in _COLUMNS), "load before"]
    befores = [None, *rows]
    cells = []
    for row, before in zip(rows, befores, strict=False):
        figures = [_cell(row, before, name, better) for name, _, better in _COLUMNS]
        cells.append([row.day, f"`{row.commit}`", row.change, *figures, f"{row.load:g}"])
    return markdown(titles, cells)


def _cell(row: Row, before: Row | None, name: str, better: int) -> str:
    """A figure, with what it lost against the row before."""
    value = row.figures.get(name)
    if value is None:
        return "–"
    text = f"{value:.0f}" if value >= 100 or name.endswith("cameras") else f"{value:.3g}"
    earlier = before.figures.get(name) if before is not None else None
    if not earlier:
        return text
    change = value / earlier - 1
    return f"**{text} ({change:+.0%})**" if change * better < -_REGRESSION else f"{text} ({change:+.0%})"


def page_with(text: str, rows: Iterable[Row]) -> str:
    """The page with the tables of these rows."""
    return _TABLES.sub(lambda _: f"<!-- tables -->\n\n{tables(rows)}\n\n<!-- end of tables -->", text)


def main() -> None:
    """Add a row, or write the page again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="add a row of the reports in a folder")
    add.add_argument("change", help="what changed since the row before, in a few words")
    add.add_argument("reports", type=Path)
    commands.add_parser("page", help="write the tables of the page again")
    options = parser.parse_args()
    if options.command == "add":
        reports = {path.stem: json.loads(path.read_text()) for path in options.reports.glob("*.json")}
        with HISTORY.open("ab") as file:
            file.write(msgspec.json.encode(row_of(options.change, reports)) + b"\n")
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), history()), encoding="utf-8")


if __name__ == "__main__":
    main()
