"""Plates of the command line: from an argument, a file or standard input."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli.common.plate_input import given_plate, given_plates
from pipeline.errors import ViapublicaError


@pytest.mark.parametrize("name", ["lista.csv", "wanted.TXT", "dir/placas.xlsx"])
def test_the_name_of_a_list_is_no_plate_and_the_option_for_it_is_named(name: str) -> None:
    with pytest.raises(ViapublicaError, match=f"is the name of a file.*--file {name}"):
        given_plates(["ABC1D23", name])
    with pytest.raises(ViapublicaError, match=f"is the name of a file.*@{name}"):
        given_plate(name)


def test_plates_and_files_after_an_at_sign_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("ABC1D23\n")
    assert given_plates(["abc-1234", f"@{tmp_path / 'one.txt'}"]) == ["abc-1234", "ABC1D23"]
    assert given_plate(None) is None


def test_a_file_of_several_plates_is_no_plate_and_the_option_for_lists_is_named(tmp_path: Path) -> None:
    (tmp_path / "two.txt").write_text("ABC1D23\nFRI3E00\n")
    with pytest.raises(ViapublicaError, match=f"holds 2 lines.*--file {tmp_path / 'two.txt'}"):
        given_plate(f"@{tmp_path / 'two.txt'}")
