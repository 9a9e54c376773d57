"""One frame in a hundred decides whether one view of a video's frames suffices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.detect.image_region import WholeImage
from pipeline.detect.image_views import NegativeImage, TurnedImage
from pipeline.detect.view_probe import BLOCK_FRAMES, Doubt, DoubtfulSpan, ViewProbe
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label
from tests.detect.images import plain

STREET = plain(64, 36)
GRAINY = WholeImage(np.random.default_rng(1).integers(0, 255, (36, 64, 3), dtype=np.uint8))
NOTHING = Detections.empty()


def people(count: int, score: float = 0.9, label: Label = Label.PERSON) -> Detections:
    return Detections.build([(10 * n, 5, 10 * n + 8, 30) for n in range(count)], [score] * count, [label] * count)


class Search:
    """Finds people in some views, and counts its calls."""

    def __init__(self, finds: Callable[[Image], Detections]) -> None:
        self._finds = finds
        self.calls = 0

    def __call__(self, view: Image) -> Detections:
        self.calls += 1
        return self._finds(view)


def turned(turns: int, found: Detections) -> Callable[[Image], Detections]:
    return lambda view: found if isinstance(view, TurnedImage) and view.turns == turns else NOTHING


def spans(search: Search, upright: Detections, frames: int = 20, image: WholeImage = STREET) -> list[DoubtfulSpan]:
    probe = ViewProbe(search)
    for _ in range(frames):
        probe.add(image, upright, 0)
    return probe.doubtful_spans()


def test_a_video_that_shows_more_when_turned_is_doubtful_throughout() -> None:
    assert spans(Search(turned(1, people(5))), people(1)) == [DoubtfulSpan(0, 19, Doubt.TURNED_90)]
    assert spans(Search(turned(3, people(5))), NOTHING) == [DoubtfulSpan(0, 19, Doubt.TURNED_270)]


def test_an_upright_video_is_not_doubtful_and_costs_four_searches_in_a_hundred_frames() -> None:
    search = Search(turned(2, people(2)))
    assert spans(search, people(5), frames=3 * BLOCK_FRAMES) == []
    assert search.calls == 12


def test_a_video_that_shows_more_as_a_negative_is_doubtful() -> None:
    negative = Search(lambda view: people(5) if isinstance(view, NegativeImage) else NOTHING)
    assert spans(negative, people(1)) == [DoubtfulSpan(0, 19, Doubt.NEGATIVE)]


def test_faces_and_plates_in_turned_textures_raise_no_doubt() -> None:
    for label in (Label.FACE, Label.PLATE):
        assert spans(Search(turned(2, people(5, label=label))), NOTHING) == []


def test_rain_is_doubtful_where_more_is_seen_without_it_and_where_nothing_is_seen_at_all() -> None:
    without = Search(lambda view: NOTHING if isinstance(view, TurnedImage) else people(3))
    assert spans(without, people(1), image=GRAINY) == [DoubtfulSpan(0, 19, Doubt.STREAKS)]
    assert spans(Search(turned(0, NOTHING)), NOTHING, image=GRAINY) == [DoubtfulSpan(0, 19, Doubt.STREAKS)]
    assert spans(without, people(3), image=GRAINY) == [], "a noisy night in which people are seen"


def test_frames_that_show_nothing_in_any_view_are_as_doubtful_as_those_around_them() -> None:
    probe = ViewProbe(turned(1, people(4)))
    empty = plain(64, 36, 0)
    blind = ViewProbe(turned(0, NOTHING))
    for number in range(3 * BLOCK_FRAMES):
        probe.add(STREET, people(1) if number // BLOCK_FRAMES == 1 else NOTHING, 0)
        blind.add(empty, NOTHING, 0)
    assert probe.doubtful_spans() == [DoubtfulSpan(0, 3 * BLOCK_FRAMES - 1, Doubt.TURNED_90)]
    assert blind.doubtful_spans() == []


def test_each_scene_is_probed_in_its_frame_with_the_most_evidence() -> None:
    best = plain(64, 36, 50)

    def finds(view: Image) -> Detections:
        sideways = isinstance(view, TurnedImage) and view.turns == 1 and view.parent is best
        return people(5) if sideways else NOTHING

    probe = ViewProbe(finds)
    for number in range(60):
        sideways = number >= 30
        image = best if number == 41 else STREET
        faint = people(1, 0.2) if number == 41 else NOTHING
        probe.add(image, faint if sideways else people(3), int(sideways))
    assert probe.doubtful_spans() == [DoubtfulSpan(30, 59, Doubt.TURNED_90)]
