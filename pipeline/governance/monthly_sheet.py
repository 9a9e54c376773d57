"""Monthly sheet of disclosures (XLSX): recipient, content, purpose and decision (decree 18.743/2014 art. 9).

Its language is Portuguese, that of its readers.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.domain.disclosure import Disclosure, DisclosureState, LegalBasis, Request
from pipeline.domain.institution import LAW_OF_DISCLOSURES, Institution
from pipeline.domain.months import month_span_ms
from pipeline.domain.spreadsheet_text import spreadsheet_text
from pipeline.domain.times import local_time
from pipeline.errors import ReleaseError
from pipeline.policy.evidence import requisition_number

_Value = str | datetime | None

_BASES: Final = {
    LegalBasis.JUDICIARY: "Poder Judiciário",
    LegalBasis.PUBLIC_MINISTRY: "Ministério Público",
    LegalBasis.POLICE: "Polícia",
    LegalBasis.AGREEMENT: "Convênio",
    LegalBasis.RESEARCH: "Pesquisa",
    LegalBasis.MEDIA: "Imprensa",
}
_MOMENT: Final = "dd/mm/yyyy hh:mm"
_NONE: Final = "Nenhuma disponibilização foi pedida, decidida, feita ou entregue neste mês."
_HEAD_ROWS: Final = 6
_TITLE_ROW: Final = _HEAD_ROWS + 2


@dataclass(frozen=True, slots=True)
class SheetHead:
    """The lines above the columns.

    Attributes:
        institution: of the register, and its law.
        month: such as ``2026-11``.
        made_ms: time of the sheet, milliseconds since 1970 UTC.
        zone: of all its times; None for the machine's.
        journal: number of the journal's entries and the last one's hash: the sheet proves later that no earlier entry
            was removed.
    """

    institution: Institution
    month: str
    made_ms: int
    zone: tzinfo | None = None
    journal: tuple[int, str] = (0, "")

    @property
    def partial(self) -> bool:
        """Whether the month is not over, so that later disclosures are missing.

        Raises:
            ViapublicaError: it is not a month, or has not begun.
        """
        begin_ms, last_ms = month_span_ms(self.month, self.zone)
        if self.made_ms < begin_ms:
            raise ReleaseError(f"month {self.month}", "has not begun", "Write the sheet when it is over")
        return self.made_ms <= last_ms


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: float
    value: Callable[[Disclosure, tzinfo | None], _Value]


def render_sheet(disclosures: Sequence[Disclosure], head: SheetHead) -> bytes:
    """The XLSX file.

    Args:
        disclosures: those of the month, see `Register.list`.
        head: the lines above them.
    """
    workbook = Workbook()
    sheet = workbook.active
    if not isinstance(sheet, Worksheet):  # a new workbook has one
        raise TypeError("no worksheet")
    sheet.title = f"Disponibilizações {head.month}"
    _write_head(sheet, head)
    for number, column in enumerate(_COLUMNS, start=1):
        cell = _put(sheet, _TITLE_ROW, number, column.title)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDEBEA")
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    for row, found in enumerate(disclosures, start=_TITLE_ROW + 1):
        for number, column in enumerate(_COLUMNS, start=1):
            _put(sheet, row, number, column.value(found, head.zone))
    if not disclosures:
        _put(sheet, _TITLE_ROW + 1, 1, _NONE).alignment = Alignment(wrap_text=False)
    _set_up_print(sheet)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _write_head(sheet: Worksheet, head: SheetHead) -> None:
    made = local_time(head.made_ms, head.zone)
    year, month = head.month.split("-")
    entries, last = head.journal
    lines = (
        ("Registro de disponibilizações de imagens", ""),
        ("Instituição", head.institution.name or "não informada"),
        ("Fundamento legal", head.institution.legal_grounds(LAW_OF_DISCLOSURES)),
        ("Mês", f"{month}/{year}" + (f" – parcial, até {made:%d/%m/%Y %H:%M}" if head.partial else "")),
        ("Emitido em", f"{made:%d/%m/%Y %H:%M} (UTC{_offset(made)}; todas as datas estão neste fuso)"),
        ("Diário", f"último registro: nº {entries}, {last}" if entries else "sem registros"),
    )
    for row, (name, value) in enumerate(lines, start=1):
        for column, text in ((1, name), (3, value)):
            cell = _put(sheet, row, column, text)
            cell.alignment = Alignment(wrap_text=False)
            cell.font = Font(bold=column == 1, size=14 if row == 1 else 11)


def _put(sheet: Worksheet, row: int, column: int, value: _Value) -> Cell:
    """A cell with text or a time, and never a formula."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):  # nothing is merged here
        raise TypeError("no cell")
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if isinstance(value, datetime):
        cell.value, cell.number_format = value, _MOMENT
    elif value:
        cell.value = spreadsheet_text(value)
        cell.data_type, cell.number_format = "s", "@"
        cell.quotePrefix = True
    return cell


