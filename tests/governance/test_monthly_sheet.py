"""The monthly sheet, read back cell by cell."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline.domain.disclosure import Content, Disclosure, Request
from pipeline.domain.institution import LAW_OF_DISCLOSURES, Institution
from pipeline.governance.monthly_sheet import SheetHead, render_sheet
from pipeline.governance.register import Register
from tests.governance.entries import SAO_PAULO, SHA, StoppedClock, built_file, footage, ms, request, signed

TITLES = [
    "Nº",
    "Data do pedido",
    "Destinatário",
    "Documento",
    "Base legal",
    "Finalidade",
    "Conteúdo (câmera)",
    "Período",
    "Declaração ou requisição",
    "Registrado por",
    "Decisão",
    "Decidido por",
    "Data da decisão",
    "Motivos",
    "Arquivo (SHA-256)",
    "Vídeo produzido em",
    "Entregue em",
    "Entregue por",
]


def head(month: str = "2026-11") -> SheetHead:
    ours = Institution("SSP-MT", "Lei nº 11.766/2022 (Mato Grosso)")
    return SheetHead(ours, month, ms("2026-12-01T08:00-03:00"), SAO_PAULO, (5, "f" * 64))


def opened(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content)).active


def rows(sheet: Any) -> list[dict[str, Any]]:
    assert [cell.value for cell in sheet[8]] == TITLES
    return [dict(zip(TITLES, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=9)]


def test_every_column_is_filled(register: Register, tmp_path: Path, clock: StoppedClock) -> None:
    clock.now_ms = ms("2026-10-31T23:30-03:00")  # the day before in Cuiabá and here, November in UTC
    early = register.request(request(content=Content(file_name="street.mp4", file_sha256="cd" * 32))).number
    clock.now_ms = ms("2026-11-23T09:15-03:00")
    done = register.request(request(), signed(tmp_path)).number
    register.approve(done, "Beatriz Lima", "o juiz pediu")
    register.built(done, built_file(), "Carla")
    clock.now_ms = ms("2026-11-30T23:59-03:00")
    register.delivered(done, "Dora")
    register.refuse(early, "Beatriz Lima", "fora da finalidade")
    clock.now_ms = ms("2026-12-01T00:00-03:00")
    register.request(request())

    sheet = opened(render_sheet(register.list(month="2026-11"), head()))
    refused, delivered = rows(sheet)
    assert delivered == {
        "Nº": "2026/000002",
        "Data do pedido": datetime(2026, 11, 23, 9, 15),
        "Destinatário": "12ª Vara Criminal",
        "Documento": "0001234-56.2026.8.21.0001",
        "Base legal": "Poder Judiciário",
        "Finalidade": "prova no processo 0001234-56.2026",
        "Conteúdo (câmera)": "câmera av-brasil-900\nAvenida do CPA",
        "Período": "30/10/2026 08:00:00 (UTC-03:00) a 30/10/2026 08:30:00 (UTC-03:00)",
        "Declaração ou requisição": f"declaração.pdf\nSHA-256 {_declared(register, done)}",
        "Registrado por": "Ana Souza",
        "Decisão": "aprovada",
        "Decidido por": "Beatriz Lima",
        "Data da decisão": datetime(2026, 11, 23, 9, 15),
        "Motivos": "o juiz pediu",
        "Arquivo (SHA-256)": f"release.mp4: {SHA}",
        "Vídeo produzido em": datetime(2026, 11, 23, 9, 15),
        "Entregue em": datetime(2026, 11, 30, 23, 59),
        "Entregue por": "Dora",
    }
    assert refused["Nº"] == early
    assert refused["Data do pedido"] == datetime(2026, 10, 31, 23, 30)
    assert refused["Conteúdo (câmera)"].splitlines()[-1] == f"arquivo street.mp4 (SHA-256 {'cd' * 32})"
    assert refused["Declaração ou requisição"] == "não há"
    assert (refused["Decisão"], refused["Motivos"]) == ("recusada", "fora da finalidade")
    assert refused["Período"] == "novembro de 2026", "at the precision that may be disclosed"
    (pending,) = rows(opened(render_sheet(register.list(month="2026-12"), head("2026-12"))))
    assert pending["Decisão"] == "pendente"


def _declared(register: Register, number: str) -> str:
    declaration = register.get(number).declaration
    assert declaration is not None
    return declaration.sha256


def test_the_head_and_the_print_setup(register: Register) -> None:
    register.request(request())
    sheet = opened(render_sheet(register.list(), head()))
    assert sheet["C2"].value == "SSP-MT"
    assert sheet["C3"].value == "Lei nº 13.709/2018 (LGPD), arts. 7º, 23 e 26; Lei nº 11.766/2022 (Mato Grosso)"
    assert sheet["C4"].value == "11/2026"
    assert str(sheet["C5"].value).startswith("01/12/2026 08:00 (UTC-03:00")
    assert sheet["C6"].value == f"último registro: nº 5, {'f' * 64}"
    assert sheet.freeze_panes == "B9"
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$8:$8"
    assert sheet["F9"].alignment.wrap_text
    assert sheet.column_dimensions["F"].width == pytest.approx(40)
    assert sheet["B9"].number_format == "dd/mm/yyyy hh:mm"


def test_a_sheet_without_a_configured_law_cites_the_federal_law_alone() -> None:
    of_no_city = SheetHead(Institution(), "2026-11", ms("2026-12-01T08:00-03:00"), SAO_PAULO)
    sheet = opened(render_sheet((), of_no_city))
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert "não informada" in texts
    assert LAW_OF_DISCLOSURES in texts
    assert not any("18.743" in text or "Porto Alegre" in text for text in texts)


def test_an_empty_month_says_so() -> None:
    sheet = opened(render_sheet((), head()))
    assert str(sheet["A9"].value).startswith("Nenhuma disponibilização")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["=", "+", "-", "@", "\t=", "\n", "", "\ufffe", "\x00"]), st.text(max_size=60))
def test_no_text_becomes_a_formula_or_a_file_that_does_not_open(start: str, text: str) -> None:
    value = start + text
    wanted = Request("Ana", value, request().basis, value, footage(), recipient_document=value)
    sheet = opened(render_sheet((Disclosure("2026/000001", 0, wanted, reasons=value),), head()))
    for column in "CDFN":
        cell = sheet[f"{column}9"]
        assert cell.data_type in {"s", "n"}
        assert cell.value is None or isinstance(cell.value, str)
        if start in {"=", "+", "-", "@"}:
            assert cell.data_type == "s"
            assert cell.quotePrefix
            assert str(cell.value).startswith(start)


def test_a_text_longer_than_a_cell_is_cut() -> None:
    wanted = Request("Ana", "x" * 40_000, request().basis, "y", footage())
    sheet = opened(render_sheet((Disclosure("2026/000001", 0, wanted),), head()))
    assert len(sheet["C9"].value) == 32_767
