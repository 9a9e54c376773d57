"""Location of the register: one for disclosures, erasures, people, cameras and backups."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pipeline.errors import ReleaseError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

REGISTER_FOLDER: Final = "viapublica-register"
_FILE: Final = "register.db"
_USUAL_DATA: Final = Path("data")
"""The data folder of a configuration that names none."""
_NOTE: Final = "registry.json"
"""In the data folder of an installation whose people are registered: where their registry is."""


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """Where the registry of people and cameras is.

    Attributes:
        where: an SQLite file, or an address.
        noted: whether the data folder states that it was set up, so that one that is missing or empty is an error.
    """

    where: str
    noted: bool


def note_registry(data_dir: Path, where: str) -> None:
    """State in a data folder that people are registered, and where: from then on there is no evaluation mode.

    Raises:
        OSError: it cannot be written.
    """
    place = where if "://" in where else str(Path(where).absolute())
    private_folder(data_dir)
    write_atomically(data_dir / _NOTE, json.dumps({"register": place}).encode())


def register_location(configured: str | None, data_dir: Path | None) -> str:
    """The register of a configuration: the one that it names, else the one that was set up, else the usual one.

    Args:
        configured: as the configuration names it; None where it does not.
        data_dir: its data folder; None where no configuration is known.

    Raises:
        ReleaseError: see `default_register`; or the note of the data folder cannot be read.
    """
    noted = "" if data_dir is None else _noted(data_dir)
    return configured or noted or default_register(data_dir)


def registry_place(configured: str | None, data_dir: Path) -> RegistryPlace | None:
    """The registry of a configuration, as of `register_location`; None in evaluation mode, where none was set up."""
    noted = bool(_noted(data_dir))
    where = register_location(configured, data_dir)
    return RegistryPlace(where, noted) if noted or "://" in where or _has_institution(Path(where)) else None


def _has_institution(path: Path) -> bool:
    """Whether an SQLite register has an institution; asked without SQLAlchemy, which takes long to import."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as database:
            tables = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'institutions'").fetchone()
            return tables is not None and database.execute("SELECT 1 FROM institutions LIMIT 1").fetchone() is not None
    except sqlite3.Error as error:
        raise ReleaseError(
            str(path),
            f"cannot be read ({error}), so it is not known whether people are registered",
            "Run the command as the user of the service, or name the register: register_database in the configuration",
        ) from error


def _noted(data_dir: Path) -> str:
    path = data_dir / _NOTE
    try:
        return str(json.loads(path.read_bytes())["register"])
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            str(path),
            f"does not say where the registry of people is ({type(error).__name__}), so nothing is answered",
            "Name it in the configuration (register_database), and set it up there again: viapublica init",
        ) from error


def default_register(data_dir: Path | None) -> str:
    """The register that exists in the working folder or in the data folder; else where a new one is created.

    Args:
        data_dir: the data folder of the configuration; None where no configuration is known.

    Raises:
        ReleaseError: there are two, so that entries and numbers would be divided among them; or the folders cannot be
            read.
    """
    here = Path(REGISTER_FOLDER) / _FILE
    of_data = (data_dir or _USUAL_DATA) / REGISTER_FOLDER / _FILE
    try:
        found = [path for path in (here, of_data) if path.exists()]
        two = len(found) > 1 and not here.samefile(of_data)
    except OSError as error:
        raise ReleaseError(
            str(error.filename or of_data),
            f"cannot be read ({error.strerror}), so it is not known whether the register is there",
            "Run the command as the user of the service, or name the register with --register",
        ) from error
    if two:
        raise ReleaseError(
            "register",
            f"exists twice, {here.absolute()} and {of_data.absolute()}, and each lacks the entries of the other",
            "Name one with --register or VIAPUBLICA_REGISTER; to end this, move the other to an archive",
        )
    return str(found[0] if found else here if data_dir is None else of_data)
