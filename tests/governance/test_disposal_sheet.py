"""The report of disposals as a Brazilian public servant writes it: months in words, thousands with points."""

from __future__ import annotations

import pytest

from pipeline.domain.disposal import Disposal, Disposed
from pipeline.governance.disposal_sheet import disposal_report
from tests.governance.entries import ms
from tests.governance.test_subject_letters import HEAD

AT = ms("2026-11-21T03:10-03:00")
PART = Disposed(kind="events", name="plate_reads", first_ms=AT - 86_400_000, last_ms=AT, number=1235, held=1)
DISPOSAL = Disposal(number="D2026/000001", at_ms=AT, place="data/events", by="run", parts=(PART,), holds=("0c5f11a2",))


@pytest.mark.parametrize(
    ("about", "title"),
    [("2026-11", "novembro de 2026"), ("D2026/000001", "D2026/000001"), ("2026-13", "2026-13")],
)
def test_a_report_names_its_month_in_words_and_groups_thousands(about: str, title: str) -> None:
    found = disposal_report([DISPOSAL], {}, HEAD, about)
    assert found["title"] == f"Relatório de descartes: {title}"
    ((row,),) = [section["rows"] for section in found["sections"]]
    assert row[5:9] == ["1.235 registros", "1", "0c5f11a2", "automático"]
