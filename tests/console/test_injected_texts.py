"""Texts of cameras, plates, cases and people stay text: no payload changes the elements of a page."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from html.parser import HTMLParser
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.console.answer_file import FileHead, csv_file
from pipeline.console.problem_pages import shown
from pipeline.domain.purpose import Purpose
from pipeline.errors import ViapublicaError
from tests.console.filled_pages import pages
from tests.console.filled_values import READER
from tests.console.xss_payloads import PAYLOADS


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes, and the values of those that lead somewhere."""

    def __init__(self, html: str, text: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self._text = text
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))
        for name, value in attrs:
            if name in {"href", "src", "action", "formaction"} or name.startswith("hx-"):
                assert not (value or "").lower().startswith(("javascript:", "data:", "//", "http")), value

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.found.append("declaration")


@pytest.fixture(scope="module")
def plain() -> Mapping[str, list[object]]:
    return {name: Structure(html, "texto").found for name, html in pages("texto").items()}


def test_there_are_two_hundred_different_payloads() -> None:
    assert len(set(PAYLOADS)) == 200


@pytest.mark.parametrize("part", range(4))
def test_no_payload_changes_the_elements_of_a_page(part: int, plain: Mapping[str, list[object]]) -> None:
    for payload in PAYLOADS[part::4]:
        for name, html in pages(payload).items():
            assert Structure(html, payload).found == plain[name], (name, payload)


def test_a_payload_that_is_not_escaped_would_be_noticed(plain: Mapping[str, list[object]]) -> None:
    html = pages("texto")["plates: reads"].replace("texto", PAYLOADS[1])
    assert Structure(html, PAYLOADS[1]).found != plain["plates: reads"]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_a_file_is_a_formula(begin: str) -> None:
    text = f"{begin}HYPERLINK(1)"
    person: Any = SimpleNamespace(name=text, login="caio", institution="guarda", sector="central")
    row = {"plate": text, "camera_id": text, "ts_ms": 1, "confidence": 0.5, "votes": 3, "vehicle": text}
    content = csv_file([row], list(row), READER, FileHead(person, Purpose.CRISIS, text, "n.csv", 1, complete=True))
    cells = [cell for line in csv.reader(StringIO(content.decode("utf-8-sig")), delimiter=";") for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert f"'{text}" in cells


def test_an_error_repeats_no_plate() -> None:
    found = shown(ViapublicaError("plate 'ABC1D23'", "is unknown", "Search ABC1D23"), READER, "1")
    assert "ABC1D23" not in found.text + found.fix
