"""`viapublica verify`: the check of a released clip by its recipient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.anonymize.metadata_check import leftovers
from pipeline.anonymize.provenance import Provenance, Standing, read_provenance
from pipeline.cli.common.console import out, plain, print_json, say
from pipeline.cli.common.output_files import sha256_of
from pipeline.errors import ReleaseError

_WORDS = {
    Standing.TRUSTED: ("genuine", "green", "unchanged, and signed by somebody your authorities vouch for"),
    Standing.UNKNOWN_SIGNER: (
        "unchanged",
        "yellow",
        "unchanged since it was signed, but nobody you trust vouches for the signer: ask the institution for its "
        "authority.pem and add --trust",
    ),
    Standing.EXPIRED: (
        "expired",
        "yellow",
        "unchanged since it was signed, but the signer's certificate has run out: ask the institution whether its "
        "register has this SHA-256",
    ),
    Standing.BROKEN: ("broken", "red", "changed after it was signed, or signed with a certificate that does not hold"),
    Standing.UNSIGNED: ("unsigned", "yellow", "nobody signed it: it may come from anyone"),
}
_LONGEST = 300
"""Characters of one value that are shown."""


def verify(
    clip: Annotated[Path, typer.Argument(help="A clip that somebody gave you.", show_default=False)],
    trust: Annotated[
        Path | None,
        typer.Option("--trust", help="Authorities you trust (PEM), from the institution.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Check a released clip offline: signature, integrity, contents.

    Shows who signed it, whether it is unchanged, what was done, and what else is in it.

    Exit status 0 when it is signed and unchanged (with --trust: by somebody trusted) and holds nothing but images.

    Example: [bold]viapublica verify release.mp4 --trust authority.pem[/]
    """
    found = examine(clip, trust)
    if as_json:
        print_json(found.as_json())
    else:
        tell_examined(found)
    if not found.good:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Examined:
    """What a clip says about itself, and what is in it."""

    clip: Path
    sha256: str
    provenance: Provenance
    extras: Sequence[str]
    good: bool

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        found = self.provenance
        return {
            "file": str(self.clip),
            "sha256": self.sha256,
            "good": self.good,
            "standing": found.standing.value,
            "signer": found.signer,
            "problems": list(found.problems),
            "leftovers": list(self.extras),
            "statement": dict(found.statement),
        }


def examine(clip: Path, trust: Path | None) -> Examined:
    """Check a clip offline.

    Raises:
        ReleaseError: it is no clip, or the authorities are none.
    """
    extras = leftovers(clip)
    found = read_provenance(clip, _authorities(trust))
    wanted = {Standing.TRUSTED} if trust else {Standing.TRUSTED, Standing.UNKNOWN_SIGNER}
    return Examined(clip, sha256_of(clip), found, extras, found.standing in wanted and not extras)


def tell_examined(examined: Examined) -> None:
    """The same for people."""
    found = examined.provenance
    word, color, meaning = _WORDS[found.standing]
    say(out, (word, f"bold {color}"), f" {meaning}")
    for name, value in (("signer", found.signer), ("sha256", examined.sha256), *_rows(found.statement)):
        if value:
            say(out, (f"{name:>12}  ", "dim"), plain(value)[:_LONGEST])
    for problem in (*found.problems, *examined.extras):
        say(out, ("problem:", "bold red"), f" {plain(problem)[:_LONGEST]}")


def _authorities(trust: Path | None) -> str:
    if trust is None:
        return ""
    try:
        text = trust.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseError(str(trust), "is no certificate that can be read", "Name a PEM file") from error
    if "BEGIN CERTIFICATE" not in text:
        raise ReleaseError(str(trust), "holds no certificate in PEM", "Name the authority.pem of the institution")
    return text


def _rows(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a receiver wants to know of a statement; all of it is in --json. Anybody may have signed anything."""
    for name in ("institution", "number", "place", "date", "software", "seconds", "frames"):
        yield name, str(statement.get("camera" if name == "place" else name, ""))
    yield "covered", ", ".join(f"{count} {word}s" for word, count in _part(statement, "objects").items())
    yield "look", str(_part(statement, "policy").get("look", ""))
    eyes = _part(statement, "checked").get("eyes", ())
    yield "checked by", ", ".join(map(str, eyes)) if isinstance(eyes, list) else ""


def _part(statement: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = statement.get(name)
    return part if isinstance(part, Mapping) else {}
