"""The register that no option names is one and the same for every command; two are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ReleaseError
from pipeline.storage.register_location import default_register

HERE = Path("viapublica-register", "register.db")


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(path: Path) -> str:
    path.parent.mkdir(parents=True)
    path.touch()
    return str(path)


def test_a_new_register_belongs_to_the_data_folder_if_one_is_known() -> None:
    assert default_register(Path("city")) == str("city" / HERE)
    assert default_register(None) == str(HERE)


def test_the_one_that_exists_is_used_whether_a_configuration_is_known_or_not() -> None:
    of_data = made("data" / HERE)
    assert default_register(Path("data")) == default_register(None) == of_data


def test_that_of_the_working_folder_is_used_if_the_data_folder_has_none() -> None:
    here = made(HERE)
    assert default_register(Path("data")) == default_register(None) == here
    assert default_register(Path()) == here, "the data folder is the working folder"


def test_two_registers_are_refused_by_their_names(tmp_path: Path) -> None:
    made(HERE)
    made("city" / HERE)
    with pytest.raises(ReleaseError, match=r"exists twice, .* lacks the entries of the other.*--register") as refused:
        default_register(Path("city"))
    assert str(tmp_path / HERE) in str(refused.value)
    assert str(tmp_path / "city" / HERE) in str(refused.value)


def test_a_folder_that_cannot_be_read_is_no_missing_register(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(ReleaseError, match=r"cannot be read \(Permission denied\), so it is not known"):
        default_register(Path("city"))
