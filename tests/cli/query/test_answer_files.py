"""Answers as CSV, XLSX and Parquet, and with names and places of cameras."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from pipeline.cli.query.portuguese_texts import NOTES, VALUES
from pipeline.domain.events import AlertRule, Kind, Severity
from pipeline.domain.incident import IncidentState
from pipeline.domain.labels import Label
from pipeline.domain.plate import Layout
from pipeline.domain.ports import SourceState
from pipeline.errors import ViapublicaError
from pipeline.store.answer import NoteCode
from tests.cli.commands import viapublica_here
from tests.cli.query.city import Ask, rows, seen
from tests.event_samples import health
from tests.filled_store import fill_store

COMMANDS = (
    ["plates", "ABC1C34", "FRI3E00"],
    ["route", "ABC1C34"],
    ["convoy", "ABC1C34"],
    ["clones", "ABC1C34"],
    ["traffic"],
    ["traffic", "--speeds"],
    ["events"],
    ["events", "--kind", "track"],
    ["cameras"],
)


def in_json(name: str, value: Any, row: dict[str, Any]) -> bool:
    """Whether a column's value is what JSON says."""
    if isinstance(value, datetime):
        fields = [key for key in row if key.endswith("_ms")]
        field = next(f for f in fields if {f"{name}_ms", name.replace("time", "ts") + "_ms"} & {f})
        return bool(round(value.timestamp() * 1000) == row[field])
    expected = row.get(name)
    return bool(value == (json.dumps(expected) if isinstance(expected, dict) else expected))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_csv_xlsx_and_parquet_say_what_json_says(ask: Ask, words: list[str], tmp_path: Path) -> None:
    plain = rows(ask(*words, "--json"))
    assert plain
    parquet, xlsx = tmp_path / "answer.parquet", tmp_path / "answer.xlsx"
    for option, target in (("--parquet", parquet), ("--xlsx", xlsx)):
        assert ask(*words, option, target).exit_code == 0
    table = pq.read_table(parquet)
    for got, expected in zip(table.to_pylist(), plain, strict=True):
        assert all(in_json(name, value, expected) for name, value in got.items()), (got, expected)
    read = list(csv.DictReader(io.StringIO(ask(*words, "--csv", "-").stdout)))
    assert list(read[0]) == table.column_names
    for row, got in zip(read, table.to_pylist(), strict=True):
        for name, value in got.items():
            if isinstance(value, datetime):
                assert datetime.fromisoformat(row[name]) == value
            else:
                assert row[name] == ("" if value is None else str(value))
    sheet = load_workbook(xlsx)["answer"]
    heading, *lines = sheet.iter_rows(values_only=True)
    assert [name.partition(" (UTC")[0] for name in heading] == table.column_names
    assert len(lines) == len(plain)


def test_files_of_no_rows_have_their_columns(ask: Ask, tmp_path: Path) -> None:
    assert ask("route", "NIL0A00", "--parquet", tmp_path / "x.parquet").exit_code == 4, "no life signs are stored"
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.num_rows == 0
    assert "speed_km_h" in table.column_names
    assert ask("traffic", "--camera", "rio", "--csv", "-").stdout == (
        "start,camera_id,camera_name,latitude,longitude,label,count\n"
    )


def test_answers_name_cameras_and_places(ask: Ask) -> None:
    assert "se (Praça da Sé, 1)" in ask("plates", "FRI3E00").stdout
    named, unnamed = rows(ask("plates", "FRI3E00", "--json"))[::-1]
    assert (named["camera_name"], named["latitude"], named["longitude"]) == ("Praça da Sé, 1", -23.550520, -46.633308)
    assert "camera_name" not in unnamed
    (leg,) = rows(ask("route", "FRI3E00", "--json"))
    assert (leg["from_camera_name"], leg["to_latitude"]) == ("Praça da Sé, 1", -23.561414)
    assert "nowhere" in ask("cameras").stdout


