"""Pages of results: a Markdown section per machine, with environment and command, and a record of the measured code.

A benchmark replaces the section of the machine it runs on and leaves the others. What was written before there were
sections is dropped: its processor is not known. The record says which code the figures are of; see
`pipeline.benchmark.measured_code`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.benchmark.environment import environment, machine_name
from pipeline.benchmark.measured_code import CodeRecord, write_record

_SECTION = re.compile(r"^<!-- machine: (?P<name>.+?) -->$", re.MULTILINE)


def machine() -> str:
    """One sentence for the machine, the libraries that run networks, the commit that was measured, and the day."""
    return environment().line()


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)])


def write_table(
    path: Path,
    title: str,
    how: str,
    *,
    measures: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    after: str = "",
) -> None:
    """A page with one table per machine; plots beside it are of the machine that was measured last.

    Args:
        path, title: of the page.
        how: environment, command and what the figures mean.
        measures: packages and modules whose code the figures depend on, such as ``pipeline/store``.
        columns, rows: the table.
        after: text below it.
    """
    text = "\n".join([how, "", markdown(columns, rows), "", after]).strip()
    write_section(path, title, text, measures=measures)


def write_section(path: Path, title: str, text: str, *, measures: Sequence[str]) -> None:
    """A page with this section for this machine, before those of other machines, and the record of its code."""
    others = {name: body for name, body in sections(path).items() if name != machine_name()}
    _write(path, f"# {title}", {machine_name(): text, **others})
    write_record(path, machine_name(), CodeRecord.of_now(measures))


def replace_section(path: Path, name: str, text: str) -> None:
    """Replace the section of a machine that the page has, in its place."""
    title = path.read_text(encoding="utf-8").partition("\n")[0]
    _write(path, title, {**sections(path), name: text})


def _write(path: Path, title: str, found: Mapping[str, str]) -> None:
    parts = [f"<!-- machine: {name} -->\n\n{body}" for name, body in found.items()]
    path.write_text("\n\n".join([title, *parts]) + "\n", encoding="utf-8")


def sections(path: Path) -> dict[str, str]:
    """The sections of a page by machine; none where there is no page, or one without sections."""
    if not path.is_file():
        return {}
    page = path.read_text(encoding="utf-8")
    found = list(_SECTION.finditer(page))
    ends = [*(each.start() for each in found), len(page)][1:]
    return {each["name"]: page[each.end() : end].strip() for each, end in zip(found, ends, strict=True)}
