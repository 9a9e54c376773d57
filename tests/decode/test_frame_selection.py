"""An overload lowers the rate of a camera evenly, and what it leaves out is counted apart."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from pipeline.decode.frame_sampling import FrameSelection, RateLimit

FPS = 25


def chosen(selection: FrameSelection, begin: int, frames: int) -> tuple[list[float], Counter[str]]:
    """Times of the frames that are analyzed, and how many are left out by reason."""
    times, reasons = [], Counter[str]()
    for number in range(begin, begin + frames):
        reason = selection.why_not(number / FPS, 1 / FPS)
        reasons[reason] += 1
        if not reason:
            times.append(number / FPS)
    return times, reasons


@pytest.mark.parametrize("limit", [0.3, 1.0, 2.5, 4.0, 7.0])
def test_what_a_limit_leaves_is_evenly_spaced(limit: float) -> None:
    rate = RateLimit()
    rate.fps = limit
    times, reasons = chosen(FrameSelection(10, rate), 0, FPS * 60)
    assert len(times) == pytest.approx(60 * limit, abs=2)
    assert reasons["sampled"] == pytest.approx(60 * (FPS - 10), abs=2)
    assert reasons["overload"] == pytest.approx(60 * (10 - limit), abs=3)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert max(gaps) - min(gaps) <= 0.2 + 1e-6, "two intervals of the sampled frames"


def test_the_rate_returns_with_the_next_frame() -> None:
    rate = RateLimit()
    selection = FrameSelection(10, rate)
    rate.fps = 0.5
    assert len(chosen(selection, 0, FPS * 10)[0]) == 5
    rate.fps = 2.0
    assert len(chosen(selection, FPS * 10, FPS * 10)[0]) == pytest.approx(20, abs=1)
    rate.fps = None
    times, reasons = chosen(selection, FPS * 20, FPS * 10)
    assert (len(times), reasons["overload"]) == (100, 0)


def test_a_limit_above_the_wanted_rate_changes_nothing() -> None:
    rate = RateLimit()
    without = chosen(FrameSelection(5, rate), 0, 500)
    rate.fps = 6.0
    assert chosen(FrameSelection(5, rate), 0, 500) == without


def test_frames_that_were_not_decoded_count_as_wanted_only_as_often_as_the_rate_asks() -> None:
    selection = FrameSelection(5, RateLimit())
    reasons = Counter(selection.why_skipped(number / FPS, 1 / FPS) for number in range(FPS * 10))
    assert reasons == {"overload": 50, "sampled": 200}