def test_a_brazilian_spreadsheet_opens_the_files(ask: Ask, tmp_path: Path) -> None:
    """Semicolons, decimal commas, local dates, UTF-8 with a byte-order mark; numbers and dates in XLSX."""
    table, book = tmp_path / "leituras.csv", tmp_path / "leituras.xlsx"
    zone = ("--zone", "America/Sao_Paulo", "--locale", "pt-BR")
    assert ask("plates", "FRI3E00", "--camera", "se", "--csv", table, *zone).exit_code == 0
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig")), delimiter=";")
    assert row["data e hora (UTC-03:00)"] == "21/09/2026 11:13:25"
    assert (row["placa"], row["câmera"], row["nome da câmera"]) == ("FRI3E00", "se", "Praça da Sé, 1")
    assert (row["confiança"], row["longitude"]) == ("0,9134", "-46,633308")
    assert ask("plates", "FRI3E00", "--camera", "se", "--xlsx", book, *zone).exit_code == 0
    workbook = load_workbook(book)
    heading, first = workbook["respostas"].iter_rows()
    cells = {name.value: cell for name, cell in zip(heading, first, strict=True)}
    assert cells["data e hora (UTC-03:00)"].value == datetime.fromisoformat("2026-09-21T11:13:25")
    assert cells["data e hora (UTC-03:00)"].number_format == "dd/mm/yyyy hh:mm:ss"
    assert cells["longitude"].value == -46.633308
    assert cells["placa"].data_type == "s"
    assert workbook["notas"]["B1"].value == "America/Sao_Paulo"


def test_notes_and_hostile_text_are_in_the_spreadsheet_and_no_formula(tmp_path: Path) -> None:
    event = msgspec.structs.replace(health(1, camera="se"), detail="=1+1")
    fill_store(tmp_path / "data", [event])
    words = ("events", "--kind", "health", "--data", tmp_path / "data", "--from", "2026-01-01")
    assert viapublica_here(*words, "--xlsx", tmp_path / "x.xlsx").returncode == 0
    book = load_workbook(tmp_path / "x.xlsx")
    cells = {cell.value: cell for row in book["answer"].iter_rows() for cell in row}
    assert cells["=1+1"].data_type == "s"
    notes = {row[0]: row[1] for row in book["notes"].iter_rows(values_only=True)}
    assert notes["complete"] == "no, see below"
    assert "are no longer stored (retention: 90 days)" in notes["retention"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--csv", "hits.xlsx"], ["is the name of a spreadsheet", "Write --xlsx hits.xlsx"]),
        (["--xlsx", "hits.csv"], ["is not the name of a spreadsheet", ".xlsx"]),
        (["--xlsx", "-"], ["cannot be written to standard output"]),
        (["--xlsx", "a.xlsx", "--json"], ["--json --xlsx", "cannot be combined"]),
        (["--locale", "pt-BR", "--json"], ["concerns tables, CSV and XLSX", "--csv FILE or --xlsx FILE"]),
    ],
    ids=" ".join,
)
def test_a_file_of_another_form_than_its_option_is_refused(ask: Ask, words: list[str], said: list[str]) -> None:
    result = ask("plates", "FRI3E00", *words)
    assert isinstance(result.exception, ViapublicaError), result.output
    for word in said:
        assert word in str(result.exception)


def test_a_brazilian_csv_has_its_offset_its_words_and_its_notes(ask: Ask, tmp_path: Path) -> None:
    table, book = tmp_path / "leituras.csv", tmp_path / "leituras.xlsx"
    words = ("plates", "FRI3E00", "NIL0A00", "--zone", "America/Sao_Paulo", "--locale", "pt-BR")
    for option, target in (("--csv", table), ("--xlsx", book)):
        assert ask(*words, option, target).exit_code == 0
    for row in csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig")), delimiter=";"):
        assert row["data e hora (UTC-03:00)"].startswith("21/09/2026 11:")
        assert (row["tipo"], row["veículo"], row["padrão"]) == ("leitura de placa", "carro", "Mercosul")
    beside = csv.reader(io.StringIO((tmp_path / "leituras.notas.csv").read_text(encoding="utf-8-sig")), delimiter=";")
    expected = [tuple(cell or "" for cell in row) for row in load_workbook(book)["notas"].iter_rows(values_only=True)]
    assert [tuple(row) for row in beside][1:] == expected
    assert expected[0] == ("fuso horário", "America/Sao_Paulo")
    assert ("", "NIL0A00") in expected
    assert {"completa", "não vistas"} <= {name for name, _ in expected}
    assert ("não vistas", "não vistas: 1 de 2: NIL0A00") in expected


