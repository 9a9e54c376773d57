"""`viapublica camera calibrate`: measures from the command line, errors that name the option, and what is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import viapublica_here
from tests.console.drawing.drawn_scene import CONFIG, seen


def _text(*places: tuple[float, float]) -> str:
    return " ".join(f"{x:.4f},{y:.4f}" for x, y in places)


CORNERS = _text(*(seen(*place) for place in ((-3.4, 10), (3.4, 10), (3.4, 30), (-3.4, 30))))
LANE = ("--left", _text(seen(-3.4, 10), seen(-3.4, 30)), "--right", _text(seen(0, 10), seen(0, 30)))
LENGTH = ("--along", _text(seen(0, 12), seen(0, 24)), "--length", "12")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    path = tmp_path / "city.yaml"
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize(
    "measure",
    [
        ("--corners", CORNERS, "--rectangle", "6.8,20"),
        ("--corners", CORNERS, "--distances", "6.8,20,6.8,20,21.124,21.124"),
        (*LANE, "--lane-width", "3.4", *LENGTH),
        (*LANE, "--lane-width", "3.4", "--field-of-view", "42.08"),
        tuple(
            part
            for (x, y), ground in zip(
                [seen(-3.4, 10), seen(3.4, 10), seen(3.4, 30), seen(-3.4, 30), seen(0, 20)],
                ["0,0", "6.8,0", "6.8,20", "0,20", "3.4,10"],
                strict=True,
            )
            for part in ("--point", f"{x:.4f},{y:.4f},{ground}")
        ),
    ],
)
def test_each_measure_gives_true_lengths_and_is_written_on_request(city: Path, measure: tuple[str, ...]) -> None:
    check = f"{_text(seen(2, 14), seen(2, 26))} 12"
    done = viapublica_here("camera", "calibrate", "av-brasil-900", "-c", city, *measure, "--check", check, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert abs(report["error"]["check"]) < 0.02
    assert report["written"] is False
    assert city.read_text() == CONFIG
    done = viapublica_here("camera", "calibrate", "av-brasil-900", "-c", city, *measure, "--yes")
    assert done.returncode == 0, done.stderr
    assert "error of speeds" in done.stdout
    assert "+    calibration:" in done.stdout
    assert "# both lanes" in city.read_text()
    again = viapublica_here("camera", "calibrate", "av-brasil-900", "-c", city, "--json")
    assert json.loads(again.stdout)["calibration"] == report["calibration"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "has no calibration"),
        (("--corners", CORNERS), "--corners: needs one of --rectangle and --distances"),
        (("--corners", "0.1,0.2 0.3,0.4", "--rectangle", "7,20"), "--corners: has 2 points, not 4"),
        (("--corners", CORNERS.replace(".", ","), "--rectangle", "7,20"), "--corners: is not 2 numbers"),
        (("--corners", CORNERS, "--rectangle", "7"), "--rectangle: is not 2 numbers"),
        (("--corners", CORNERS, "--distances", "7,20,7,20,90"), "do not close"),
        (("--corners", CORNERS, "--rectangle", "7,20", "--point", "0,0,0,0"), "are different measures"),
        (LANE, "--left, --right, --lane-width: belong together"),
        ((*LANE, "--lane-width", "3.4"), "needs a length along it"),
        ((*LANE, "--lane-width", "3.4", *LENGTH, "--from-tracks"), "there is no event store"),
        (("--corners", CORNERS, "--rectangle", "7,20", "--size", "big"), "--size: is no size"),
        (("--corners", CORNERS, "--rectangle", "7,20", "--at", "0.5,0.01"), "lies above its horizon"),
        (("--corners", _text((0.1, 0.9), (0.9, 0.9), (0.6, 0.8), (0.4, 0.8)), "--rectangle", "7,20"), "horizon"),
    ],
)
def test_mistakes_name_the_option_and_nothing_is_written(city: Path, options: tuple[str, ...], reason: str) -> None:
    done = viapublica_here("camera", "calibrate", "av-brasil-900", "-c", city, *options, "--yes")
    assert done.returncode != 0
    assert reason in " ".join(done.stderr.split())
    assert city.read_text() == CONFIG
