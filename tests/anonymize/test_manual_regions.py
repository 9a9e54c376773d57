"""Places marked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.anonymize.manual_regions import Region, Regions, as_rows, read_regions
from pipeline.anonymize.mask_rendering import FILL, obscure
from pipeline.anonymize.redaction_masks import plan_covers
from pipeline.anonymize.residual_detections import residues
from pipeline.anonymize.settings import CoverSettings, Look
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.domain.video import Planes
from pipeline.errors import ReleaseError

SETTINGS = CoverSettings()
STATUE = (500.0, 100.0, 540.0, 200.0)
AROUND = Region(box=(0.7, 0.1, 0.95, 0.9), why="a statue")


def video(*boxes: list[tuple[float, float, float, float]]) -> Sightings:
    """50 frames of 25 per second; one list of boxes of persons for each."""
    found = [Detections.build(each, [0.9] * len(each), [Label.PERSON] * len(each)) for each in boxes]
    return Sightings(np.arange(len(found)) / 25 + 7.0, found, np.zeros(len(found), np.int64), 640, 360)


def test_a_region_is_covered_in_its_time_and_counted_as_nobody() -> None:
    region = Region.model_validate({"from": 0.4, "to": 1.0, "box": (0.1, 0.2, 0.3, 0.5), "why": "a poster"})
    plan = plan_covers(video(*[[]] * 50), SETTINGS, Regions(cover=(region,)))
    covered = [n for n in range(50) if len(plan.of(n))]
    assert covered == list(range(10, 25)), "from 0.4 s on and before 1 s of the clip, though its clock starts at 7 s"
    assert plan.of(12).boxes.tolist() == [pytest.approx([64.0, 72.0, 192.0, 180.0])]
    assert plan.objects == {}


@pytest.mark.parametrize("look", list(Look))
def test_every_look_fills_what_was_marked_by_hand(look: Look) -> None:
    region = Region(box=(0.1, 0.2, 0.3, 0.5), why="a poster")
    plan = plan_covers(video([]), SETTINGS, Regions(cover=(region,)))
    rng = np.random.default_rng(3)
    planes = Planes(*(rng.integers(0, 255, size, np.uint8) for size in ((360, 640), (180, 320), (180, 320))))
    obscure(planes, plan.of(0), look)
    assert np.unique(planes.y[72:180, 64:192]).tolist() == [FILL[0]]
    assert len(np.unique(planes.y[200:300, 64:192])) > 200


def test_who_lies_in_a_freed_place_all_the_time_is_left_bare() -> None:
    plan = plan_covers(video(*[[STATUE]] * 50), SETTINGS, Regions(uncover=(AROUND,)))
    assert not any(len(plan.of(n)) for n in range(50))
    assert plan.objects == {}


def test_who_only_passes_a_freed_place_is_covered_there_too() -> None:
    passing = [[(40.0 + 11 * n, 100.0, 80.0 + 11 * n, 200.0)] for n in range(50)]
    plan = plan_covers(video(*passing), SETTINGS, Regions(uncover=(AROUND,)))
    inside = [n for n in range(50) if 500 <= 40 + 11 * n <= 540]
    assert inside
    for n in inside:
        boxes, (left, _, right, _) = plan.of(n).boxes, passing[n][0]
        assert ((boxes[:, 0] <= left) & (boxes[:, 2] >= right)).any(), n


def test_a_freed_place_holds_for_its_time_only() -> None:
    half = AROUND.model_copy(update={"end_s": 1.0})
    plan = plan_covers(video(*[[STATUE]] * 50), SETTINGS, Regions(uncover=(half,)))
    assert all(len(plan.of(n)) for n in range(50)), "it is covered when somebody may come to stand there"


def test_the_eyes_do_not_complain_of_what_two_persons_agreed_on() -> None:
    seen = video(*[[STATUE, (40, 100, 80, 200)]] * 50)
    plan = plan_covers(video(*[[]] * 50), SETTINGS)
    found = residues(seen, plan, sure=0.4, least_frames=3, freed=(AROUND,))
    assert [each.box for each in found] == [pytest.approx((40, 100, 80, 200))]
    early = AROUND.model_copy(update={"end_s": 1.0})
    assert len(residues(seen, plan, sure=0.4, least_frames=3, freed=(early,))) == 2, "they agreed on its first second"


def test_a_file_of_regions_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "regions.yaml"
    path.write_text(
        "cover:\n  - {from: 3, to: 7.5, box: [0.1, 0.2, 0.25, 0.6], why: a poster}\n"
        "uncover:\n  - {box: [0, 0, 1, 1], why: a statue}\n"
    )
    regions = read_regions(path)
    assert as_rows(regions.cover) == [{"from": 3.0, "to": 7.5, "box": (0.1, 0.2, 0.25, 0.6), "why": "a poster"}]
    assert regions.uncover[0].begin_s == 0
    assert Region.model_validate(as_rows(regions.uncover)[0]) == regions.uncover[0]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("cover:\n  - {from: 7, to: 3, box: [0, 0, 1, 1], why: x}\n", 2, "to must be later than from"),
        ("cover:\n  - {box: [0.5, 0, 0.2, 1], why: x}\n", 2, "left < right"),
        ("cover:\n  - {box: [10, 20, 30, 40], why: x}\n", 2, "less than or equal to 1"),
        ("cover:\n  - {box: [0, 0, 1, 1]}\n", 2, "why"),
        ("cover:\n  - {from: soon, box: [0, 0, 1, 1], why: x}\n", 2, "from"),
        ("covers: []\n", 1, "covers"),
        ("- 1\n", None, ""),
        ("cover: [\n", 2, ""),
    ],
)
def test_nonsense_is_named_with_its_line(tmp_path: Path, text: str, line: int | None, words: str) -> None:
    path = tmp_path / "regions.yaml"
    path.write_text(text)
    with pytest.raises(ReleaseError) as trouble:
        read_regions(path)
    assert trouble.value.subject == (f"{path}:{line}" if line else str(path))
    assert words in trouble.value.problem


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="cannot be read"):
        read_regions(tmp_path / "gone.yaml")
    (tmp_path / "bin.yaml").write_bytes(b"\xff\xfe\x00cover")
    with pytest.raises(ReleaseError, match="is no text"):
        read_regions(tmp_path / "bin.yaml")
