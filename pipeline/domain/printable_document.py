"""Printable documents (HTML), in Portuguese, the language of their readers; they load no resources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from html import escape
from typing import Any, Final

from pipeline.domain.times import local_time, offset_text

_STYLE: Final = (
    "body{font:11pt/1.4 sans-serif;margin:2cm;color:#111}h1{font-size:16pt}h2{font-size:12pt;margin-top:1.6em}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.25em .5em;text-align:left;"
    "vertical-align:top}th{background:#eee}td.n{text-align:right}code{word-break:break-all}.sign{margin-top:3cm}"
)
_DIGEST: Final = re.compile(r"\b[0-9a-f]{40,}\b")
"""Digests, which a line may break anywhere: a table that holds them fits the sheet of paper."""
SIGNATURE_LINE: Final = "<p class='sign'>_____________________________________________<br>Responsável</p>"


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a report: a table, or a sentence where it has no rows.

    Attributes:
        title: of the section; head: of the columns; rows: of the table.
        none: shown without rows; note: shown below the table.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    none: str = "Nenhum registro neste mês."
    note: str = ""

    def html(self) -> str:
        """For `render_document`."""
        shown = table(self.head, self.rows) if self.rows else f"<p>{escape(self.none)}</p>"
        return f"<h2>{escape(self.title)}</h2>{shown}" + (f"<p>{escape(self.note)}</p>" if self.note else "")

    def plain(self) -> dict[str, Any]:
        """For the template `report` of typeset documents."""
        rows = [[str(cell) for cell in row] for row in self.rows]
        return {"title": self.title, "head": list(self.head), "rows": rows, "none": self.none, "note": self.note}


def render_document(title: str, parts: Iterable[str]) -> str:
    """A document with a title and parts, which are HTML."""
    return (
        f"<!doctype html><html lang='pt-BR'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; all texts are escaped, and numbers are aligned to the right."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head) if any(head) else ""
    lines = ("".join(map(_cell, row)) for row in rows)
    return f"<table>{f'<tr>{titles}</tr>' if titles else ''}{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def moment(at_ms: int | None, zone: tzinfo | None) -> str:
    """A time with its offset; None is an open end."""
    if at_ms is None:
        return "em aberto"
    local = local_time(at_ms, zone)
    return f"{local:%d/%m/%Y %H:%M:%S} ({offset_text(local)})"


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"<td class='n'>{value}</td>"
    text = _DIGEST.sub(r"<code>\g<0></code>", escape(str(value)))
    return f"<td>{text}</td>"
