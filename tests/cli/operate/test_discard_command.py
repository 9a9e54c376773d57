"""`viapublica camera discard`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import viapublica_here
from tests.record.packets import BEGIN_MS, clip, record
from tests.record.test_retention import begins

SPAN = ("--from", "2025-06-01T12:00:01.500Z", "--to", "2025-06-01T12:00:02.500Z")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A configuration whose recorder has four files of one camera."""
    record(tmp_path / "video", clip(tmp_path), camera="praca")
    path = tmp_path / "city.yaml"
    path.write_text(
        f"data_dir: {tmp_path / 'data'}\nrecord: {{dir: {tmp_path / 'video'}}}\n"
        "sinks: [{type: jsonl, path: e.jsonl}]\n"
        "cameras: [{id: praca, source: 'rtsp://camera/1', scope: public-road}]\n"
    )
    assert BEGIN_MS // 1000 == 1_748_779_200, "12:00 UTC, which the options name"
    return path


def discard(city: Path, *words: str) -> tuple[int, str, str]:
    register = city.parent / "register.db"
    done = viapublica_here(
        "camera", "discard", "praca", *SPAN, "--by", "Ana Lima", "--config", city, "--register", register, *words
    )
    return done.returncode, done.stdout, done.stderr


def test_the_time_is_removed_and_proven(city: Path) -> None:
    status, shown, errors = discard(city, "--reason", "interior de residência", "--yes", "--json")
    assert status == 0, errors
    result = json.loads(shown)
    assert (result["erased"], result["held"]) == (True, [])
    assert result["proof"]["number"].endswith("/000001")
    assert begins(city.parent / "video", "praca") == [0, 3000]


def test_nothing_is_removed_without_a_reason_or_a_yes(city: Path) -> None:
    assert "needs a reason" in discard(city, "--reason", " ", "--yes")[2]
    assert "cannot ask whether to discard" in discard(city, "--reason", "interior", "--json")[2]
    assert begins(city.parent / "video", "praca") == [0, 1000, 2000, 3000]
