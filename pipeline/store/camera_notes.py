"""Notes on cameras: plates that are never read or withheld, interruptions, cameras without events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from pipeline.domain.events import ENGINE_ID, LIFE_SIGN_MS, VIDEO_BEGINS, AlertRule, Kind
from pipeline.domain.language import ENGLISH, Language
from pipeline.domain.ports import SourceState
from pipeline.domain.times import MINUTE_MS, format_duration
from pipeline.policy.scope import LEAST_COUNT, why_no_plates
from pipeline.store.annotated_answer import AnswerContext, Ask, first_of
from pipeline.store.answer import Note, NoteCode
from pipeline.store.coverage_questions import (
    NO_LIFE_SIGN,
    NOT_FINISHED,
    NOT_KNOWN,
    ActiveCameras,
    Coverage,
    Interruption,
    LossAlert,
)
from pipeline.store.details_portuguese import portuguese_detail
from pipeline.store.query_guard import NOT_DECLARED
from pipeline.store.questions import (
    CameraSummary,
    Clones,
    Convoy,
    Plates,
    RangedQuestion,
    ReadsByVehicle,
    Route,
    Withheld,
    WithheldReads,
)

OF_PLATES: Final = (Plates, Convoy, Route, Clones, ReadsByVehicle)
"""Questions about plate reads."""
_PERCENT: Final = re.compile(r"(?<=\d) %")
"""Details of earlier versions have a blank there."""
SHORTEST_MS: Final = 1_000
"""Shorter interruptions are not mentioned."""
_NO_VIDEO: Final = "{camera} delivered no video for {time}{times} within this time range"
_PHRASES: Final = {
    SourceState.ENDED.value: "{camera} was not running, or its events have not reached the store, for {time}{times} "
    "within this time range",
    SourceState.FAILED.value: "{camera} failed for {time}{times} within this time range",
    SourceState.NOT_PERMITTED.value: "{camera} was not permitted to run for {time}{times} within this time range",
    SourceState.OVERLOADED.value: "{camera} had frames dropped, because the machine was overloaded, for {time}{times} "
    "within this time range",
    SourceState.LOW_RATE.value: "fewer frames of {camera} were analyzed than configured, for {time}{times} within this "
    "time range",
    SourceState.UNUSABLE.value: "{camera} showed nothing usable for {time}{times} within this time range",
    SourceState.VIEW_UNCONFIRMED.value: "{camera} was not analyzed, because its view had moved, for {time}{times} "
    "within this time range",
    NO_LIFE_SIGN: "{camera} sent no life sign for {time}{times} within this time range",
    NOT_FINISHED: "recorded video of {camera} is not analyzed to its end: events of {time}{times} within this time "
    "range may be missing",
    NOT_KNOWN: "{camera} may have been interrupted for {time}{times} within this time range: no life signs are stored",
}
_NO_VIDEO_OF_SEVERAL: Final = "{cameras} delivered no video within this time range: {names}"
_PHRASES_OF_SEVERAL: Final = {
    SourceState.ENDED.value: "{cameras} were not running, or their events have not reached the store, within this time "
    "range: {names}",
    SourceState.FAILED.value: "{cameras} failed within this time range: {names}",
    SourceState.NOT_PERMITTED.value: "{cameras} were not permitted to run within this time range: {names}",
    SourceState.OVERLOADED.value: "{cameras} had frames dropped, because the machine was overloaded, within this time "
    "range: {names}",
    SourceState.LOW_RATE.value: "fewer frames of {cameras} were analyzed than configured within this time range: "
    "{names}",
    SourceState.UNUSABLE.value: "{cameras} showed nothing usable within this time range: {names}",
    SourceState.VIEW_UNCONFIRMED.value: "{cameras} were not analyzed, because their views had moved, within this time "
    "range: {names}",
    NO_LIFE_SIGN: "{cameras} sent no life sign within this time range: {names}",
    NOT_FINISHED: "recorded video of {cameras} is not analyzed to its end, so events within this time range may be "
    "missing: {names}",
    NOT_KNOWN: "{cameras} may have been interrupted within this time range, and no life signs are stored: {names}",
}
_WITH_SIGNS: Final = (
    SourceState.STREAMING.value,
    SourceState.OVERLOADED.value,
    SourceState.LOW_RATE.value,
    SourceState.UNUSABLE.value,
    SourceState.VIEW_UNCONFIRMED.value,
)
"""States in which a camera sends life signs."""
_CODES: Final = {
    SourceState.OVERLOADED.value: NoteCode.OVERLOADED,
    SourceState.LOW_RATE.value: NoteCode.LOW_RATE,
    SourceState.UNUSABLE.value: NoteCode.UNUSABLE,
    NOT_KNOWN: NoteCode.NOT_KNOWN,
}
_LOSSES: Final = {
    AlertRule.EVENTS_LOST.value: "events were lost on their way to the event store, {details}",
    AlertRule.EVENTS_REFUSED.value: "events were refused by the event store, {details}",
    AlertRule.EVENTS_REFUSED_BY_POLICY.value: "events were refused by policy, {details}",
    AlertRule.CLOCK_WRONG.value: "events were refused because their time was in the future, {details}",
    AlertRule.SCENE_CONFLICT.value: "plate reads were refused because another camera showed the same scene, {details}",
}
_NONE_WITHHELD: Final = (
    "the data folder has no current declarations of cameras, so all plates are withheld: copy its folder declarations, "
    "or name the configuration"
)
_ONLY_CONFIGURED: Final = (
    "the data folder has no current declarations of cameras, so only the configuration decides: copy its folder "
    "declarations too"
)


def never_sent(cameras: Sequence[str], noun: str, language: Language) -> Note:
    """Cameras of which the store has no event at all, so that nothing is known of what passed there.

    Args:
        cameras: their ids, sorted; noun: for one of them; language: of the note.
    """
    text = language.text(
        "{cameras} never sent an event: {names}",
        cameras=language.counted(len(cameras), noun),
        names=first_of(cameras, "further camera", language, ", "),
    )
    return Note(code=NoteCode.SILENT, text=text, limits=True, items=tuple(cameras))


def cameras_without_plates(
    question: RangedQuestion[Any], context: AnswerContext, rows: Sequence[Any]
) -> Iterator[Note]:
    """Cameras whose plates are never read, where they were asked for or nothing was found."""
    if not isinstance(question, OF_PLATES) or context.cameras is None:
        return
    named = bool(question.camera_ids)
    asked = question.camera_ids or tuple(context.cameras)
    reasons = {
        camera_id: reason
        for camera_id in asked
        if (camera := context.cameras.get(camera_id)) is not None
        and (reason := why_no_plates(camera, context.language))
    }
    if not reasons or (rows and not named):
        return
    language = context.language
    text = language.text(
        "plates are never read by {cameras}: {reasons}",
        cameras=language.counted(len(reasons), "camera"),
        reasons=first_of(
            [f"{_names(those, language)}: {why}" for why, those in _by_value(reasons).items()],
            "further reason",
            language,
            "; ",
        ),
    )
    limits = named or len(reasons) == len(asked)
    yield Note(code=NoteCode.NO_PLATES, text=text, limits=limits, items=tuple(reasons))


def undeclared(context: AnswerContext) -> Iterator[Note]:
    """A store without declarations of its cameras, such as a copied one, cannot say which plates to withhold."""
    if context.undeclared:
        text = context.language.text(_NONE_WITHHELD if context.cameras is None else _ONLY_CONFIGURED)
        yield Note(code=NoteCode.UNDECLARED, text=text)


def withheld(ask: Ask, question: RangedQuestion[Any], context: AnswerContext) -> Iterator[Note]:
    """Reads that are stored and in no answer. The number is of all vehicles: of one it would reveal its place."""
    of = Withheld(start_ms=question.start_ms, end_ms=question.end_ms, camera_ids=question.camera_ids)
    found: list[WithheldReads] = ask(of)
    if found:
        language = context.language
        reads = {one.camera_id: one.reads for one in found}
        shown = [
            language.text(
                "{camera}: {reads} of all vehicles, {reason}",
                camera=_names(those, language),
                reads=_number([reads[camera_id] for camera_id in those], language),
                reason=reason,
            )
            for reason, those in _by_value({one.camera_id: _reason(one, context) for one in found}).items()
        ]
        cameras = first_of(shown, "further reason", language, "; ")
        text = language.text("stored reads are withheld: {cameras}", cameras=cameras)
        yield Note(code=NoteCode.WITHHELD, text=text, limits=True, items=tuple(one.camera_id for one in found))


def _number(reads: Sequence[int | None], language: Language) -> str:
    """The number of reads; without it where it is not reported."""
    known = [number for number in reads if number is not None]
    return language.counted(sum(known), "read") if len(known) == len(reads) else language.text("reads")


def small_counts(question: RangedQuestion[Any], context: AnswerContext, kinds: Sequence[Kind]) -> Iterator[Note]:
    """Cameras at sensitive places, of which no single track and no small count is in an answer."""
    of = [name for name in sorted(context.sensitive) if not question.camera_ids or name in question.camera_ids]
    if of and not {Kind.TRACK, Kind.COUNT, Kind.LINE_COUNT, Kind.ZONE_STATE}.isdisjoint(kinds):
        language = context.language
        text = language.text(
            "single tracks, and counts of fewer than {least} a minute, are withheld at sensitive places: {names} "
            "(decree 18.743/2014 art. 12)",
            least=LEAST_COUNT,
            names=_names(of, language),
        )
        yield Note(code=NoteCode.SENSITIVE, text=text, limits=True, items=tuple(of))


def _reason(withheld: WithheldReads, context: AnswerContext) -> str:
    """Why reads are withheld, with the time since when where it is known in English."""
    if withheld.reason == NOT_DECLARED:
        return context.language.text(NOT_DECLARED)
    camera = (context.cameras or {}).get(withheld.camera_id)
    if context.language is ENGLISH or camera is None:
        return withheld.reason
    return why_no_plates(camera, context.language) or withheld.reason


def interruptions(question: RangedQuestion[Any], context: AnswerContext, coverage: Coverage) -> Iterator[Note]:
    """A note on lost video and one on dropped frames: for each reason, the cameras that lost most."""
    now_ms = context.clock_ms()
    groups: dict[NoteCode, dict[str, list[tuple[int, Interruption]]]] = {}
    for one in coverage.interruptions:
        length_ms = min(now_ms if one.end_ms is None else one.end_ms, now_ms) - one.start_ms
        if length_ms >= SHORTEST_MS and _concerns(one.camera_id, question, context):
            code = _CODES.get(one.state, NoteCode.INTERRUPTED)
            groups.setdefault(code, {}).setdefault(one.camera_id, []).append((length_ms, one))
    for code, cameras in groups.items():
        most_first = dict(sorted(cameras.items(), key=lambda item: -sum(length for length, _ in item[1])))
        by_state = _by_value({camera_id: _longest(parts).state for camera_id, parts in most_first.items()})
        texts = [
            _interruption(those[0], most_first[those[0]], context.language)
            if len(those) == 1
            else _interruptions(state, {one: most_first[one] for one in those}, context.language)
            for state, those in by_state.items()
        ]
        text = first_of(texts, "further reason", context.language, "; ")
        yield Note(code=code, text=text, limits=True, items=tuple(sorted(cameras)))


def _longest(parts: Sequence[tuple[int, Interruption]]) -> Interruption:
    return max(parts, key=lambda part: part[0])[1]


def _interruption(camera_id: str, parts: Sequence[tuple[int, Interruption]], language: Language) -> str:
    """One camera's interruptions, with the reason of the longest."""
    text = language.text(
        _PHRASES.get(_longest(parts).state, _NO_VIDEO),
        camera=camera_id,
        time=format_duration(sum(length_ms for length_ms, _ in parts)),
        times=language.text(" in {number}", number=language.counted(len(parts), "interruption")) if parts[1:] else "",
    )
    why = _why(_longest(parts), language)
    return f"{text} ({why})" if why else text


