"""`viapublica verify`: the check of a released clip by its recipient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common.console import out, plain, print_json, say
from pipeline.domain.plural import counted

if TYPE_CHECKING:
    from pipeline.app.release.registered_file import RegisteredFile
    from pipeline.app.release.verify_clip import CheckedClip

_MAX_CHARACTERS = 300
"""Of one value that is shown."""


def verify(
    clip: Annotated[Path, typer.Argument(help="A released clip.", show_default=False)],
    trust: Annotated[
        Path | None,
        typer.Option("--trust", help="Trusted authorities (PEM), from the institution.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Result as JSON.")] = False,
) -> None:
    """Check a released clip offline: signature, integrity, contents.

    Shows the signer, whether the clip is unchanged, how it was redacted, and content besides the video.

    Exit status 0 if it is signed and unchanged (with --trust: by a trusted signer) and contains nothing but video.

    Example: [bold]viapublica verify release.mp4 --trust authority.pem[/]
    """
    from pipeline.app.release.verify_clip import verify_clip

    checked = verify_clip(clip, trust)
    if as_json:
        print_json(checked.as_json())
    else:
        show_checked(checked, trust)
    if not checked.good:
        raise typer.Exit(1)


def show_checked(checked: CheckedClip, trust: Path | None) -> None:
    """A checked clip on the terminal; everything in it may come from a stranger."""
    provenance = checked.provenance
    word, color, meaning = _verdict(checked, trust)
    say(out, (word, f"bold {color}"), f": {meaning}")
    for name, value in (("sha256", checked.sha256), *_rows(provenance.statement)):
        if value:
            say(out, (f"{name:>12}  ", "dim"), plain(value)[:_MAX_CHARACTERS])
    say(out, (f"{'networks':>12}  ", "dim"), *_networks(checked))
    for problem in (*provenance.problems, *checked.extra_content):
        say(out, ("problem:", "bold red"), f" {plain(problem)[:_MAX_CHARACTERS]}")


def show_registered(files: Sequence[RegisteredFile]) -> None:
    """The standing of a clip in the register."""
    if not files:
        say(out, ("not registered", "bold red"), ": this file was not built for a disclosure of this register")
    for one in files:
        word, color = {
            "current": ("registered", "bold green"),
            "superseded": ("superseded", "bold yellow"),
            "refused": ("refused", "bold red"),
            "not-approved": ("not approved", "bold red"),
            "earlier-approval": ("of an earlier approval", "bold red"),
        }[one.standing.value]
        detail = f"; {plain(one.detail)}" if one.detail else ""
        say(out, (word, color), f": built for disclosure {one.number}{detail}")


def _verdict(checked: CheckedClip, trust: Path | None) -> tuple[str, str, str]:
    """A keyword, its color, and a sentence."""
    signer = plain(checked.provenance.signer)[:_MAX_CHARACTERS] or "an unnamed signer"
    verdicts = {
        "trusted": (
            "genuine",
            "green",
            f"unchanged, signed by {signer}, which {trust.name if trust else 'a trusted authority'} vouches for",
        ),
        "unknown-signer": (
            "unchanged",
            "yellow",
            f"signed by {signer}, which no trusted authority vouches for; ask the institution for its authority.pem "
            "and add --trust",
        ),
        "expired": (
            "expired",
            "yellow",
            f"unchanged, signed by {signer}, whose certificate has expired; ask the institution whether its register "
            "has this SHA-256",
        ),
        "broken": ("broken", "red", "changed after it was signed, or signed with an invalid certificate"),
        "unsigned": ("unsigned", "yellow", "not signed, so its origin is unknown; only its streams were checked"),
    }
    return verdicts[checked.provenance.status.value]


def _rows(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts of a statement for recipients; --json has all of it. Any signer can have written anything."""
    for name in ("institution", "number", "place", "date", "software", "seconds", "frames"):
        yield name, str(statement.get(name, ""))
    objects = _part(statement, "objects").items()
    yield "masked", ", ".join(counted(n, word) if isinstance(n, int) else f"{n} {word}" for word, n in objects)
    yield "exempted", _exempted(statement)
    yield "captions", _captions(statement)
    yield "style", str(_part(statement, "policy").get("style", ""))
    detectors = _part(statement, "verification").get("detectors", ())
    yield "verified by", ", ".join(map(str, detectors)) if isinstance(detectors, list) else ""


def _captions(statement: Mapping[str, Any]) -> str:
    """Areas of the camera in which its own text, such as the date, is not redacted; empty where there are none."""
    captions = _part(statement, "captions")
    count, percent = captions.get("count", 0), _percent(captions.get("share", "?"))
    if not count:
        return ""
    areas = counted(count, "declared area") if isinstance(count, int) else f"{count} declared areas"
    return f"text that the camera draws is not redacted in {areas} ({percent} of the image)"


def _exempted(statement: Mapping[str, Any]) -> str:
    """What two persons exempted, the share of its regions, and what stayed unredacted in them; empty without any.

    In a region only a thing that stands still all the time is unredacted, so that its share is an upper limit.
    """
    reasons = [
        f"{one.get('why', '')} (box {one.get('box', '?')}, {_seconds(one, 'from_s')} to {_seconds(one, 'to_s')} s)"
        for one in _part(statement, "exemptions").values()
        if isinstance(one, Mapping)
    ]
    if not reasons:
        return ""
    share = _percent(_part(statement, "manual_regions").get("exempted_share", "?"))
    return f"at most {share} of the image, where a thing stands still{_unredacted(statement)}: {'; '.join(reasons)}"


def _unredacted(statement: Mapping[str, Any]) -> str:
    """How much stayed unredacted in exempted regions; empty in statements of earlier versions."""
    found = _part(statement, "unredacted")
    if not found:
        return ""
    mean, worst = (_percent(found.get(name, "?")) for name in ("mean_share", "worst_share"))
    if found.get("seconds") == 0:
        return " (nothing stayed unredacted)"
    return f" ({mean} of the image on average and at most {worst} stayed unredacted, in {_seconds(found, 'seconds')} s)"


def _percent(share: object) -> str:
    """A share of the image; what is less than a thousandth is not called nothing."""
    if not isinstance(share, int | float):
        return str(share)
    return "less than 0.1%" if 0 < share < 0.001 else f"{100 * share:.1f}%"


def _seconds(exemption: Mapping[str, Any], name: str) -> str:
    value = exemption.get(name)
    return f"{value:g}" if isinstance(value, int | float) else "?"


def _networks(checked: CheckedClip) -> tuple[tuple[str, str], str]:
    """Whether the networks that chose the masks are known; a statement can name any."""
    networks = checked.networks
    if networks.pinned:
        whose = "of the viapublica package" if networks.source == "package" else "pinned by this institution"
        return ("pinned", "green"), f": card and weights are those {whose}"
    if networks.source is None:
        return ("not stated", "yellow"), ": which networks chose the masks is not known"
    if networks.stated == "institution":
        return (
            "not known here",
            "yellow",
        ), ": pinned by the institution, whose file of networks is not on this machine"
    names = plain(", ".join(networks.unpinned))[:_MAX_CHARACTERS]
    return (
        "not pinned",
        "bold yellow",
    ), f": {names}; its maker chose what is masked: do not rely on it"


def _part(statement: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = statement.get(name)
    return part if isinstance(part, Mapping) else {}
