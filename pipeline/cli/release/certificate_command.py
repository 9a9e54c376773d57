"""`viapublica release certificate`: a certificate for signing releases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common.console import out, say
from pipeline.cli.common.key_password import KeyPasswordFileOption, key_password
from pipeline.cli.release.app import app


@app.command()
def certificate(
    institution: Annotated[str, typer.Argument(help="The institution that signs.", show_default=False)],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the files.")] = Path("certificate"),
    encrypt_key: Annotated[
        bool, typer.Option("--encrypt-key", help="Protect the key with a password, which is asked for.")
    ] = False,
    key_password_file: KeyPasswordFileOption = None,
) -> None:
    """Create a certificate for signing releases, where the institution has none (ICP-Brasil or other) yet.

    Example: [bold]viapublica release certificate "SSP-MT" --out certificate[/]
    """
    from pipeline.app.anonymize.signing import create_certificate  # here: cryptography takes long to import

    protect = encrypt_key or key_password_file is not None
    password = key_password(key_password_file, confirm=True)() if protect else b""
    made = create_certificate(institution, folder, password)
    say(out, ("created ", "bold"), f"{made.certificate}, {made.key} (readable by this user only), {made.authority}")
    say(out, f"sign with --certificate {made.certificate} --key {made.key}; give {made.authority} to recipients")
