"""Modules stay short enough to be read in one go."""

from __future__ import annotations

from tests.project.places import ROOT

_MOST_LINES = 500


def test_no_module_is_long() -> None:
    modules = [path for folder in ("pipeline", "benchmarks", "tests") for path in (ROOT / folder).rglob("*.py")]
    assert len(modules) > 50
    lines = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in modules}
    long = {name: count for name, count in lines.items() if count > _MOST_LINES}
    assert not long, "look for the concept that has no name yet"
