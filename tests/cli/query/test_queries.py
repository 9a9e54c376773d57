"""Queries on the event store from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.errors import ViapublicaError
from tests.cli.commands import viapublica_here
from tests.cli.query.city import Ask, rows, seen
from tests.event_samples import START_MS, count
from tests.filled_store import fill_store


def test_several_plates_and_a_list_are_found_together(ask: Ask, tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("# stolen\nxyz-9a99\n\n  FRI3E00  \n")
    found = rows(ask("plates", "ABC1C34", "--file", wanted, "--json"))
    assert [read["track_id"] for read in found] == [8, 3, 7, 6, 2, 5, 1]
    assert [read["track_id"] for read in rows(ask("plates", "--file", wanted, "--json", "--limit", "2"))] == [8, 7]
    assert "Reads of ABC1C34, xyz-9a99, FRI3E00" in ask("plates", "ABC1C34", "--file", wanted).stdout


def test_one_wrong_character(ask: Ask) -> None:
    assert {read["plate"] for read in rows(ask("plates", "ABC1D34", "--json"))} == {"ABC1D34"}
    found = rows(ask("plates", "ABC1D34", "--errors", "1", "--json", "--to", "2099-01-01"))
    assert {read["plate"] for read in found} == {"ABC1D34", "ABC1C34", "ABC1234"}


def test_a_convoy(ask: Ask) -> None:
    (friend,) = rows(ask("convoy", "abc-1234", "--json"))
    assert (friend["plate"], friend["meetings"], friend["share"]) == ("FRI3E00", 2, 0.6667)
    assert rows(ask("convoy", "ABC1C34", "--within", "4", "--json")) == []
    assert "FRI3E00" in ask("convoy", "ABC1C34").stdout


def test_a_route_with_distances_and_a_note_on_cameras_without_a_place(ask: Ask) -> None:
    first, second = rows(ask("route", "ABC1234", "--json"))
    assert (first["from_camera_id"], first["to_camera_id"], first["seconds"]) == ("se", "paulista", 600.0)
    assert 2500 < first["distance_m"] < 2700
    assert second["speed_km_h"] > 2000
    (newest,) = rows(ask("route", "ABC1234", "--json", "--limit", "1"))
    assert newest == second
    (before,) = rows(ask("route", "ABC1234", "--json", "--limit", "1", "--offset", "1"))
    assert before == first
    lost = ask("route", "XYZ9A99")
    assert "no latitude and longitude of nowhere" in lost.stderr
    assert "?" in lost.stdout
    once = ask("route", "ABC1D34").stderr
    assert "only one read, by nowhere" in once
    assert "nothing found" not in once


def test_possible_clones_of_one_plate_and_of_all(ask: Ask) -> None:
    (clone,) = rows(ask("clones", "ABC1C34", "--json"))
    assert (clone["plate_key"], clone["from_camera_id"], clone["to_camera_id"]) == ("ABC1C34", "paulista", "rio")
    assert "ABC1C34" in ask("clones", "ABC1234").stdout
    slow = ask("clones", "ABC1C34", "--max-speed", "10").stdout
    assert "ABC1234 / ABC1C34" in slow, "as read at each place"
    everywhere = ask("clones", "--from", "2020-01-01", "--json")
    assert rows(everywhere) == [clone]
    assert "no latitude and longitude of nowhere" in everywhere.stderr
    assert "no latitude" not in ask("clones", "ABC1C34").stderr
    assert rows(ask("clones", "ABC1C34", "--json", "--max-speed", "2000", "--min-distance", "400000")) == []
    assert len(rows(ask("clones", "ABC1C34", "--json", "--max-speed", "10"))) == 2
    assert rows(ask("clones", "ABC1C34", "--json", "--offset", "1")) == []
    today = ask("clones", "--from", "2099-01-01")
    assert "nothing found" in today.stderr
    assert "all plates since" in ask("clones").stderr


def test_traffic_counts_and_speeds(ask: Ask) -> None:
    counts = rows(ask("traffic", "--every", "1d", "--json"))
    assert sum(row["count"] for row in counts) == 21
    assert len(rows(ask("traffic", "--every", "1m", "--json"))) == 3
    (speeds,) = rows(ask("traffic", "--every", "1d", "--speeds", "--json"))
    assert (speeds["tracks"], speeds["unit"], speeds["mean"], speeds["median"]) == (3, "m/s", 11.0, 11.0)
    assert "85%" in ask("traffic", "--speeds").stdout
    assert "nothing found" in ask("traffic", "--camera", "rio").stderr


def test_traffic_across_lines_and_in_zones(ask: Ask) -> None:
    (line,) = rows(ask("traffic", "--by", "line,direction,class", "--every", "15m", "--json"))
    assert (line["line"], line["direction"], line["label"], line["count"]) == ("gantry", "to-center", "car", 8)
    assert (line["speeds"], line["p85_m_s"], line["headway_s"]) == (8, 15.0, 12.5)
    table = ask("traffic", "--by", "line", "--locale", "pt-BR")
    assert "Tráfego nas linhas a cada 1h" in table.stdout
    assert "gantry" in table.stdout
    (zone,) = rows(ask("traffic", "--by", "zone", "--every", "1m", "--json"))
    assert (zone["zone"], zone["occupancy"], zone["level"]) == ("lane-1", 1.5, "F")
    assert "lane-1" in ask("traffic", "--by", "zone,class").stdout
    missing = ask("traffic", "--by", "line", "--camera", "rio")
    assert "no line is drawn for 1 camera: rio" in missing.stderr
    assert missing.exit_code == 4


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--by", "hour"), "'hour' is unknown"),
        (("--by", "line,zone"), "names two places"),
        (("--by", "zone,direction"), "only lines have directions"),
        (("--by", "line", "--speeds"), "cannot be combined"),
        (("--every", "7m"), "does not divide a day"),
        (("--every", "2d"), "does not divide a day"),
    ],
)
def test_breakdowns_of_traffic_that_make_no_sense_name_the_fix(ask: Ask, words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ViapublicaError, match=problem):
        raise ask("traffic", *words).exception or AssertionError("it was answered")


def test_times_are_those_of_the_zone_and_show_their_offset(ask: Ask) -> None:
    words = ("events", "--kind", "alert")  # at 1,790,000,001 seconds
    assert "2026-09-21 11:13:21 -03:00" in ask(*words, "--zone", "America/Sao_Paulo").stdout
    assert "2026-09-21 23:13:21 +09:00" in ask(*words, "--zone", "Asia/Tokyo").stdout
    assert "2026-09-21 14:13:21 +00:00" in ask(*words, "--zone", "UTC").stdout
    found = rows(ask(*words, "--json", "--zone", "America/Sao_Paulo", "--from", "2026-09-21T11:13:21"))
    assert [event["ts_ms"] for event in found] == [START_MS + 1000]
    assert rows(ask(*words, "--json", "--zone", "Asia/Tokyo", "--from", "2026-09-21T23:13:22")) == []


def test_a_day_of_summer_is_whole_when_it_is_asked_about_in_winter(tmp_path: Path) -> None:
    """On a machine in Lisbon, where the clocks go back on 25 October."""
    summer_ms = round(datetime.fromisoformat("2026-07-10T00:30+01:00").timestamp() * 1000)
    fill_store(
        tmp_path, [msgspec.structs.replace(count(n), ts_ms=summer_ms + n * 3_600_000, count=1) for n in range(25)]
    )
    words = ("traffic", "--every", "1d", "--from", "2026-07-01", "--data", tmp_path)
    shown = viapublica_here(*words, environ={"TZ": "Europe/Lisbon"})
    days = [line.split("│")[1:-1] for line in shown.stdout.splitlines() if "│" in line]
    assert [(day[0].strip(), day[-1].strip()) for day in days] == [
        ("2026-07-11 00:00:00 +01:00", "1"),
        ("2026-07-10 00:00:00 +01:00", "24"),
    ], shown.stderr
    begun = viapublica_here(*words, "--json", environ={"TZ": "Europe/Lisbon"}).stdout.splitlines()
    assert json.loads(begun[1])["start_ms"] == summer_ms - 30 * 60_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plates"], ["none is given", "--file LIST"]),
        (["plates", "--like", "..."], ["no letter or digit"]),
        (["plates", "--like", "ABC%"], ["holds % or _", "Write * for any text"]),
        (["plates", "ABC1D23", "..."], ["'...'", "ABC1D23 or ABC-1234"]),
        (["plates", "ABC1D23", "--errors", "2"], ["--errors 2", "--like with ?"]),
        (["plates", "ABC1D2?", "--errors", "1", "--like"], ["cannot be combined"]),
        (["plates", "ABC1D23", "--file", "gone.txt"], ["gone.txt", "No such file"]),
        (["plates", "ABC1D23", "--from", "today", "--to", "2d"], ["ends before it begins", "Swap"]),
        (["plates", "ABC1D23", "--csv", "x.csv", "--json"], ["--json --csv", "cannot be combined"]),
        (["convoy", "?"], ["'?'"]),
        (["route", "ABC1D23", "--parquet", "no/where/x.parquet"], ["no/where", "no folder", "Create the folder"]),
        (["route", "ABC1D23", "--parquet", "-"], ["standard output", "--parquet FILE"]),
        (["route", "ABC1D23", "--parquet", "."], ["is a folder"]),
        (["clones", "..."], ["no letter or digit"]),
        (["traffic", "--from", "yesterday"], ["'yesterday'", "is not understood", "year-month-day"]),
        (["plates", "ABC1D23", "--from", "22/11/2026"], ["'22/11/2026'", "Write year-month-day, as in 2026-11-22"]),
        (["events", "--zone", "Brasil"], ["'Brasil'", "is not known", "America/Sao_Paulo"]),
        (
            ["plates", "ABC1D23", "--to", "2018-11-04T00:30", "--zone", "America/Sao_Paulo"],
            ["does not exist", "2018-11-04T00:30-03:00 or 2018-11-04T00:30-02:00"],
        ),
        (
            ["route", "ABC1D23", "--from", "2026-11-01T01:30", "--zone", "America/New_York"],
            ["exists twice", "2026-11-01T01:30-04:00 or 2026-11-01T01:30-05:00"],
        ),
    ],
    ids=" ".join,
)
def test_mistakes_are_named_with_the_fix(ask: Ask, words: list[str], said: list[str]) -> None:
    result = ask(*words)
    assert isinstance(result.exception, ViapublicaError), result.output
    text = str(result.exception)
    for word in said:
        assert word in text


def test_a_bad_line_of_a_list_is_named(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "wanted.txt").write_text("ABC1D23\n--\n")
    result = ask("plates", "--file", tmp_path / "wanted.txt")
    assert f"{tmp_path / 'wanted.txt'}:2" in str(result.exception)


def test_clones_need_coordinates(city: Path, tmp_path: Path) -> None:
    unlocated = tmp_path / "unlocated.yaml"
    unlocated.write_text("cameras: [{id: se, source: a.mp4, scope: public-road}]\n")
    for options in (["--config", str(unlocated)], []):
        result = viapublica_here("clones", "ABC1C34", "--data", city.parent / "data", *options, cwd=tmp_path)
        assert result.returncode == 1
        assert "latitude and longitude" in result.stderr
        assert "Traceback" not in result.stderr


def test_the_list_may_come_from_a_pipe(city: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "plates", "--file", "-", "--json", "--config", city],
        input="FRI3E00\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert len(listed.stdout.splitlines()) == 3, listed.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plates", "B?A2E1?"], ["'B?A2E1?'", "--like"]),
        (["plates", "ABC*"], ["'ABC*'", "--like"]),
        (["plates", "ABC_123"], ["contains a wildcard"]),
        (["plates", "XYZ99"], ["has 5 characters", "a Brazilian plate has 7", "--any-plate"]),
        (["plates", "ABCO123"], ["neither Brazilian layout", "ABC0123"]),
        (["plates", "1234567"], ["neither Brazilian layout"]),
        (["plates", "AB?1", "--like"], ["has 4 characters"]),
        (["convoy", "ABC1D?3"], ["contains a wildcard"]),
        (["route", "ABC12345"], ["has 8 characters"]),
        (["clones", "ABC1*"], ["contains a wildcard"]),
        (["plates", "ABC1C34", "--camera", "Paulista"], ["camera 'Paulista'", "Did you mean paulista?"]),
        (["traffic", "--camera", "paulista2"], ["neither configured nor in the event store", "Did you mean paulista?"]),
        (["route", "ABC1C34", "--camera", "SE"], ["Did you mean se?"]),
        (["convoy", "ABC1C34", "--camera", "zz"], ["Known are nowhere, paulista, rio, se"]),
        (["clones", "--camera", "nowhere-1"], ["Did you mean nowhere?"]),
        (["events", "--camera", ""], ["neither configured nor in the event store"]),
    ],
    ids=" ".join,
)
def test_a_question_that_could_only_be_answered_by_no_is_refused(ask: Ask, words: list[str], said: list[str]) -> None:
    result = ask(*words)
    assert isinstance(result.exception, ViapublicaError), result.output
    for word in said:
        assert word in str(result.exception)


def test_any_plate_asks_for_what_has_no_brazilian_layout(ask: Ask) -> None:
    for words in (["plates", "XYZ99"], ["route", "AB123CDE"], ["convoy", "1234567"], ["clones", "ABCO123"]):
        assert ask(*words, "--any-plate").exit_code in {3, 4}, words


def test_nothing_found_has_a_status_of_its_own_and_reasons(city: Path, tmp_path: Path) -> None:
    """3: a trustworthy "no"; 4: the store may lack what was asked for."""
    folder = tmp_path / "whole"
    folder.mkdir()
    config = folder / "one.yaml"
    config.write_text("cameras: [{id: se, source: a.mp4, scope: public-road}]\nretention: {plate_reads: null}\n")
    fill_store(folder / "data", [seen(1, "ABC1234", "se", 0), seen(2, "FRI3E00", "se", 100)])
    no = viapublica_here("plates", "XYZ9A99", "--config", config, "--zone", "UTC")
    assert (no.returncode, no.stdout) == (3, "")
    assert "nothing found\n" in no.stderr
    assert "searched: plate reads from 2026-09-21 14:13:20 +00:00 to now" in no.stderr
    doubtful = viapublica_here("plates", "XYZ9A99", "--config", config, "--from", "2026-01-01", "--json")
    assert doubtful.returncode == 4
    (last,) = map(json.loads, doubtful.stdout.splitlines())
    assert (last["answer"]["rows"], last["answer"]["complete"]) == (0, False)
    assert "first-data" in {note["code"] for note in last["answer"]["notes"]}
    found = viapublica_here("plates", "FRI3E00", "--config", config)
    assert found.returncode == 0
    latin = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "plates", "FRI3E00", "--camera", b"\xe9x", "--config", str(config)],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert latin.returncode == 1
    assert b"is not UTF-8" in latin.stderr
    assert b"Traceback" not in latin.stderr


def test_the_plates_of_a_spreadsheet_that_were_not_seen_are_named(ask: Ask, tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.csv"
    wanted.write_bytes("Placa;Motivo\nABC1C34;roubo\nNIL0A00;não pagou\n".encode("cp1252"))
    result = ask("plates", "--file", wanted, "--limit", "1")
    assert result.exit_code == 0
    assert "not seen: 1 of 2: NIL0A00" in result.stderr
    assert "only 1 row are listed" not in result.stderr
    assert "the list ends after 1 row" in result.stderr
    last = json.loads(ask("plates", "--file", wanted, "--json").stdout.splitlines()[-1])
    (note,) = [note for note in last["answer"]["notes"] if note["code"] == "not-seen"]
    assert note["items"] == ["NIL0A00"]