def _interruptions(state: str, cameras: Mapping[str, Sequence[tuple[int, Interruption]]], language: Language) -> str:
    """The interruptions of several cameras in one state: how long each was, and why, once where it is the same."""
    whys = {camera_id: _why(_longest(parts), language) for camera_id, parts in cameras.items()}
    same = set(whys.values())
    named = []
    for camera_id, parts in cameras.items():
        time = format_duration(sum(length_ms for length_ms, _ in parts))
        own = "" if len(same) == 1 else whys[camera_id]
        named.append(f"{camera_id} ({time}: {own})" if own else f"{camera_id} ({time})")
    text = language.text(
        _PHRASES_OF_SEVERAL.get(state, _NO_VIDEO_OF_SEVERAL),
        cameras=language.counted(len(cameras), "camera"),
        names=_names(named, language),
    )
    why = same.pop() if len(same) == 1 else ""
    return f"{text} ({why})" if why else text


def _why(one: Interruption, language: Language) -> str:
    """The reason that was reported; a camera that ended needs none."""
    if one.state == SourceState.ENDED.value:
        return ""
    why = one.detail[:200]
    return _PERCENT.sub("%", why) if language is ENGLISH else portuguese_detail(why)


def _by_value(values: Mapping[str, str]) -> dict[str, list[str]]:
    """Cameras by what they have in common, in their order."""
    found: dict[str, list[str]] = {}
    for camera_id, value in values.items():
        found.setdefault(value, []).append(camera_id)
    return found


