"""Lists of plates as people save them."""

from __future__ import annotations

import pytest

from pipeline.domain.plate_list import read_plate_list
from pipeline.errors import StoreError


@pytest.mark.parametrize(
    "data",
    [
        b"ABC1D23\nXYZ9A99\n",
        b"# stolen\r\n\r\n  abc-1d23 \r\nXYZ9A99\r\n",
        b"\xef\xbb\xbfplaca\nABC1D23\nXYZ9A99\n",
        b"placa;motivo\nABC1D23;roubo\nXYZ9A99;furto\n",
        b"ABC1D23;roubo\nXYZ9A99;furto\n",
        b"caso,Placa\n1,ABC1D23\n2,XYZ9A99\n",
        "motivo\tPLACA\nroubo\tABC1D23\nfurto\tXYZ9A99\n".encode("utf-16"),
        "observação;placa\nsão;ABC1D23\nnão;XYZ9A99\n".encode("cp1252"),
        b'"id";"license_plate"\n"1;2";"ABC1D23"\n"3";"XYZ9A99"\n',
        b"ABC1D23\nabc-1d23\nXYZ9A99\nXYZ9A99\n",
        "Placas roubadas, novembro de 2026\n\nCASO;PLACA DO VEÍCULO\n1;ABC1D23\n2;XYZ9A99\n".encode(),
        b"Relatorio;\nemitido em;22/11/2026\nplaca;motivo\nABC1D23;roubo\nXYZ9A99;furto\n",
        b"placa clonada;placa do veiculo\nsim;ABC1D23\nnao;XYZ9A99\n",
    ],
)
def test_the_plates_of_a_list_are_found_in_any_usual_form(data: bytes) -> None:
    found = read_plate_list(data, "wanted.csv")
    assert [plate.upper().replace("-", "") for plate in found.plates] == ["ABC1D23", "XYZ9A99"]


@pytest.mark.parametrize(
    ("data", "subject", "problem"),
    [
        (b"ABC1D23\nXYZ99\n", "wanted.csv:2", "has 5 characters"),
        (b"ABC1D23\n\nABC1D2?\n", "wanted.csv:3", "contains a wildcard"),
        (b"motivo;quem\nroubo;ana\n", "wanted.csv:1", "none of them is known"),
        (b"ABC1D23;FRI3E00\nXYZ9A99;ABC1234\n", "wanted.csv:1", "none of them is known"),
        (b"placa;motivo\nABC1D23;x\n;y\n", "wanted.csv:3", "no letter or digit"),
        (b"placa;placa anterior\nABC1D23;XYZ9A99\n", "wanted.csv:1", "column 1 and column 2 (placa anterior)"),
        (b"placa,placa\nABC1D23,XYZ9A99\n", "wanted.csv:1", "column 1 and column 2"),
        (b"placa,plate\nABC1D23,\n", "wanted.csv:1", "column 1 and column 2"),
        (b"placa;reboque\nABC1D23;\nFRI3E00;XYZ9A99\n", "wanted.csv:1", "column 1 and column 2 (reboque)"),
        (b"ABC1D23;roubo;\nFRI3E00;furto;XYZ9A99\n", "wanted.csv:1", "column 1 and column 3"),
        ("placa\n\u0410\u0410\u04101A11\n".encode(), "wanted.csv:2", "cyrillic capital letter a"),
        (b"", "wanted.csv", "holds no plate"),
        (b"placa\n", "wanted.csv", "holds no plate"),
        (b"PK\x03\x04....", "wanted.csv", "is a damaged spreadsheet"),
        (b"\xd0\xcf\x11\xe0....", "wanted.csv", "is a spreadsheet of an old format"),
        (b"a\0b", "wanted.csv", "is not text"),
    ],
)
def test_a_list_that_holds_something_else_is_refused_with_its_line(data: bytes, subject: str, problem: str) -> None:
    with pytest.raises(StoreError) as caught:
        read_plate_list(data, "wanted.csv")
    assert caught.value.subject.startswith(subject)
    assert problem in caught.value.problem


def test_what_a_list_with_a_title_says_is_under_its_headings() -> None:
    found = read_plate_list(b"Placas procuradas;\nPLACA DO VEICULO;motivo\nABC1D23;roubo\n", "wanted.csv")
    assert found.about("ABC1D23", "ABC1D23") == {"motivo": "roubo"}
    with pytest.raises(StoreError, match="XYZ99") as caught:
        read_plate_list(b"Titulo\nPlaca do veiculo\nXYZ99\n", "wanted.csv")
    assert caught.value.subject.startswith("wanted.csv:3"), "the line of the file"


def test_patterns_and_foreign_plates_are_taken_when_they_are_asked_for() -> None:
    assert read_plate_list(b"ABC*\nA?C1D23\n", "wanted", like=True).plates == ("ABC*", "A?C1D23")
    assert read_plate_list(b"AB123CD\nXYZ99\n", "wanted", any_plate=True).plates == ("AB123CD", "XYZ99")


def test_a_column_about_plates_that_holds_none_is_no_second_column_of_plates() -> None:
    found = read_plate_list(b"placa;UF da placa;placa clonada\nABC1D23;SP;sim\nFRI3E00;RJ;\n", "wanted.csv")
    assert found.columns == ("UF da placa", "placa clonada")


def test_the_other_columns_of_a_list_say_what_it_is_about() -> None:
    data = "Motivo;placa;Nº do caso;motivo\nroubo;ABC1234;17/2026;x\nfurto;abc1c34;17/2026;\n;XYZ9A99\n".encode()
    found = read_plate_list(data, "wanted.csv")
    assert found.columns == ("Motivo", "Nº do caso", "motivo")
    about = found.about("ABC1C34", "ABC1C34")
    assert about == {"Motivo": "roubo; furto", "Nº do caso": "17/2026", "motivo": "x"}, "both lines are one vehicle"
    assert found.about("XYZ9A99", "XYZ9A99") == {"Motivo": "", "Nº do caso": "", "motivo": ""}
    assert found.about("FRI3E00", "FRI3E00") == {"Motivo": "", "Nº do caso": "", "motivo": ""}


def test_columns_without_a_heading_or_with_the_same_one_stay_apart() -> None:
    assert read_plate_list(b"ABC1D23;roubo\nXYZ9A99;furto\n", "x").about("ABC1D23", "ABC1D23") == {"column 2": "roubo"}
    twice = read_plate_list(b"placa;motivo;motivo\nABC1D23;a;b\n", "x")
    assert twice.about("ABC1D23", "ABC1D23") == {"motivo": "a", "motivo (3)": "b"}
    assert read_plate_list(b"ABC1D23\n", "x").columns == ()


def test_a_read_belongs_to_the_plates_that_it_may_be() -> None:
    data = b"placa;motivo\nABC1D23;roubo\nABC1D28;furto\n"
    near = read_plate_list(data, "x", errors=1)
    assert near.about("ABC1D23", "ABC1D23") == {"motivo": "roubo"}, "an exact read is of that plate alone"
    assert near.about("ABC1D29", "ABC1D29") == {"motivo": "roubo; furto"}
    patterns = read_plate_list(b"placa;motivo\nABC*;a\n??C1D?3;b\n", "x", like=True)
    assert patterns.about("ABC1D23", "ABC1D23") == {"motivo": "a; b"}
    assert patterns.about("XXC1D23", "XXC1D23") == {"motivo": "b"}
