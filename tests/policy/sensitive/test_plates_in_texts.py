"""Texts that stay for ever in registers and audit name no plate: what was erased would be found there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.app.release.register_service import file_content
from pipeline.domain.disclosure import LegalBasis, Request
from pipeline.domain.requester import Requester
from pipeline.errors import PolicyError
from pipeline.governance.register import Register
from pipeline.policy.disclosure_texts import check_request_texts
from pipeline.policy.requester_texts import check_requester
from pipeline.policy.sensitive.screen import TextKind, standard_screen


@pytest.mark.parametrize("plate", ["ABC1D23", "abc-1d23", "ABC 1D23", "ABC-1234", "QBX 4821", "ABC1234/2026"])
@pytest.mark.parametrize("kind", [TextKind.REASON, TextKind.BODY])
def test_a_plate_is_refused(plate: str, kind: TextKind) -> None:
    with pytest.raises(PolicyError, match="names a plate") as refused:
        standard_screen().check("purpose", f"furto, veículo {plate}.", kind)
    assert plate not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "IPL 1234/2026",
        "Lei 8069",
        "SEI 2026",
        "dezembro de 2026",
        "tel. 3613-1234",
        "PAD 1234 / 2026",
        "câmera CAM-1001",
    ],
)
def test_numbers_of_cases_laws_and_devices_are_no_plates(text: str) -> None:
    standard_screen().check("purpose", text, TextKind.REASON)


def test_the_heads_of_lists_and_their_notes_may_name_plates() -> None:
    standard_screen().check("cell", "ABC1D23", TextKind.NOTE)


def test_no_field_of_a_disclosure_takes_one(tmp_path: Path) -> None:
    (tmp_path / "IMG_1234.mp4").write_bytes(b"video")
    (tmp_path / "ABC1D23.mp4").write_bytes(b"video")
    content = file_content(tmp_path / "IMG_1234.mp4")
    request = Request("Ana", "PJC", LegalBasis.POLICE, "furto", content, "IPL 1234/2026")
    check_request_texts(request, standard_screen())
    named = replace(request, content=file_content(tmp_path / "ABC1D23.mp4"))
    with pytest.raises(PolicyError, match="file: names a plate"):
        check_request_texts(named, standard_screen())
    with Register(str(tmp_path / "register.db")) as register:
        number = register.request(request).number
        with pytest.raises(PolicyError, match="names a plate"):
            register.refuse(number, "Bia", "a placa ABC1D23 é de outra pessoa")
    assert b"ABC1D23" not in (tmp_path / "register.db").read_bytes()


def test_neither_does_the_case_of_a_question() -> None:
    with pytest.raises(PolicyError, match="case: names a plate"):
        check_requester(Requester(user="ana", purpose="furto", case="ABC1D23"), standard_screen())