def test_the_columns_of_a_list_are_in_every_form_of_the_answer(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "lista.csv").write_bytes("Motivo;placa;count\nroubo;FRI3E00;=1+1\n".encode("cp1252"))
    words = ("plates", "--file", tmp_path / "lista.csv")
    assert all(read["list"] == {"Motivo": "roubo", "count": "=1+1"} for read in rows(ask(*words, "--json")))
    shown = ask(*words).stdout
    assert "Motivo" in shown
    assert "roubo" in shown
    for row in csv.DictReader(io.StringIO(ask(*words, "--csv", "-").stdout)):
        assert (row["list: Motivo"], row["list: count"]) == ("roubo", "'=1+1"), "no formula"
    assert ask(*words, "--xlsx", tmp_path / "x.xlsx", "--locale", "pt-BR").exit_code == 0
    heading, first, *_ = load_workbook(tmp_path / "x.xlsx")["respostas"].iter_rows()
    cells = {name.value: cell for name, cell in zip(heading, first, strict=True)}
    assert cells["lista: Motivo"].value == "roubo"
    assert (cells["lista: count"].value, cells["lista: count"].data_type) == ("=1+1", "s")
    assert ask(*words, "--parquet", tmp_path / "x.parquet").exit_code == 0
    assert set(pq.read_table(tmp_path / "x.parquet")["list: Motivo"].to_pylist()) == {"roubo"}


def test_traffic_says_what_its_counts_are(ask: Ask, tmp_path: Path) -> None:
    assert "counts are tracks that began: a vehicle that is lost and found again counts twice" in ask("traffic").stderr
    assert ask("traffic", "--xlsx", tmp_path / "x.xlsx", "--locale", "pt-BR").exit_code == 0
    notes = [row[1] for row in load_workbook(tmp_path / "x.xlsx")["notas"].iter_rows(values_only=True)]
    assert any("um veículo perdido e reencontrado conta duas vezes" in str(note) for note in notes)
    assert "counts are tracks" not in ask("traffic", "--speeds").stderr


def test_times_of_a_spreadsheet_name_their_zone_in_every_locale(ask: Ask, tmp_path: Path) -> None:
    for zone, offset in (("America/Sao_Paulo", "UTC-03:00"), ("UTC", "UTC+00:00")):
        assert ask("plates", "FRI3E00", "--zone", zone, "--xlsx", tmp_path / "x.xlsx").exit_code == 0
        first = next(load_workbook(tmp_path / "x.xlsx")["answer"].iter_rows(values_only=True))
        assert f"time ({offset})" in first
    assert ask("plates", "FRI3E00", "--csv", tmp_path / "x.csv").exit_code == 0
    heading = (tmp_path / "x.csv").read_text().splitlines()[0]
    assert heading.startswith("time,"), "each time of a machine CSV carries its own offset"


def test_a_person_reads_time_camera_place_plate_first_and_ids_last(ask: Ask) -> None:
    heading = ask("plates", "FRI3E00", "--csv", "-").stdout.splitlines()[0].split(",")
    assert heading[:6] == ["time", "camera_id", "camera_name", "latitude", "longitude", "plate"]
    assert heading[6] == "asked_plate"
    assert heading[-3:] == ["event_id", "schema_version", "stream_id"]
    heading = ask("events", "--csv", "-").stdout.splitlines()[0].split(",")
    assert heading[:4] == ["time", "kind", "camera_id", "camera_name"]
    assert "event_id" in heading[-3:]
    assert ask("route", "FRI3E00", "--csv", "-").stdout.splitlines()[0].endswith(",from_event_id,to_event_id")
    table = ask("plates", "FRI3E00", "ABC1234").stdout
    places = [table.index(word) for word in ("time", "camera", "plate ", "asked plate", "layout")]
    assert places == sorted(places)


