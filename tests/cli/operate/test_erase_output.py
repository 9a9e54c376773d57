"""The outcome of an erasure in the register's list."""

from __future__ import annotations

import pytest

from pipeline.cli.operate.erase_output import outcome_in_words
from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.erasure import ErasureRecord


def record(number: int, left: int = 0, held: int = 0) -> ErasureRecord:
    erased = [{"number": number, "left": left, "held": held}]
    document = canonical_json({"result": {"erased": erased, "held": [["8 files", "8 arquivos"]] if held else []}})
    return ErasureRecord("E2026/000001", 1, "Ana", 2, {}, document, b"")


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (record(5), "erased"),
        (record(0), "nothing found"),
        (record(0, held=8), "incomplete: 0 erased, 0 left, 8 files preserved by holds"),
        (record(5, left=2), "incomplete: 3 erased, 2 left"),
        (ErasureRecord("E2026/000001", 1, "Ana", None, {}, "", b""), "not finished: erase again"),
        (ErasureRecord("E2026/000001", 1, "Ana", 2, {}, "", b"", "inquiry 3/2026"), "refused"),
    ],
)
def test_an_erasure_is_listed_as_what_it_did(of: ErasureRecord, words: str) -> None:
    assert outcome_in_words(of.outcome) == words
