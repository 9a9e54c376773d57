"""Thresholds follow what a camera usually shows at an hour, within bounds, and only where none is stated."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.alerting.learned_limits import used_thresholds
from pipeline.alerting.limits import Limits
from pipeline.alerting.settings import AlertSettings, CameraAlertSettings, Thresholds
from pipeline.alerting.usual import ENOUGH, Usual
from pipeline.alerting.usual_file import UsualFiles
from pipeline.domain.events import AlertRule
from tests.alerting.road import ROAD

RULE = AlertRule.STOPPED_VEHICLE
DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + 12 * 3_600_000


def history(figure: float, count: int = ENOUGH, ts_ms: int = NOON_MS) -> Usual:
    usual = Usual()
    for _ in range(count):
        usual.add(RULE, "lane", ts_ms, figure)
    return usual


@pytest.mark.parametrize(
    ("figure", "count", "limit"),
    [(2, ENOUGH, 20), (30, ENOUGH, 45), (30, ENOUGH - 1, 20), (100_000, ENOUGH, 80)],
    ids=["shorter stops", "longer stops", "too few", "without limit"],
)
def test_a_threshold_follows_usual_figures_within_bounds(figure: float, count: int, limit: float) -> None:
    found = Limits(usual=history(figure, count)).limit(RULE, "stopped_s", "lane", NOON_MS, factor=1.5)
    assert found.value == pytest.approx(limit, rel=0.16)
    assert (found.base, found.seen) == (20, count)


def test_it_is_that_of_the_hour_and_the_subject() -> None:
    limits = Limits(usual=history(30))
    assert limits.limit(RULE, "stopped_s", "lane", NOON_MS + 3_600_000, factor=1.5).value > 40, (
        "an hour beside it counts"
    )
    assert limits.limit(RULE, "stopped_s", "lane", NOON_MS + 7_200_000, factor=1.5).value == 20
    assert limits.limit(RULE, "stopped_s", "other", NOON_MS, factor=1.5).value == 20


def test_a_stated_threshold_stays_and_says_what_would_be_usual() -> None:
    found = Limits(Thresholds(stopped_s=20), history(30)).limit(RULE, "stopped_s", "lane", NOON_MS, factor=1.5)
    assert found.value == 20
    assert found.usual == pytest.approx(30, rel=0.16)


def test_what_was_usual_long_ago_counts_for_less() -> None:
    usual = history(30, 4 * ENOUGH)
    usual.add(RULE, "lane", NOON_MS + 14 * DAY_MS, 30)
    assert usual.seen(RULE, "lane", NOON_MS) == 2 * ENOUGH + 1
    usual.add(RULE, "lane", NOON_MS + 8000 * DAY_MS, 30)
    assert usual.seen(RULE, "lane", NOON_MS) > 0, "a clock that is years fast forgets not everything"


def test_the_figures_come_back_from_the_disk(tmp_path: Path) -> None:
    files = UsualFiles(tmp_path)
    assert files.read("cam").seen(RULE, "lane", NOON_MS) == 0
    files.write("cam", history(30))
    assert files.read("cam").quantile(RULE, "lane", NOON_MS, 0.98) == history(30).quantile(RULE, "lane", NOON_MS, 0.98)
    (path,) = tmp_path.rglob("*.json")
    assert path.stat().st_mode & 0o77 == 0
    path.write_text("{")
    assert files.read("cam").seen(RULE, "lane", NOON_MS) == 0, "a damaged file is begun anew"


def test_a_cameras_thresholds_replace_those_of_all_one_by_one() -> None:
    common = AlertSettings.model_validate({"off": ["crowd"], "thresholds": {"stopped_s": 30, "swerves": 4}})
    own = CameraAlertSettings.model_validate({"off": ["congestion"], "thresholds": {"swerves": 5}})
    both = common.of_camera(own)
    assert both.off == {"crowd", "congestion"}
    assert (both.thresholds.stopped_s, both.thresholds.swerves, both.thresholds.empty_s) == (30, 5, 120)
    assert both.thresholds.model_fields_set == {"stopped_s", "swerves"}


def test_the_thresholds_in_use_say_where_they_come_from() -> None:
    used = used_thresholds(Limits(Thresholds(crowd_persons=7), history(30)), ROAD, NOON_MS)
    assert [(one.name, one.zone, one.stated) for one in used] == [
        ("stopped_s", "lane", False),
        ("congestion_vehicles", "lane", False),
        ("crowd_persons", "walk", True),
        ("crowd_persons", "yard", True),
        ("empty_s", "", False),
        ("slow_share", "", False),
        ("swerves", "", False),
        ("wrong_way_s", "", False),
        ("on_roadway_s", "", False),
        ("off_roadway_s", "", False),
        ("entered_s", "", False),
    ]
    assert used[0].value == pytest.approx(45, rel=0.16)
    assert (used[2].value, used[4].value, used[4].usual) == (7, 120, None)
