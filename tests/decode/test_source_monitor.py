"""States change as the table says, and what is counted adds up."""

from __future__ import annotations

import itertools

import pytest

from pipeline.decode.ffmpeg_errors import Retry
from pipeline.decode.reconnect_pauses import ReconnectPauses
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_monitor import LEGAL, IllegalTransition, SourceMonitor
from pipeline.domain.ports import SourceState

S = SourceState
PATHS: dict[SourceState, tuple[SourceState, ...]] = {
    S.CONNECTING: (),
    S.STREAMING: (S.STREAMING,),
    S.STALLED: (S.STREAMING, S.STALLED),
    S.BACKING_OFF: (S.BACKING_OFF,),
    S.ENDED: (S.ENDED,),
    S.FAILED: (S.FAILED,),
}


class OwnClock:
    """A clock that the test winds."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def wall_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic_s(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def monitor_in(state: SourceState) -> SourceMonitor:
    monitor = SourceMonitor("cam", OwnClock())
    for step in PATHS[state]:
        monitor.move(step)
    return monitor


@pytest.mark.parametrize(("before", "after"), list(itertools.product(PATHS, S)))
def test_only_legal_transitions_happen(before: SourceState, after: SourceState) -> None:
    monitor = monitor_in(before)
    if after in LEGAL[before]:
        monitor.move(after, "why")
        assert (monitor.status().state, monitor.status().detail) == (after, "why")
    else:
        with pytest.raises(IllegalTransition, match=f"{before} -> {after}"):
            monitor.move(after)
        assert monitor.state is before


def test_final_states_are_final() -> None:
    assert not LEGAL[S.ENDED]
    assert not LEGAL[S.FAILED]
    monitor = monitor_in(S.FAILED)
    monitor.finish(S.ENDED)
    assert monitor.state is S.FAILED


def test_a_frame_ends_a_stall() -> None:
    monitor = SourceMonitor("cam", OwnClock())
    session = monitor.begin_session()
    monitor.decoded(session, 0.0, 640, 360)
    monitor.move(S.STALLED)
    monitor.decoded(session, 3.0, 640, 360)
    status = monitor.status()
    assert (status.state, status.reconnects, status.decoded) == (S.STREAMING, 0, 2)


def test_frames_of_an_abandoned_session_are_ignored() -> None:
    monitor = SourceMonitor("cam", OwnClock())
    old = monitor.begin_session()
    monitor.decoded(old, 0.0, 640, 360)
    monitor.move(S.BACKING_OFF)
    monitor.begin_session()
    monitor.decoded(old, 1.0, 1, 1)
    monitor.dropped(old, "sampled")
    status = monitor.status()
    assert (status.state, status.decoded, status.width, dict(status.drops)) == (S.BACKING_OFF, 1, 640, {})


def test_reconnects_and_rate_are_measured() -> None:
    clock = OwnClock()
    monitor = SourceMonitor("cam", clock)
    for connection in range(3):
        session = monitor.begin_session()
        for _ in range(50):
            clock.now_s += 0.1
            monitor.decoded(session, clock.now_s, 640, 360)
        assert monitor.status().fps == pytest.approx(10.0)
        assert monitor.status().reconnects == connection
        monitor.move(S.BACKING_OFF)
        clock.now_s += 10
        assert monitor.status().fps == 0.0
        monitor.move(S.CONNECTING)


def test_pauses_double_up_to_the_cap_and_restart() -> None:
    settings = DecodeSettings(backoff_initial_s=0.25, backoff_max_s=2.0, backoff_jitter=0.5, refused_pause_s=30)
    backoff = ReconnectPauses(settings, chance=lambda: 0.0)
    assert [backoff.pause_s(Retry.SOON) for _ in range(5)] == [0.25, 0.5, 1.0, 2.0, 2.0]
    assert [backoff.pause_s(Retry.SOON) for _ in range(2000)][-1] == 2.0
    assert backoff.pause_s(Retry.SLOWLY) == 30.0
    backoff.reset()
    assert backoff.pause_s(Retry.SOON) == 0.25
    assert ReconnectPauses(settings, chance=lambda: 1.0).pause_s(Retry.SOON) == 0.125


def test_a_server_without_video_is_retried_less_and_less() -> None:
    settings = DecodeSettings(backoff_initial_s=0.25, backoff_max_s=2.0, backoff_jitter=0.5, refused_pause_s=30)
    backoff = ReconnectPauses(settings, chance=lambda: 0.0)
    pauses = [backoff.pause_s(Retry.EVER_LESS) for _ in range(2000)]
    assert pauses[:15] == [0.25, 0.5, 1.0] + [2.0] * 7 + [4.0, 8.0, 16.0, 30.0, 30.0]
    assert pauses[-1] == 30.0
    assert backoff.pause_s(Retry.SOON) == 2.0  # now it is unreachable, and its return is noticed soon
    assert backoff.pause_s(Retry.EVER_LESS) == 2.0


@pytest.mark.parametrize("wrong", [{"watchdog_s": 9.0, "read_timeout_s": 5.0}, {"backoff_initial_s": 5.0}, {"nope": 1}])
def test_inconsistent_settings_are_rejected(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must not be longer|Extra inputs"):
        DecodeSettings.model_validate(wrong)
