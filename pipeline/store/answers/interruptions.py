"""Interruptions of cameras: from the states that were reported, and from the life signs of those that streamed.

A recorded video sends no life signs: its begin and its end are reported, in its own time.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

import msgspec

from pipeline.domain.events import LIFE_SIGN, LIFE_SIGN_MS, VIDEO_BEGINS, VIDEO_ENDS
from pipeline.domain.ports import SourceState
from pipeline.domain.times import MINUTE_MS
from pipeline.policy.event_texts import bounded_detail
from pipeline.store.answers.recorded_videos import RecordedVideo, recorded_videos
from pipeline.store.answers.sql_fragments import Rows, in_range, in_statements, is_one_of, where
from pipeline.store.coverage_questions import NO_LIFE_SIGN, NOT_FINISHED, NOT_KNOWN, CoverageOf, Interruption

MOST_STATES: Final = 50_000
"""Changes of state that are read; a city of 1,000 cameras has some 10,000 in a week."""
_STREAMING: Final = SourceState.STREAMING.value
_LIMITED: Final = (
    SourceState.OVERLOADED.value,
    SourceState.LOW_RATE.value,
    SourceState.UNUSABLE.value,
    SourceState.VIEW_UNCONFIRMED.value,
)
"""States of a camera that streams while frames are missing from its analysis, or show nothing."""
_WITH_SIGNS: Final = (_STREAMING, *_LIMITED)
_PROVEN_MS: Final = LIFE_SIGN_MS + MINUTE_MS
"""A life sign proves this time after it: the next one, and a minute on its way into the store."""

_STATES: Final = (
    "SELECT camera_id, ts_ms, state, detail, stream_id FROM health {where}ORDER BY ts_ms, event_id LIMIT {limit:d}"
)
_STATES_BEFORE: Final = (
    "SELECT camera_id, max(ts_ms) AS last_ms, argMax(state, ts_ms) AS last_state, "
    "argMax(detail, ts_ms) AS last_detail, argMax(stream_id, ts_ms) AS last_stream "
    "FROM health {where}GROUP BY camera_id"
)
# Only the places where signs are missing leave the database: a camera sends 288 a day. A restart is one, however soon
# the next sign comes.
_SIGNS: Final = (
    "SELECT camera_id, first_sign_ms, times[1] AS first_ms, times[-1] AS last_ms, "
    "arrayFilter((time, step, cut) -> step > {proven_ms:d} OR cut, times, arrayDifference(times), cuts) AS resumed_ms, "
    "arrayFilter((step, cut) -> step > {proven_ms:d} OR cut, arrayDifference(times), cuts) AS missing_ms FROM "
    "(SELECT camera_id, arraySort(groupArray((ts_ms, toUInt8({restart})))) AS points, "
    "arrayMap(point -> point.1, points) AS times, arrayMap(point -> point.2, points) AS cuts, "
    "minIf(ts_ms, {sign}) AS first_sign_ms FROM health {where}GROUP BY camera_id)"
)
_FIRST_SIGNS: Final = "SELECT camera_id, min(ts_ms) AS first_ms FROM health {where}GROUP BY camera_id"
_NO_SIGN: Final = f"detail NOT IN ('{LIFE_SIGN}', '{VIDEO_BEGINS}', '{VIDEO_ENDS}')"
_SIGN: Final = f"detail = '{LIFE_SIGN}'"
_RESTART: Final = f"state = '{SourceState.CONNECTING.value}' AND stream_id = '' AND {_NO_SIGN}"
"""A source that never had a stream, in its process."""


@dataclass(frozen=True, slots=True)
class _State:
    """A state of a camera from `ts_ms` on, milliseconds since 1970 UTC.

    `stream_id`: of the session; `recorded`: of a video, which is complete up to its end.
    """

    camera_id: str
    ts_ms: int
    state: str
    detail: str
    stream_id: str = ""
    recorded: bool = False

    @property
    def restarted(self) -> bool:
        """Whether it is that of a source that just began."""
        return self.state == SourceState.CONNECTING.value and not self.stream_id


@dataclass(frozen=True, slots=True)
class _Signs:
    """First and last life sign of each time without a gap or restart, in order, and the first one of all."""

    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    first_ms: int = 0

    def between(self, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """The times with life signs from `start_ms` to before `end_ms`, cut to it."""
        first, last = bisect_left(self.lasts, start_ms), bisect_left(self.firsts, end_ms)
        found = zip(self.firsts[first:last], self.lasts[first:last], strict=True)
        return [(max(begin_ms, start_ms), min(stop_ms, end_ms)) for begin_ms, stop_ms in found]

    def any_before(self, ms: int) -> bool:
        """Whether there is one up to this time."""
        return 0 < self.first_ms <= ms


def interruptions(rows: Rows, question: CoverageOf) -> tuple[list[Interruption], bool]:
    """The interruptions in the range, oldest first, and whether there are more than are listed.

    Raises:
        StoreError: the database failed.
    """
    changes, more = _changes(rows, question)
    signs = _signs(rows, question) if any(change.state in _WITH_SIGNS for change in changes) else {}
    videos = recorded_videos(rows, question.camera_ids, question.end_ms)
    streams = {(camera_id, video.stream_id) for camera_id, of_one in videos.items() for video in of_one}
    changes = [change for change in changes if (change.camera_id, change.stream_id) not in streams]
    for camera_id, of_one in videos.items():
        changes += _of_videos(camera_id, of_one)
    of_camera: dict[str, list[_State]] = {}
    for change in sorted(changes, key=lambda change: change.ts_ms):
        of_camera.setdefault(change.camera_id, []).append(change)
    found: list[Interruption] = []
    for camera_id, states in of_camera.items():
        found += _of_camera(states, signs.get(camera_id, _Signs()), question)
    found = _with_earlier_signs(rows, found)
    found.sort(key=lambda one: (one.start_ms, one.camera_id))
    return found, more


def _with_earlier_signs(rows: Rows, found: list[Interruption]) -> list[Interruption]:
    """The interruptions; a camera that sent life signs at any time before the range sends them, and has stopped."""
    unknown = sorted({one.camera_id for one in found if one.state == NOT_KNOWN})
    firsts: dict[str, int] = {}
    for group in in_statements(unknown):
        conditions = where([is_one_of("camera_id", group), _SIGN])
        firsts |= {row["camera_id"]: int(row["first_ms"]) for row in rows(_FIRST_SIGNS.format(where=conditions))}
    return [
        msgspec.structs.replace(one, state=NO_LIFE_SIGN)
        if one.state == NOT_KNOWN and firsts.get(one.camera_id, one.start_ms + 1) <= one.start_ms
        else one
        for one in found
    ]


def _changes(rows: Rows, question: CoverageOf) -> tuple[list[_State], bool]:
    """States of the cameras in the range, and the last one of each before it, oldest first per camera."""
    found = []
    if question.start_ms is not None:
        before = in_range(None, question.start_ms, question.camera_ids)
        found = [
            _State(row["camera_id"], int(row["last_ms"]), row["last_state"], row["last_detail"], row["last_stream"])
            for row in rows(_STATES_BEFORE.format(where=where([*before, _NO_SIGN])))
        ]
    within = [*in_range(question.start_ms, question.end_ms, question.camera_ids), _NO_SIGN]
    changed = rows(_STATES.format(where=where(within), limit=MOST_STATES))
    for row in changed:
        found.append(_State(row["camera_id"], int(row["ts_ms"]), row["state"], row["detail"], row["stream_id"]))
    return found, len(changed) >= MOST_STATES


def _of_videos(camera_id: str, videos: list[RecordedVideo]) -> list[_State]:
    """The states of one camera, from its videos in any order; where videos overlap, one may end before the other."""
    states: list[_State] = []
    analyzed_to_ms = 0
    for video in sorted(videos, key=lambda one: one.begin_ms):
        state, detail = video.end_state or NOT_FINISHED, video.end_detail
        if states and states[-1].ts_ms > video.begin_ms:
            if states.pop().state == NOT_FINISHED:
                state, detail = NOT_FINISHED, ""
        elif video.end_state:
            states.append(_State(camera_id, video.begin_ms, _STREAMING, "", recorded=True))
        analyzed_to_ms = max(analyzed_to_ms, video.end_ms)
        states.append(_State(camera_id, analyzed_to_ms, state, detail))
    return states


def _signs(rows: Rows, question: CoverageOf) -> dict[str, _Signs]:
    """Life signs in the range and shortly before and after it."""
    start_ms = None if question.start_ms is None else question.start_ms - _PROVEN_MS
    end_ms = None if question.end_ms is None else question.end_ms + _PROVEN_MS
    conditions = where([*in_range(start_ms, end_ms, question.camera_ids), f"{_SIGN} OR ({_RESTART})"])
    found = {}
    for row in rows(_SIGNS.format(where=conditions, proven_ms=_PROVEN_MS, sign=_SIGN, restart=_RESTART)):
        resumed = [int(ms) for ms in row["resumed_ms"]]
        stopped = [ms - int(gap_ms) for ms, gap_ms in zip(resumed, row["missing_ms"], strict=True)]
        found[row["camera_id"]] = _Signs(
            [int(row["first_ms"]), *resumed], [*stopped, int(row["last_ms"])], int(row["first_sign_ms"])
        )
    return found


def _of_camera(states: list[_State], signs: _Signs, question: CoverageOf) -> list[Interruption]:
    """The interruptions of one camera, from its states in order."""
    found: list[Interruption] = []
    begun: _State | None = None
    for number, state in enumerate(states):
        if begun is not None and state.state != begun.state:
            found += _ended(begun, states[number - 1], state, signs, question)
            begun = None
        if state.state != _STREAMING:
            begun = begun or state
            continue
        following = states[number + 1] if number + 1 < len(states) else None
        found += _unproven(state, following, signs, question)
    if begun is not None:
        found += _ended(begun, states[-1], None, signs, question)
    return [one for one in found if one.end_ms is None or one.end_ms > one.start_ms]


def _ended(
    begun: _State, last: _State, following: _State | None, signs: _Signs, question: CoverageOf
) -> list[Interruption]:
    """The interruption from `begun` on, repeated up to `last`. A camera streams only while it sends signs."""
    end_ms = question.end_ms if following is None else following.ts_ms
    silent = _unproven(last, following, signs, question) if begun.state in _LIMITED else []
    if silent and silent[-1].end_ms == end_ms:
        return [_interruption(begun, silent[-1].start_ms, question), silent[-1]]
    return [_interruption(begun, end_ms, question)]


def _unproven(state: _State, following: _State | None, signs: _Signs, question: CoverageOf) -> list[Interruption]:
    """Times within the range in which nothing shows that a camera went on streaming."""
    stop_ms = question.end_ms if following is None else following.ts_ms
    if stop_ms is None or state.recorded:
        return []
    times = signs.between(state.ts_ms, stop_ms + (_PROVEN_MS if following is None else 0))
    known_until_ms, found = state.ts_ms, []
    for first_ms, last_ms in [*times, (stop_ms, stop_ms)]:
        killed = first_ms == stop_ms and following is not None and following.restarted
        start_ms, end_ms = max(known_until_ms, question.start_ms or 0), min(first_ms, stop_ms)
        if start_ms < end_ms and (killed or first_ms - known_until_ms > _PROVEN_MS):
            reason = NO_LIFE_SIGN if killed or signs.any_before(stop_ms) else NOT_KNOWN
            found.append(
                Interruption(camera_id=state.camera_id, state=reason, detail="", start_ms=start_ms, end_ms=end_ms)
            )
        known_until_ms = max(known_until_ms, last_ms)
    return found


def _interruption(begun: _State, end_ms: int | None, question: CoverageOf) -> Interruption:
    return Interruption(
        camera_id=begun.camera_id,
        state=begun.state,
        detail=bounded_detail(begun.detail, begun.camera_id),
        start_ms=max(begun.ts_ms, question.start_ms or 0),
        end_ms=end_ms,
    )