def test_plates_of_a_list_that_were_not_seen_are_rows_with_what_the_list_says(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "lista.csv").write_text("placa;motivo\nFRI3E00;roubo\nNIL0A00;furto\n")
    words = ("plates", "--file", tmp_path / "lista.csv")
    unseen = {"asked_plate": "NIL0A00", "status": "not-seen", "list: motivo": "furto", "time": "", "plate": ""}
    read = list(csv.DictReader(io.StringIO(ask(*words, "--csv", "-").stdout)))
    assert [(row["asked_plate"], row["status"]) for row in read[:-1]] == [("FRI3E00", "read")] * 2
    assert unseen.items() <= read[-1].items()
    assert ask(*words, "--parquet", tmp_path / "x.parquet").exit_code == 0
    last = pq.read_table(tmp_path / "x.parquet").to_pylist()[-1]
    assert (last["asked_plate"], last["list: motivo"], last["time"], last["event_id"]) == (
        "NIL0A00",
        "furto",
        None,
        None,
    )
    assert ask(*words, "--xlsx", tmp_path / "x.xlsx", "--locale", "pt-BR").exit_code == 0
    heading, *lines = load_workbook(tmp_path / "x.xlsx")["respostas"].iter_rows(values_only=True)
    last = dict(zip(heading, lines[-1], strict=True))
    assert (last["placa procurada"], last["situação"], last["lista: motivo"]) == ("NIL0A00", "não vista", "furto")
    *found, end = map(json.loads, ask(*words, "--json").stdout.splitlines())
    assert [row["asked_plate"] for row in found] == ["FRI3E00"] * 2
    (note,) = [note for note in end["answer"]["notes"] if note["code"] == "not-seen"]
    assert note["list"] == {"NIL0A00": {"motivo": "furto"}}
    (line,) = [line for line in ask(*words).stdout.splitlines() if "not seen" in line]
    assert ("NIL0A00" in line, "furto" in line) == (True, True)


def test_a_read_that_only_resembles_the_plate_has_a_status_of_its_own(ask: Ask, tmp_path: Path) -> None:
    """ABC1D34 was read itself; ABC1C34 and its old form ABC1234 differ from it by one character."""
    (tmp_path / "l.txt").write_text("ABC1D34\n")
    words = ("plates", "--file", tmp_path / "l.txt", "--errors", "1")
    expected = {("ABC1D34", "read"), ("ABC1C34", "similar"), ("ABC1234", "similar")}
    read = csv.DictReader(io.StringIO(ask(*words, "--csv", "-").stdout))
    assert {(row["plate"], row["status"]) for row in read} == expected
    assert ask(*words, "--parquet", tmp_path / "x.parquet").exit_code == 0
    stored = pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert {(row["plate"], row["status"]) for row in stored} == expected
    found = map(json.loads, ask("plates", "ABC1D34", "--errors", "1", "--json").stdout.splitlines()[:-1])
    assert {(row["plate"], row["status"]) for row in found} == expected, "also of a plate that is not in a list"
    assert ask(*words, "--xlsx", tmp_path / "x.xlsx", "--locale", "pt-BR").exit_code == 0
    heading, *lines = load_workbook(tmp_path / "x.xlsx")["respostas"].iter_rows(values_only=True)
    rows = [dict(zip(heading, line, strict=True)) for line in lines]
    assert {(row["placa"], row["situação"]) for row in rows} == {
        ("ABC1D34", "lida"),
        ("ABC1C34", "semelhante"),
        ("ABC1234", "semelhante"),
    }
    lines = ask(*words).stdout.splitlines()
    assert [line for line in lines if "ABC1C34" in line and "similar" in line]
    assert [line for line in lines if "ABC1D34" in line and "similar" not in line]


