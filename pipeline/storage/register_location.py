"""Location of the register where none is named: one for disclosures, erasures and backups."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.errors import ReleaseError

REGISTER_FOLDER: Final = "viapublica-register"
_FILE: Final = "register.db"
_USUAL_DATA: Final = Path("data")
"""The data folder of a configuration that names none."""


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
