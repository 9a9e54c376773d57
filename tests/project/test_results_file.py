"""Results of benchmarks stand in a section per machine, which only that machine replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import results_file
from benchmarks.results_file import graphics, machine, machine_name, sections, write_table

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"


def measure(page: Path, value: str) -> None:
    write_table(page, "Speed", f"{machine()} How.", columns=["what", "ms"], rows=[["run", value]], after="## More\n\nx")


def test_a_machine_replaces_its_own_section_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "speed.md"
    for name, value in (("4 cores (A)", "5"), ("2 cores (B)", "6"), ("4 cores (A)", "7")):
        monkeypatch.setattr(results_file, "machine_name", lambda name=name: name)
        measure(page, value)
    found = sections(page)
    assert list(found) == ["4 cores (A)", "2 cores (B)"]
    assert ("| run | 7 |" in found["4 cores (A)"], "| run | 6 |" in found["2 cores (B)"]) == (True, True)
    assert page.read_text().count("# Speed") == 1
    assert found["4 cores (A)"].endswith("## More\n\nx")


def test_a_page_without_sections_is_dropped(tmp_path: Path) -> None:
    page = tmp_path / "speed.md"
    page.write_text("# Speed\n\n2 cores, no GPU\n\n| what |\n")
    measure(page, "5")
    assert list(sections(page)) == [machine_name()]
    assert "2 cores, no GPU\n" not in page.read_text()


def test_a_gpu_is_named_with_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA L4, 550.54'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert graphics.__wrapped__() == "NVIDIA L4, 550.54"
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert graphics.__wrapped__() == "no GPU"


@pytest.mark.parametrize("page", sorted(RESULTS.glob("*.md")), ids=lambda page: page.stem)
def test_every_page_of_results_names_its_machines(page: Path) -> None:
    assert sections(page), f"{page.name} does not say on which processor it was measured; measure it again"
