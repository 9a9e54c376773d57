"""Results of benchmarks stand in a section per machine, which only that machine replaces, with a record of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.freshness import RESULTS, check, stands
from pipeline.benchmark import environment, results_page
from pipeline.benchmark.environment import graphics, machine_name
from pipeline.benchmark.measured_code import read_records
from pipeline.benchmark.results_page import machine, sections, write_table

MEASURES = ("pipeline/benchmark/repeats.py",)


def measure(page: Path, value: str) -> None:
    write_table(
        page,
        "Speed",
        f"{machine()} How.",
        measures=MEASURES,
        columns=["what", "ms"],
        rows=[["run", value]],
        after="## More\n\nx",
    )


def test_a_machine_replaces_its_own_section_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "speed.md"
    for name, value in (("4 cores (A)", "5"), ("2 cores (B)", "6"), ("4 cores (A)", "7")):
        monkeypatch.setattr(results_page, "machine_name", lambda name=name: name)
        measure(page, value)
    found = sections(page)
    assert list(found) == ["4 cores (A)", "2 cores (B)"]
    assert ("| run | 7 |" in found["4 cores (A)"], "| run | 6 |" in found["2 cores (B)"]) == (True, True)
    assert page.read_text().count("# Speed") == 1
    assert found["4 cores (A)"].endswith("## More\n\nx")
    assert list(read_records(page)) == ["2 cores (B)", "4 cores (A)"]


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
    assert graphics.__wrapped__() == environment.NO_GPU


def test_a_page_is_stale_when_its_code_changed_and_stands_only_with_a_reason_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "speed.md"
    measure(page, "5")
    assert [found.problem for found in check(page)] == [""]
    record = page.parent / "code" / "speed.json"
    digests = read_records(page)[machine_name()].functions[MEASURES[0]].split()
    text = record.read_text()
    for digest in digests[: len(digests) // 2]:
        text = text.replace(digest, "0" + digest[1:] if digest[0] != "0" else "1" + digest[1:])
    record.write_text(text)
    (stale,) = check(page)
    assert "of the functions of pipeline/benchmark/repeats.py changed" in stale.problem
    stands(page, "names changed only")
    assert [found.problem for found in check(page)] == [""]
    assert "> Older than the code: names changed only\n" in page.read_text()
    page.write_text(page.read_text().replace("names changed only", "it is fine"))
    assert [found.problem for found in check(page)] == ["does not show why its figures stand"]


@pytest.mark.parametrize("page", sorted(RESULTS.glob("*.md")), ids=lambda page: page.stem)
def test_every_page_of_results_names_its_machines_and_is_not_stale(page: Path) -> None:
    assert sections(page), f"{page.name} does not say on which processor it was measured; measure it again"
    stale = [f"{found.machine}: {found.problem}" for found in check(page) if found.problem]
    assert not stale, f"measure {page.name} again, or say why it stands: python -m benchmarks.freshness --help"
