"""A clock that jumps forward is not trusted before a person confirms it, or it is set right."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.storage.trusted_clock import LONGEST_PAUSE_MS, TrustedClock, TrustedTime

DAY = 86_400_000
NOW = 1_790_000_000_000


@pytest.fixture
def clock(tmp_path: Path) -> TrustedClock:
    made = TrustedClock(tmp_path / "retention.json")
    assert made.advance(NOW, None, never) == TrustedTime(NOW)
    return made


def never(_: int) -> bool:
    return False


def more(_: int) -> bool:
    return True


def test_a_usual_pause_is_trusted_and_remembered(clock: TrustedClock) -> None:
    later = NOW + LONGEST_PAUSE_MS
    assert clock.advance(later, None, more) == TrustedTime(later)
    assert clock.advance(later + DAY, None, more) == TrustedTime(later + DAY)


def test_a_jump_that_deletes_more_is_held_while_time_passes(clock: TrustedClock) -> None:
    jumped = NOW + 30 * DAY
    assert clock.advance(jumped, None, more) == TrustedTime(NOW, jumped)
    assert clock.advance(jumped + DAY, jumped, never) == TrustedTime(NOW + DAY, jumped), (
        "data written since prove nothing"
    )


def test_a_jump_that_deletes_nothing_more_is_trusted(clock: TrustedClock) -> None:
    assert clock.advance(NOW + 30 * DAY, None, never) == TrustedTime(NOW + 30 * DAY)


def test_a_person_confirms_it(clock: TrustedClock) -> None:
    jumped = NOW + 30 * DAY
    clock.advance(jumped, None, more)
    clock.confirm(jumped)
    assert clock.advance(jumped, None, more) == TrustedTime(jumped)


def test_a_clock_that_is_set_right_is_trusted_again(clock: TrustedClock) -> None:
    clock.advance(NOW + 30 * DAY, None, more)
    assert clock.advance(NOW + DAY, None, more) == TrustedTime(NOW + DAY)
    assert clock.advance(NOW + 2 * DAY, None, more) == TrustedTime(NOW + 2 * DAY)


def test_the_first_time_goes_by_what_was_written(tmp_path: Path) -> None:
    clock = TrustedClock(tmp_path / "retention.json")
    assert clock.check(NOW, NOW - DAY, more) == TrustedTime(NOW)
    assert clock.check(NOW, NOW - 30 * DAY, more) == TrustedTime(NOW - 30 * DAY, NOW)
    assert not (tmp_path / "retention.json").exists(), "a check changes nothing"


def test_a_damaged_file_is_none(clock: TrustedClock, tmp_path: Path) -> None:
    (tmp_path / "retention.json").write_text("{")
    assert clock.check(NOW, NOW - 30 * DAY, more) == TrustedTime(NOW - 30 * DAY, NOW)