def _names(cameras: Sequence[str], language: Language) -> str:
    return first_of(cameras, "further camera", language, ", ")


def losses(alerts: Sequence[LossAlert], question: RangedQuestion[Any], context: AnswerContext) -> Iterator[Note]:
    """A note for each way in which events of the range were lost or refused, by the alerts about it."""
    language = context.language
    for rule in _LOSSES:
        if rule == AlertRule.SCENE_CONFLICT.value and not isinstance(question, OF_PLATES):
            continue
        found = [one for one in alerts if one.rule == rule and _may_concern(one.camera_id, question, context)]
        details = [
            language.text(
                "{camera} at {time}",
                camera=language.text("all cameras") if one.camera_id == ENGINE_ID else one.camera_id,
                time=language.time(one.ts_ms, context.zone),
            )
            for one in found
        ]
        if found:
            text = language.text(_LOSSES[rule], details=first_of(details, "further camera", language, "; "))
            yield Note(code=NoteCode.EVENTS_LOST, text=text, limits=True, items=tuple(one.camera_id for one in found))


def _may_concern(camera_id: str, question: RangedQuestion[Any], context: AnswerContext) -> bool:
    return camera_id == ENGINE_ID or _concerns(camera_id, question, context)


def without_states_that_ended(cameras: Sequence[CameraSummary], context: AnswerContext) -> list[CameraSummary]:
    """The cameras; the state of one that stopped sending life signs ends with the last one."""
    return [
        replace(one, state=NO_LIFE_SIGN, detail="", state_since_ms=one.last_seen_ms) if _is_late(one, context) else one
        for one in cameras
    ]