def test_a_table_for_brazil_has_headings_words_and_notes_in_portuguese(ask: Ask) -> None:
    form = ("--locale", "pt-BR", "--zone", "America/Sao_Paulo")
    result = ask("plates", "ABC1234", "NIL0A00", *form)
    for word in ("Leituras de ABC1234", "data e hora", "câmera", "placa procurada", "padrão", "21/09/2026", "carro"):
        assert word in result.stdout, word
    assert "aviso: " in result.stderr
    for words in (["events"], ["cameras"], ["convoy", "ABC1234"], ["route", "ABC1234"], ["clones", "ABC1234"]):
        shown = ask(*words, *form).stdout
        assert not {"time", "camera", "kind", "plate", "from", "state"} & set(shown.replace("┃", " ").split()), words
    assert "Velocidades a cada 1h" in ask("traffic", "--speeds", "--every", "1h", *form).stdout


def test_a_list_of_which_nothing_was_seen_is_no_empty_file(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "lista.csv").write_text("placa;motivo\nNIL0A00;furto\n")
    result = ask("plates", "--file", tmp_path / "lista.csv", "--csv", "-")
    assert result.exit_code == 4, "no life signs are stored"
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["asked_plate"], row["status"], row["list: motivo"]) == ("NIL0A00", "not-seen", "furto")
    beyond = ask("plates", "--file", tmp_path / "lista.csv", "--csv", "-", "--offset", "5")
    assert len(beyond.stdout.splitlines()) == 1, "a later page says nothing about plates not seen"


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
def test_local_times_in_utc_are_warned_about_unless_asked_for(
    ask: Ask, zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    words = ("plates", "FRI3E00", "--xlsx", tmp_path / "x.xlsx", "--locale", "pt-BR")
    try:
        result, asked = ask(*words), ask(*words, "--zone", "UTC")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ("acrescente --zone America/Sao_Paulo" in result.stderr) == (zone == "UTC")
    assert "acrescente --zone" not in asked.stderr
    assert load_workbook(tmp_path / "x.xlsx")["notas"]["B1"].value == "UTC"


def test_every_word_of_the_program_has_a_portuguese_one() -> None:
    for column, kinds in (
        ("kind", Kind),
        ("layout", Layout),
        ("severity", Severity),
        ("state", SourceState),
        ("rule", AlertRule),
    ):
        derived = {"no-life-sign", *(one.value for one in IncidentState)} if column == "state" else set()
        assert set(VALUES[column]) == {one.value for one in kinds} | derived, column
    assert set(VALUES["vehicle"]) == set(VALUES["label"]) == {label.word for label in Label}
    assert set(NOTES) == {code.value for code in NoteCode}


def test_messages_beside_a_brazilian_file_are_portuguese(ask: Ask, tmp_path: Path) -> None:
    form = ("--locale", "pt-BR", "--csv", tmp_path / "x.csv")
    mode, *lines = ask("plates", "NIL0A00", *form).stderr.splitlines()
    assert mode.startswith("modo de avaliação: não há pessoas cadastradas; o usuário ")
    assert lines[0] == "nada encontrado, mas a resposta pode estar incompleta"
    assert {line.partition(":")[0] for line in lines[1:]} == {"aviso", "nota"}
    assert f"nota: as notas também estão em {tmp_path / 'x.notas.csv'}" in lines
    assert "a configuração não tem latitude e longitude de nowhere; os trechos" in ask("route", "XYZ9A99", *form).stderr


def test_a_route_has_one_row_for_all_reads_of_a_camera(tmp_path: Path) -> None:
    fill_store(tmp_path / "data", [seen(n, "FRI3E00", "se", 60 * n) for n in range(3)])
    (tmp_path / "city.yaml").write_text("cameras: [{id: se, source: a.mp4, scope: public-road}]")
    words = ("route", "FRI3E00", "--config", tmp_path / "city.yaml")
    shown = viapublica_here(*words).stdout
    assert "3 reads there, to" in shown
    (leg, _) = map(json.loads, viapublica_here(*words, "--json").stdout.splitlines())
    assert (leg["reads"], leg["seconds"], leg["distance_m"]) == (3, 120.0, 0.0)
