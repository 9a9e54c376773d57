"""`viapublica requests decide` and `letter`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.key_password import KeyPasswordFileOption, key_password
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.person_name import person
from pipeline.cli.common.register_options import register_of
from pipeline.cli.common.store_options import stores_of, zone_of
from pipeline.cli.rights.app import (
    ByOption,
    CameraOption,
    LettersOption,
    NumberArgument,
    PlaceOptions,
    PlateOption,
    show_changed,
)
from pipeline.cli.rights.request_commands import app  # those commands come first in the help
from pipeline.domain.subject_request import (
    RequestDecision,
    RequestKind,
    SubjectRequestRecord,
)
from pipeline.errors import PolicyError, ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.erasure.proof import ErasureProof, ProvenErasure
    from pipeline.app.rights.subject_requests import SubjectRequestService

__all__ = ["app"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOptions(PlaceOptions):
    """Options of a decision."""

    plate: PlateOption = None
    camera: CameraOption = None
    by: ByOption = None
    letter: LettersOption = None
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
    certificate: Annotated[
        Path | None,
        typer.Option(help="Certificate that signs the proof of erasure (PEM).", envvar="VIAPUBLICA_CERTIFICATE"),
    ] = None
    key: Annotated[Path | None, typer.Option(help="Private key of the certificate (PEM).", envvar="VIAPUBLICA_KEY")] = (
        None
    )
    key_password_file: KeyPasswordFileOption = None

    def proof(self, number: str) -> ErasureProof:
        """Where and how the erasure for a request is proven.

        Raises:
            ViapublicaError: there are two registers, or the configuration is not valid.
        """
        from pipeline.app.erasure.proof import ErasureProof  # here: SQLAlchemy takes long to import

        stores = stores_of(self.config, self.data)
        return ErasureProof(
            register_of(self.register, self.config, self.data),
            person(self.by),
            f"pedido {number}",
            self.certificate,
            self.key,
            stores.institution,
            zone_of(self.zone, self.config, self.data),
            key_password(self.key_password_file),
            stores.screen,
        )


@app.command("decide")
@with_option_groups
def decide(
    number: NumberArgument,
    decision: Annotated[RequestDecision, typer.Argument(help="What is decided.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Reasons, as the letter states them.")],
    *,
    options: DecisionOptions,
) -> None:
    """Decide a request with reasons. Granting an erasure erases first, with its proof; the run must be stopped.

    What holds preserve is not erased: then only a part can be granted.

    Example: [bold]viapublica requests decide T2026/000001 granted --reason "o registro não tem relação com as
    finalidades do sistema" --plate - --by "A. Souza" --letter letters --config configs/city.yaml[/]

    Example: [bold]viapublica requests decide T2026/000002 refused --reason "há investigação em curso"
    --by "A. Souza"[/]
    """
    if options.as_json and not options.yes:
        raise ViapublicaError("requests decide --json", "cannot ask whether to decide", "Add --yes")
    with options.opened() as service:
        found = service.check_decision(number, reason)
        erases = found.request.kind is RequestKind.ERASURE and decision is not RequestDecision.REFUSED
        done = _erased(service, found, decision, options) if erases else None
        if done is None and not confirmed(f"Enter {found.number} as {decision.english}?", yes=options.yes):
            say(err, "nothing was entered")
            raise typer.Exit(1)
        by, erasure = person(options.by), "" if done is None else done.number
        found = service.decide(found.number, decision, reason, by, erasure)
        letter, camera = options.letter, options.camera or ()
        path = None if letter is None else service.write_letter(found.number, letter, options.plate, camera)
    show_changed(found, path, options, f"{found.number} is {decision.english}{_proven(done)}")


@app.command("letter")
@with_option_groups
def letter(
    number: NumberArgument,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder of the letter, outside the data folder.")],
    plate: PlateOption = None,
    camera: CameraOption = None,
    *,
    options: PlaceOptions,
) -> None:
    """Write the letter of a request (PDF/A, Portuguese): the receipt before the decision, else the decision.

    The letter of a granted access states what is stored now, so it needs the plate again.

    Example: [bold]viapublica requests letter T2026/000001 --out letters --config configs/city.yaml[/]
    """
    with options.opened() as service:
        path = service.write_letter(number, folder, plate, camera or ())
    if options.as_json:
        print_json({"file": str(path)})
    else:
        say(out, ("written ", "bold"), str(path))


def _erased(
    service: SubjectRequestService, found: SubjectRequestRecord, decision: RequestDecision, options: DecisionOptions
) -> ProvenErasure:
    from pipeline.app.erasure.proof import erase_with_proof
    from pipeline.cli.operate.erase_output import numbers_in_words, print_places

    proof = options.proof(found.number)
    with service.erasing(found.number, options.plate, options.camera or ()) as erasure:
        places = erasure.preview()
        if erasure.held and decision is RequestDecision.GRANTED:
            notes = "; ".join(note.english for note in erasure.held)
            raise PolicyError(
                f"request {found.number}",
                f"cannot be granted as a whole, because holds preserve a part; nothing was erased: {notes}",
                "Decide granted-in-part, and state the hold in the reasons",
            )
        numbers = numbers_in_words(erasure.events, places, proof.zone)
        if not options.as_json:
            print_places(places, "To be erased", proof.zone, erasure)
        if not confirmed(f"Grant {found.number} and erase {numbers} for good?", yes=options.yes):
            say(err, "nothing was erased or entered")
            raise typer.Exit(1)
        with err.rich.status("erasing") as status:
            return erase_with_proof(erasure, proof, lambda doing: status.update(f"erasing: {doing}"))


def _proven(done: ProvenErasure | None) -> str:
    return "" if done is None else f"; proof {done.number}: {', '.join(map(str, done.documents))}"
