"""Pages of plates with a text in each field that people, cameras or outsiders can fill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

from pipeline.app.recordings import CameraRecording, VideoSegment
from pipeline.console import list_pages, plate_pages, recording_pages
from pipeline.console.camera_map import Place, camera_map
from pipeline.console.pages import render
from pipeline.console.plate_questions import FOLLOWING, TITLES, Search
from pipeline.console.recording_timeline import recording_timeline
from pipeline.console.timeline import WIDTH, timeline
from pipeline.domain.events import Severity
from pipeline.domain.hold import Hold
from pipeline.domain.recording import Gap
from pipeline.domain.route import GeoPoint
from tests.console.filled_values import READER, Filled


def plate_pages_of(given: Filled) -> Mapping[str, str]:
    text, at = given.text, GeoPoint(-19.9, -43.9)
    read = {"plate": text, "camera_id": text, "ts_ms": 1, "vehicle": text, "confidence": 0.5, "votes": 3}
    ends = {f"{end}_{name}": value for end in ("from", "to") for name, value in read.items()}
    leg = ends | {"to_camera_id": f"{text}2", "distance_m": 1.0, "speed_km_h": None, "reads": 2}
    companion = {"plate": text, "meetings": 2, "share": 0.5, "cameras": 2, "first_ts_ms": 1, "last_ts_ms": 2}
    answered = SimpleNamespace(answer=given.answer, left_out=1)
    values = given.frame | {
        "form": given.form,
        "purposes": plate_pages.PURPOSES,
        "searches": list(Search),
        "following": list(FOLLOWING),
        "following_titles": FOLLOWING,
        "titles": TITLES,
        "chosen": Search.READS,
        "most_plates": 10,
        "may_export": True,
        "may_retrieve": True,
        "Search": Search,
        "drawn": timeline([(text, 1)]),
        "map": camera_map([Place(text, at, "read", text), Place(f"{text}2", at, "asked")], (), [text]),
        "width": WIDTH,
        "map_width": 960,
        "map_height": 420,
    }
    rows = {Search.READS: read, Search.ROUTE: leg, Search.CLONES: leg, Search.CONVOY: companion}
    only = SimpleNamespace(camera_id=text, ts_ms=1)
    found = {
        search: SimpleNamespace(search=search, answer=answered, next_offset=2, complete=False, only_read=only)
        for search in rows
    }
    return {
        f"plates: {search}": render("plates.html", READER, **values, found=found[search], rows=[row])
        for search, row in rows.items()
    }


def recording_pages_of(given: Filled) -> Mapping[str, str]:
    text = given.text
    recording = CameraRecording(
        text,
        [VideoSegment(text, Path("x"), 0, 50, 1, complete=True)],
        [Gap(50, 60, text)],
        [Hold("h", text, 0, 9, text, text, 1)],
    )
    drawn = recording_timeline(recording, [1], 0, 100, 50)
    found = recording_pages.Recorded(recording, 50, 40, drawn, [(1, text)], given.problem)
    values = given.frame | {"form": given.form, "purposes": recording_pages.PURPOSES, "found": found, "width": 960}
    return {"recordings": render("recordings.html", READER, **values)}


def list_pages_of(given: Filled) -> Mapping[str, str]:
    text = given.text
    hit = SimpleNamespace(
        plate=text, camera_id=text, ts_ms=1, list=text, authority=text, case=text, probability=0.5, severity=text,
        incident=text,
    )  # fmt: skip
    entry = SimpleNamespace(
        entry_id=1, plate=text, list_name=text, severity=text, authority=text, case_number=text, reason=text,
        viewers=(text,), end_reason=text, end_of=lambda: given.frame["now_ms"] + 1,
    )  # fmt: skip
    ended = SimpleNamespace(**vars(entry) | {"end_of": lambda: 1})
    hits = SimpleNamespace(rows=[hit], notes=[given.note], left_out=1, states={text: ("new", text)}, problem=None)
    found = {"hits": hits, "entries": [entry, ended], "state": SimpleNamespace(plates=1, entries={text: 1}, ending=1)}
    values = given.frame | {
        "form": given.form,
        "purposes": list_pages.PURPOSES,
        "verdicts": list_pages.VERDICTS,
        "severities": list(Severity),
        "may_enter": True,
        "done": text,
        "found": found,
    }
    failed = SimpleNamespace(**vars(hits) | {"problem": given.problem})
    return {
        "lists": render("lists.html", READER, **values),
        "lists without hits": render("lists.html", READER, **values | {"found": found | {"hits": failed}}),
    }
