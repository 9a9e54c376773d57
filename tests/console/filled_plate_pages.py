"""Pages of plates with a text in each field that people, cameras or outsiders can fill."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

from pipeline.console import plate_pages
from pipeline.console.camera_map import Place, camera_map
from pipeline.console.pages import render
from pipeline.console.plate_questions import FOLLOWING, TITLES, Search
from pipeline.console.timeline import WIDTH, timeline
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
