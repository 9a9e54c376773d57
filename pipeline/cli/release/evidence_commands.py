"""`viapublica release build --evidence` and `open-evidence`: sealed original video for authorities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.key_password import KeyPasswordFileOption, key_password
from pipeline.cli.release.app import JsonOption, app
from pipeline.domain.plural import counted
from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from pipeline.app.release.build_evidence import BuiltEvidence

EvidenceOption = Annotated[
    bool,
    typer.Option(
        "--evidence",
        help="Original video, sealed for an authority that requisitioned it: police, public ministry or judiciary.",
    ),
]
RecipientCertificateOption = Annotated[
    Path | None,
    typer.Option(
        "--recipient-certificate",
        help="Certificate (RSA) that evidence is sealed for, PEM or DER.",
        show_default=False,
    ),
]


def check_evidence_options(*, certificate: Path | None, **others: object) -> Path:
    """The recipient's certificate, where no option of redacted releases is given.

    Raises:
        ReleaseError: it is missing, or one is.
    """
    given = [f"--{name.replace('_', '-')}" for name, value in others.items() if value]
    if given:
        raise ReleaseError(" and ".join(given), "does not apply to evidence", "Omit it, or omit --evidence")
    if certificate is None:
        raise ReleaseError("evidence", "is sealed for its recipient", "Give their certificate: --recipient-certificate")
    return certificate


def show_evidence(built: BuiltEvidence, number: str, as_json: bool) -> None:
    """A package that was built."""
    if as_json:
        videos: list[dict[str, Any]] = [
            {
                "name": one.name,
                "sha256": one.sha256,
                "begin_ms": one.begin_ms,
                "end_ms": one.end_ms,
                "as_recorded": one.as_recorded,
            }
            for one in built.videos
        ]
        print_json({"package": str(built.package), "sheet": str(built.sheet), "sha256": built.sha256, "videos": videos})
        return
    say(
        out, ("sealed ", "bold"), f"{built.package}, {counted(len(built.videos), 'video')}, custody sheet {built.sheet}"
    )
    for one in built.videos:
        if one.as_recorded is False:
            text = f": {one.source_name} is not what the recorder completed; the custody sheet says so"
            say(err, ("warning", "bold yellow"), text)
    opened = f"viapublica release open-evidence {built.package.name} --certificate FILE --key FILE"
    say(out, f"only {built.recipient} can open it, with: {opened}")
    say(out, f"after the delivery: viapublica release deliver {number}")


@app.command("open-evidence")
def open_evidence(
    package: Annotated[Path, typer.Argument(help="A sealed package (.p7m).", show_default=False)],
    certificate: Annotated[Path, typer.Option(help="Certificate that it was sealed for (PEM).", show_default=False)],
    key: Annotated[Path, typer.Option(help="Private key of the certificate (PEM).", show_default=False)],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")] = Path("evidence"),
    key_password_file: KeyPasswordFileOption = None,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", help="Trusted authorities (PEM), from the institution.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Open sealed evidence as its recipient, and check the signature and every file, without register or network.

    Example: [bold]viapublica release open-evidence 2026-000123.p7m --certificate c.pem --key k.pem[/]
    """
    from pipeline.app.release import build_evidence  # here: cryptography takes long to import

    opened = build_evidence.open_evidence(
        package,
        folder,
        certificate=certificate,
        key=key,
        password=key_password(key_password_file),
        authorities=trust,
    )
    if as_json:
        print_json(
            {"folder": str(folder), "signer": opened.signer, "trusted": trust is not None} | dict(opened.custody)
        )
        return
    vouched = f"vouched for by {trust.name}" if trust else "not checked against an authority: add --trust"
    say(out, ("unchanged", "bold green"), f": signed by {opened.signer}, {vouched}")
    say(out, f"{counted(len(opened.files), 'file')} in {folder}; read capa.html first")
