"""`viapublica release certificate`: a certificate for signing releases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common.console import out, say
from pipeline.cli.release.app import app
from pipeline.errors import ReleaseError


@app.command()
def certificate(
    institution: Annotated[str, typer.Argument(help="The institution that signs.", show_default=False)],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the files.")] = Path("certificate"),
) -> None:
    """Create a certificate for signing releases, where the institution has none (ICP-Brasil or other) yet.

    Example: [bold]viapublica release certificate "SSP-MT" --out certificate[/]
    """
    if not institution.strip():
        raise ReleaseError("institution", "is empty", "Name it, such as viapublica release certificate SSP-MT")
    from pipeline.anonymize.signing_certificate import make_identity  # here: cryptography takes long to import

    made, key, authority = make_identity(institution.strip(), folder)
    say(out, ("created ", "bold"), f"{made}, {key} (readable by this user only) and {authority}")
    say(out, f"sign with --certificate {made} --key {key}; give {authority} to the recipients of clips")
