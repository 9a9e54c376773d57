"""Modules stay short enough to be read in one go, and no package outgrows the others."""

from __future__ import annotations

from pathlib import Path

from tests.project.places import ROOT

_MOST_LINES = 400
_MOST_OF_PIPELINE = 0.17


def _lines(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in folder.rglob("*.py")}


def test_no_module_is_long() -> None:
    lines = {
        name: count
        for folder in ("pipeline", "benchmarks", "tests", "models")
        for name, count in _lines(ROOT / folder).items()
    }
    assert len(lines) > 50
    long = {name: count for name, count in lines.items() if count > _MOST_LINES}
    assert not long, "look for the concept that has no name yet"


def test_no_package_holds_most_of_the_code() -> None:
    packages = [path for path in (ROOT / "pipeline").iterdir() if (path / "__init__.py").is_file()]
    lines = {package.name: sum(_lines(package).values()) for package in packages}
    whole = sum(_lines(ROOT / "pipeline").values())
    assert len(lines) > 10
    large = {name: f"{count / whole:.1%}" for name, count in lines.items() if count > _MOST_OF_PIPELINE * whole}
    assert not large, "split it, or move what is of another layer"
