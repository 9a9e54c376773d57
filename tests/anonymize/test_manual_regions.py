"""Manual regions: redacted in addition, or exempted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.anonymize.manual_regions import ManualRegions, Region, read_regions, regions_as_json
from pipeline.anonymize.mask_rendering import FILL, draw_masks
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.residual_detections import hidden_shares
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.domain.redaction import RedactionStyle
from pipeline.domain.video import Planes
from pipeline.errors import ReleaseError

SETTINGS = MaskSettings()
Box = tuple[float, float, float, float]


def video(*boxes: list[tuple[float, float, float, float]]) -> VideoDetections:
    """50 frames of 25 per second; one list of boxes of persons for each."""
    found = [Detections.build(each, [0.9] * len(each), [Label.PERSON] * len(each)) for each in boxes]
    return VideoDetections(np.arange(len(found)) / 25 + 7.0, found, np.zeros(len(found), np.int64), 640, 360)


def test_a_region_is_masked_in_its_span_and_counts_as_no_object() -> None:
    region = Region.model_validate({"from": 0.4, "to": 1.0, "box": (0.1, 0.2, 0.3, 0.5), "why": "a poster"})
    plan = plan_masks(video(*[[]] * 50), SETTINGS, ManualRegions(redact=(region,)))
    masked = [n for n in range(50) if len(plan.at(n))]
    assert masked == list(range(10, 25)), "from 0.4 s on and before 1 s of the clip, though its clock starts at 7 s"
    assert plan.at(12).boxes.tolist() == [pytest.approx([64.0, 72.0, 192.0, 180.0])]
    assert plan.objects == {}


@pytest.mark.parametrize("style", list(RedactionStyle))
def test_every_style_fills_manual_regions(style: RedactionStyle) -> None:
    region = Region(box=(0.1, 0.2, 0.3, 0.5), why="a poster")
    plan = plan_masks(video([]), SETTINGS, ManualRegions(redact=(region,)))
    rng = np.random.default_rng(3)
    planes = Planes(*(rng.integers(0, 255, size, np.uint8) for size in ((360, 640), (180, 320), (180, 320))))
    draw_masks(planes, plan.at(0), style)
    assert np.unique(planes.y[72:180, 64:192]).tolist() == [FILL[0]]
    assert len(np.unique(planes.y[200:300, 64:192])) > 200


def test_a_file_of_regions_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "regions.yaml"
    path.write_text(
        "redact:\n  - {from: 3, to: 7.5, box: [0.1, 0.2, 0.25, 0.6], why: a poster}\n"
        "exempt:\n  - {box: [0, 0, 1, 1], why: a statue}\n"
    )
    regions = read_regions(path)
    assert regions_as_json(regions.redact) == [
        {"from": 3.0, "to": 7.5, "box": (0.1, 0.2, 0.25, 0.6), "why": "a poster"}
    ]
    assert regions.exempt[0].begin_s == 0
    assert Region.model_validate(regions_as_json(regions.exempt)[0]) == regions.exempt[0]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("redact:\n  - {from: 7, to: 3, box: [0, 0, 1, 1], why: x}\n", 2, "to must be later than from"),
        ("redact:\n  - {box: [0.5, 0, 0.2, 1], why: x}\n", 2, "left < right"),
        ("redact:\n  - {box: [10, 20, 30, 40], why: x}\n", 2, "less than or equal to 1"),
        ("redact:\n  - {box: [0, 0, 1, 1]}\n", 2, "why"),
        ("redact:\n  - {from: soon, box: [0, 0, 1, 1], why: x}\n", 2, "from"),
        ("masks: []\n", 1, "masks"),
        ("- 1\n", None, ""),
        ("redact: [\n", 2, ""),
    ],
)
def test_an_invalid_region_is_reported_with_its_line(tmp_path: Path, text: str, line: int | None, words: str) -> None:
    path = tmp_path / "regions.yaml"
    path.write_text(text)
    with pytest.raises(ReleaseError) as raised:
        read_regions(path)
    assert raised.value.subject == (f"{path}:{line}" if line else str(path))
    assert words in raised.value.problem


def lattice(count: int, width: float) -> list[Box]:
    """Boxes in `count` rows and columns, each `width` of its cell."""
    cells = [(x / count, y / count) for x in range(count) for y in range(count)]
    return [(x, y, x + width / count, y + width / count) for x, y in cells]


@pytest.mark.parametrize(
    "boxes",
    [
        [(n / 60, 0.0, (n + 0.2) / 60, 1.0) for n in range(60)],
        [(0.0, n / 60, 1.0, (n + 0.5) / 60) for n in range(60)],
        lattice(10, 0.75),
        [box for n, box in enumerate(lattice(10, 0.95)) if n % 10],
    ],
    ids=["columns", "rows", "dots", "dense"],
)
def test_slits_of_a_pattern_are_redacted_with_it(boxes: list[Box]) -> None:
    regions = ManualRegions(redact=tuple(Region(box=box, why="a wire") for box in boxes))
    plan = plan_masks(video([]), SETTINGS, regions)
    x1, y1 = np.array(boxes)[:, :2].min(axis=0)
    x2, y2 = np.array(boxes)[:, 2:].max(axis=0)
    hull = np.array([(x1 * 640, y1 * 360, x2 * 640, y2 * 360)])
    assert hidden_shares(hull, plan.at(0).boxes) == pytest.approx([1.0])
    assert len(regions.redact) == len(boxes), "the regions themselves stay as they were written"


def test_regions_apart_in_place_or_time_stay_apart() -> None:
    beside = Region(box=(0.1, 0.2, 0.3, 0.5), why="a poster"), Region(box=(0.35, 0.2, 0.5, 0.5), why="a sign")
    assert ManualRegions(redact=beside).redacted == beside
    later = Region.model_validate({"from": 0, "to": 3, "box": (0.1, 0.2, 0.3, 0.5), "why": "a poster"})
    after = Region.model_validate({"from": 3, "to": 5, "box": (0.31, 0.2, 0.5, 0.5), "why": "a poster"})
    assert ManualRegions(redact=(later, after)).redacted == (later, after)
    meeting = ManualRegions(redact=(later, after.model_copy(update={"begin_s": 2.0}))).redacted
    assert [(one.begin_s, one.end_s, one.box) for one in meeting[2:]] == [(2.0, 3.0, (0.3, 0.2, 0.31, 0.5))]


def test_more_regions_at_one_time_than_a_person_draws_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wires.yaml"
    line = "  - {{from: {0}, to: {1}, box: [{2:.4f}, 0, {3:.4f}, 1], why: a wire}}\n"
    path.write_text("redact:\n" + "".join(line.format(0, 9, n / 101, (n + 0.1) / 101) for n in range(101)))
    with pytest.raises(ReleaseError, match="101 regions at one time, and at most 100 may be"):
        read_regions(path)
    path.write_text("redact:\n" + "".join(line.format(n, n + 1, n / 300, (n + 0.1) / 300) for n in range(300)))
    assert len(read_regions(path).redact) == 300


def test_a_missing_or_binary_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="cannot be read"):
        read_regions(tmp_path / "gone.yaml")
    (tmp_path / "bin.yaml").write_bytes(b"\xff\xfe\x00redact")
    with pytest.raises(ReleaseError, match="is not text"):
        read_regions(tmp_path / "bin.yaml")
