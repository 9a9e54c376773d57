"""Pauses between attempts."""

from __future__ import annotations

from pipeline.domain.backoff import Backoff


def test_pauses_double_up_to_the_limit_and_start_again_after_a_success() -> None:
    backoff = Backoff(0.25, 2.0, chance=lambda: 0.0)
    assert [backoff.pause_s() for _ in range(5)] == [0.25, 0.5, 1.0, 2.0, 2.0]
    assert [backoff.pause_s() for _ in range(5000)][-1] == 2.0
    backoff.reset()
    assert backoff.pause_s() == 0.25


def test_jitter_takes_off_at_most_its_share() -> None:
    assert Backoff(1.0, 8.0, 0.5, chance=lambda: 1.0).pause_s() == 0.5
    pauses = [Backoff(1.0, 8.0).pause_s() for _ in range(200)]
    assert min(pauses) >= 0.5
    assert max(pauses) <= 1.0
    assert len(set(pauses)) > 100


def test_another_pause_counts_as_a_failure_too() -> None:
    backoff = Backoff(1.0, 8.0, chance=lambda: 0.0)
    assert [backoff.pause_s(), backoff.pause_s(30.0), backoff.pause_s()] == [1.0, 30.0, 4.0]