def _is_late(camera: CameraSummary, context: AnswerContext) -> bool:
    oldest_ms = context.clock_ms() - LIFE_SIGN_MS - MINUTE_MS
    return camera.state in _WITH_SIGNS and camera.detail != VIDEO_BEGINS and camera.last_seen_ms < oldest_ms


def without_life_sign(cameras: Sequence[CameraSummary], context: AnswerContext) -> Iterator[Note]:
    """Cameras that streamed, and sent nothing for longer than a life sign takes."""
    language = context.language
    late = [
        one
        for one in cameras
        if one.state == NO_LIFE_SIGN and (context.cameras is None or one.camera_id in context.cameras)
    ]
    if late:
        times = {one.camera_id: language.time(one.last_seen_ms, context.zone) for one in late}
        named = [language.text("{camera} since {time}", camera=name, time=time) for name, time in times.items()]
        text = language.text(
            "{cameras} streamed when last heard of, and sent nothing since: {names}",
            cameras=language.counted(len(late), "camera"),
            names=first_of(named, "further camera", language, "; "),
        )
        yield Note(code=NoteCode.INTERRUPTED, text=text, limits=True, items=tuple(times))
    if unfinished := [one.camera_id for one in cameras if one.detail == VIDEO_BEGINS]:
        text = language.text("recorded video is not analyzed to its end: {names}", names=_names(unfinished, language))
        yield Note(code=NoteCode.INTERRUPTED, text=text, limits=True, items=tuple(unfinished))


def silent_cameras(ask: Ask, question: RangedQuestion[Any], context: AnswerContext) -> Iterator[Note]:
    """Cameras without any event in the range: they may not have been running."""
    asked, language = question.camera_ids or tuple(context.cameras or ()), context.language
    # Between two life signs a camera need not send anything.
    start_ms = None if question.start_ms is None else question.start_ms - LIFE_SIGN_MS
    active = ask(ActiveCameras(start_ms=start_ms, end_ms=question.end_ms, camera_ids=question.camera_ids))
    silent = sorted(camera_id for camera_id in set(asked) - set(active) if _concerns(camera_id, question, context))
    if not asked and not active:
        text = language.text("no camera has sent any event in this time range")
        yield Note(code=NoteCode.SILENT, text=text, limits=True)
    if silent:
        text = language.text(
            "{cameras} sent no event of any kind in this time range: {names}",
            cameras=language.counted(len(silent), "camera"),
            names=_names(silent, language),
        )
        yield Note(code=NoteCode.SILENT, text=text, limits=True, items=tuple(silent))


def _concerns(camera_id: str, question: RangedQuestion[Any], context: AnswerContext) -> bool:
    if question.camera_ids:
        return camera_id in question.camera_ids
    if context.cameras is None:
        return camera_id != ENGINE_ID
    camera = context.cameras.get(camera_id)
    return camera is not None and not (isinstance(question, OF_PLATES) and why_no_plates(camera))
