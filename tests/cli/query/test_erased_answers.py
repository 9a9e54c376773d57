"""Answers about times in which something was erased on request: never a plain "no", and never which vehicle it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.cli.commands import app
from tests.cli.query.city import Ask, seen
from tests.event_samples import START_MS
from tests.filled_store import fill_store

_AT = "2026-09-21T{}+00:00"
CONFIG = "cameras: [{id: se, source: a.mp4, scope: public-road}, {id: paulista, source: b.mp4, scope: public-road}]"


@pytest.fixture
def asked(tmp_path: Path) -> Ask:
    (tmp_path / "viapublica.yaml").write_text(CONFIG)
    fill_store(tmp_path / "data", [seen(n, plate, "se", n) for n, plate in enumerate(["ABC1234", "FRI3E00"])])

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(tmp_path / "viapublica.yaml"), "--zone", "UTC"])

    return run


def erased_notes(result: Result) -> list[str]:
    answer = json.loads(result.stdout.splitlines()[-1])["answer"]
    return [note["text"] for note in answer["notes"] if note["code"] == "erased-on-request"]


def test_an_erased_plate_is_never_a_plain_no_and_no_note_tells_which_it_was(asked: Ask) -> None:
    before = asked("plates", "NIL0A00", "--json")
    assert erased_notes(before) == []
    assert asked("erase", "--plate", "ABC1234", "--yes", "--by", "Ana Lima").exit_code == 0
    erased, never = (asked("plates", plate, "--json") for plate in ("ABC1234", "NIL0A00"))
    assert (erased.exit_code, never.exit_code) == (4, 4)
    assert (
        erased_notes(erased)
        == erased_notes(never)
        == ["erasures on request concern this time range, so data may be missing"]
    )
    assert erased_notes(asked("route", "FRI3E00", "--json"))
    assert erased_notes(asked("events", "--kind", "count", "--json")) == [], "counts name no vehicle"


def test_an_erased_time_of_a_camera_concerns_that_time_and_camera_only(asked: Ask) -> None:
    assert START_MS == 1_790_000_000_000, "2026-09-21T14:13:20Z"
    span = ("--from", _AT.format("14:00"), "--to", _AT.format("15:00"))
    assert asked("erase", "--camera", "se", *span, "--yes", "--by", "Ana Lima").exit_code == 0

    def notes(camera: str, start: str, end: str) -> list[str]:
        times = ("--from", _AT.format(start), "--to", _AT.format(end))
        return erased_notes(asked("events", "--camera", camera, *times, "--json"))

    assert notes("se", "14:59", "16:00")
    assert notes("se", "13:00", "14:01")
    assert not notes("se", "15:00", "16:00")
    assert not notes("se", "13:00", "14:00")
    assert not notes("paulista", "14:00", "15:00")
