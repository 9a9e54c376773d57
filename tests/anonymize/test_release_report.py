"""The page of a release."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np

from pipeline.anonymize.manual_regions import Region, Regions
from pipeline.anonymize.redaction_masks import CoverPlan, plan_covers
from pipeline.anonymize.release_report import CheckRow, Texts, clock, render
from pipeline.anonymize.settings import CoverSettings
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label


class Page(HTMLParser):
    """What is in a page: tags with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str, kind: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag and attrs.get("class") == kind]


def video() -> tuple[CoverPlan, Sightings]:
    """Two people for two seconds, one of them in the second half only; a region by hand."""
    boxes = [[(100, 100, 140, 200)], [(100, 100, 140, 200), (400, 100, 440, 200)]]
    found = [
        Detections.build(boxes[n // 50], [0.9] * (1 + n // 50), [Label.PERSON] * (1 + n // 50)) for n in range(100)
    ]
    sightings = Sightings(np.arange(100) / 50, found, np.zeros(100, np.int64), 640, 360)
    by_hand = Regions(cover=(Region(box=(0, 0, 0.1, 0.1), why="a poster"),))
    return plan_covers(sightings, CoverSettings(hold_s=0, still_hold_s=0, edge_hold_s=0), by_hand), sightings


def texts(**changes: object) -> Texts:
    usual: dict[str, object] = {
        "title": "Anonymized release 2026/000001",
        "institution": "<script>alert(1)</script>",
        "facts": [("Recipient", "A & B")],
        "made_with": [],
        "covered": "two",
        "problems": [],
        "checks": [CheckRow("eyes", "nobody", True), CheckRow("faces", "too few", None)],
        "residues": [],
        "by_hand": [],
        "limits": ["none"],
    }
    return Texts(**(usual | changes))  # type: ignore[arg-type]


def test_the_timeline_has_a_bar_for_each_object_where_it_is_covered() -> None:
    page = Page(render(texts(), *video()))
    bars = [bar for bar in page.of("rect", "person") if bar.get("rx")]
    assert [(bar["x"], bar["width"]) for bar in bars] == [("0.0", "1000.0"), ("505.1", "494.9")]
    assert len({bar["y"] for bar in bars}) == 2


def test_masks_are_rectangles_and_nothing_is_loaded() -> None:
    text = render(texts(), *video())
    page = Page(text)
    assert len([tag for tag, _ in page.tags if tag == "figure"]) == 6
    assert not {tag for tag, _ in page.tags} & {"img", "script", "link", "iframe", "image", "video"}
    assert not [value for _, attrs in page.tags for name, value in attrs.items() if name in {"src", "href"}]
    assert "data:" not in text


def test_what_people_wrote_is_text_and_never_code() -> None:
    page = Page(render(texts(), *video()))
    assert "<script>alert(1)</script>" in page.words
    assert "A & B" in page.words


def test_the_verdict_is_what_was_found() -> None:
    assert "The checking detector saw nobody uncovered" in Page(render(texts(), *video())).words
    assert "Not checked by other detectors" in Page(render(texts(checks=[]), *video())).words
    failed = Page(render(texts(problems=["others still see 2 uncovered objects"]), *video()))
    assert "Must not leave: others still see 2 uncovered objects" in failed.words
    assert "The checking detector saw nobody uncovered" not in failed.words


def test_a_video_in_which_nobody_is() -> None:
    nobody = Sightings(np.zeros(1), [Detections.empty()], np.zeros(1, np.int64), 640, 360)
    page = Page(render(texts(), plan_covers(nobody, CoverSettings()), nobody))
    assert not page.of("rect", "person")
    assert not [tag for tag, _ in page.tags if tag == "figure"]


def test_times_are_minutes_and_seconds() -> None:
    assert [clock(value) for value in (0, 9.96, 61.25, -1)] == ["0:00.0", "0:10.0", "1:01.2", "0:00.0"]