def _set_up_print(sheet: Worksheet) -> None:
    sheet.freeze_panes = sheet.cell(_TITLE_ROW + 1, 2)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{_TITLE_ROW}:{_TITLE_ROW}"
    sheet.oddFooter.right.text = "&P / &N"


def _cell_time(ts_ms: int | None, zone: tzinfo | None) -> datetime | None:
    """The local time without its zone, which spreadsheets cannot store."""
    return None if ts_ms is None else local_time(ts_ms, zone).replace(tzinfo=None, microsecond=0)


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}"


def _content(request: Request) -> str:
    """Camera, public name of the location, file."""
    content = request.content
    camera = f"câmera {content.camera_id}" if content.camera_id else ""
    file = f"arquivo {content.file_name} (SHA-256 {content.file_sha256})" if content.is_file else ""
    return "\n".join(part for part in (camera, request.overlay.place, file) if part)


def _period(request: Request, zone: tzinfo | None) -> str:
    """The requested span; of a file, the date of its overlay."""
    content = request.content
    if content.begin_ms is None or content.end_ms is None:
        return request.overlay.date
    begin, end = local_time(content.begin_ms, zone), local_time(content.end_ms, zone)
    return " a ".join(f"{moment:%d/%m/%Y %H:%M:%S} (UTC{_offset(moment)})" for moment in (begin, end))


def _declaration(found: Disclosure) -> str:
    declaration = found.declaration
    return "não há" if declaration is None else f"{declaration.name}\nSHA-256 {declaration.sha256}"


def _decision(found: Disclosure) -> str:
    if found.state is DisclosureState.REQUESTED:
        return "pendente"
    return "recusada" if found.state is DisclosureState.REFUSED else "aprovada"


def _files(found: Disclosure) -> str:
    return "\n".join(f"{file.name}{_file_note(file.policy)}: {file.sha256}" for file in found.files)


def _file_note(policy: Mapping[str, Any]) -> str:
    if not policy.get("evidence"):
        return ""
    masked = policy.get("masks_filled_when_recorded")
    return f" (imagens originais, lacradas{'; máscaras de privacidade preenchidas na gravação' if masked else ''})"


def _last_built(found: Disclosure, zone: tzinfo | None) -> datetime | None:
    return _cell_time(found.files[-1].built_ms, zone) if found.files else None


_COLUMNS: Final = (
    _Column("Nº", 14, lambda found, _: found.number),
    _Column("Data do pedido", 17, lambda found, zone: _cell_time(found.requested_ms, zone)),
    _Column("Destinatário", 28, lambda found, _: found.request.recipient),
    _Column("Documento", 22, lambda found, _: requisition_number(found.request.recipient_document)),
    _Column("Base legal", 18, lambda found, _: _BASES[found.request.basis]),
    _Column("Finalidade", 40, lambda found, _: found.request.purpose),
    _Column("Conteúdo (câmera)", 28, lambda found, _: _content(found.request)),
    _Column("Período", 24, lambda found, zone: _period(found.request, zone)),
    _Column("Declaração ou requisição", 30, lambda found, _: _declaration(found)),
    _Column("Registrado por", 20, lambda found, _: found.request.requested_by),
    _Column("Decisão", 12, lambda found, _: _decision(found)),
    _Column("Decidido por", 20, lambda found, _: found.decided_by),
    _Column("Data da decisão", 17, lambda found, zone: _cell_time(found.decided_ms, zone)),
    _Column("Motivos", 36, lambda found, _: found.reasons),
    _Column("Arquivo (SHA-256)", 40, lambda found, _: _files(found)),
    _Column("Vídeo produzido em", 19, _last_built),
    _Column("Entregue em", 17, lambda found, zone: _cell_time(found.delivered_ms, zone)),
    _Column("Entregue por", 20, lambda found, _: found.delivered_by),
)
