"""The report of a redacted video."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np

from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.redaction_masks import MaskPlan, plan_masks
from pipeline.anonymize.release_report import CheckRow, ReportTexts, clock, render_report
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label


class Report(HTMLParser):
    """The content of a report: tags with their attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, tag: str, kind: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag and attrs.get("class") == kind]


def video() -> tuple[MaskPlan, VideoDetections]:
    """Two people for two seconds, one of them in the second half only; a manual region."""
    boxes = [[(100, 100, 140, 200)], [(100, 100, 140, 200), (400, 100, 440, 200)]]
    found = [
        Detections.build(boxes[n // 50], [0.9] * (1 + n // 50), [Label.PERSON] * (1 + n // 50)) for n in range(100)
    ]
    detections = VideoDetections(np.arange(100) / 50, found, np.zeros(100, np.int64), 640, 360)
    manual = ManualRegions(redact=(Region(box=(0, 0, 0.1, 0.1), why="a poster"),))
    return plan_masks(detections, MaskSettings(extend_s=0, still_extend_s=0, edge_extend_s=0), manual), detections


def texts(**changes: object) -> ReportTexts:
    usual: dict[str, object] = {
        "title": "Anonymized release 2026/000001",
        "institution": "<script>alert(1)</script>",
        "facts": [("Recipient", "A & B")],
        "made_with": [],
        "masked": "two",
        "problems": [],
        "checks": [CheckRow("detectors", "none", True), CheckRow("faces", "too few", None)],
        "residual": [],
        "regions": [],
        "limits": ["none"],
    }
    return ReportTexts(**(usual | changes))  # type: ignore[arg-type]


def test_the_timeline_has_a_bar_for_each_masked_object() -> None:
    report = Report(render_report(texts(), *video()))
    bars = [bar for bar in report.of("rect", "person") if bar.get("rx")]
    assert [(bar["x"], bar["width"]) for bar in bars] == [("0.0", "1000.0"), ("505.1", "494.9")]
    assert len({bar["y"] for bar in bars}) == 2


def test_masks_are_rectangles_and_no_resource_is_loaded() -> None:
    text = render_report(texts(), *video())
    report = Report(text)
    assert len([tag for tag, _ in report.tags if tag == "figure"]) == 6
    assert not {tag for tag, _ in report.tags} & {"img", "script", "link", "iframe", "image", "video"}
    assert not [value for _, attrs in report.tags for name, value in attrs.items() if name in {"src", "href"}]
    assert "data:" not in text


def test_entered_texts_are_escaped() -> None:
    report = Report(render_report(texts(), *video()))
    assert "<script>alert(1)</script>" in report.texts
    assert "A & B" in report.texts


def test_the_verdict_follows_from_the_verification() -> None:
    assert "No unredacted person, face or plate was detected" in Report(render_report(texts(), *video())).texts
    assert "Not verified by independent detectors" in Report(render_report(texts(checks=[]), *video())).texts
    failed = Report(render_report(texts(problems=["verification detectors found 2 unredacted objects"]), *video()))
    assert "Must not be released: verification detectors found 2 unredacted objects" in failed.texts
    assert "No unredacted person, face or plate was detected" not in failed.texts


def test_a_video_without_people() -> None:
    empty = VideoDetections(np.zeros(1), [Detections.empty()], np.zeros(1, np.int64), 640, 360)
    report = Report(render_report(texts(), plan_masks(empty, MaskSettings()), empty))
    assert not report.of("rect", "person")
    assert not [tag for tag, _ in report.tags if tag == "figure"]


def test_times_are_minutes_and_seconds() -> None:
    assert [clock(value) for value in (0, 9.96, 61.25, -1)] == ["0:00.0", "0:10.0", "1:01.2", "0:00.0"]


def test_the_worst_frame_comes_first_and_unplated_vehicles_are_listed() -> None:
    rows = [("0:01.0", "0:02.0", "51", "100, 100 to 240, 200")]
    report = Report(render_report(texts(worst_frame=60, unplated=rows), *video()))
    captions = [text for text in report.texts if "(frame " in text]
    assert captions[0] == "0:01.2 (frame 60), most of which is masked"
    assert len(captions) == 7
    assert "Near vehicles without a masked plate" in report.texts
    assert "100, 100 to 240, 200" in report.texts
    assert "Near vehicles without a masked plate" not in Report(render_report(texts(), *video())).texts
