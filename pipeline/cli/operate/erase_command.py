"""`viapublica erase` and `store erasures`: erasure on request, and its proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from pipeline.app.erasure.erase import Erasure, Selection, open_erasure
from pipeline.app.holds import decided_override
from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.default_config import named_config
from pipeline.cli.common.key_password import KeyPasswordFileOption, key_password
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.person_name import person
from pipeline.cli.common.plate_input import AnyPlateOption, given_plate
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import (
    ConfigOption,
    DataOption,
    FromOption,
    ToOption,
    ZoneOption,
    configured_institution,
    stores_of,
    zone_of,
)
from pipeline.cli.operate.erase_output import (
    fail_for_holds,
    left_in_words,
    numbers_in_words,
    outcome_in_words,
    print_erased,
    print_places,
    print_range,
)
from pipeline.domain.erasure import HoldOverride
from pipeline.domain.plate import check_erased_plate
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time, parse_range
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.configured_stores import ConfiguredStores
    from pipeline.app.erasure.erased_place import ErasedPlace
    from pipeline.app.erasure.proof import ErasureProof, ProvenErasure
    from pipeline.domain.erasure import ErasureRecord

_NOTHING_BUT_HELD: Final = "holds preserve all that matches"
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseOptions:
    """The options of an erasure."""

    plate: Annotated[
        str | None,
        typer.Option(
            "--plate",
            help="This vehicle, in both forms of its plate: - reads it from standard input, @FILE from a file, so that "
            "no list of processes shows it.",
            callback=given_plate,
        ),
    ] = None
    any_plate: AnyPlateOption = False
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only at this camera; may be repeated.")] = None
    start: FromOption = None
    end: ToOption = None
    zone: ZoneOption = None
    config: ConfigOption = None
    data: DataOption = None
    repeat: Annotated[
        bool, typer.Option("--repeat", help="Repeat all earlier erasures on what is stored now, after a restore.")
    ] = False
    without_register: Annotated[
        bool,
        typer.Option(
            "--without-register",
            help="With --repeat: use the data although the register is lost, or may lack erasures made since the "
            "backup. Answers then carry a warning.",
        ),
    ] = False
    refuse: Annotated[
        str | None,
        typer.Option(
            "--refuse",
            metavar="GROUNDS",
            help="Erase nothing: enter the request in the register as refused, on these grounds.",
        ),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased; erase nothing.")] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
    reason: Annotated[str, typer.Option("--reason", help="Request or finding that this answers, for the proof.")] = ""
    by: Annotated[
        str | None, typer.Option("--by", help="Name of the person who erases.  [default: your login name]")
    ] = None
    register: RegisterOption = None
    certificate: Annotated[
        Path | None,
        typer.Option(
            help="Certificate that signs the proof (PEM).", envvar="VIAPUBLICA_CERTIFICATE", show_default=False
        ),
    ] = None
    key: Annotated[
        Path | None,
        typer.Option(help="Private key of the certificate (PEM).", envvar="VIAPUBLICA_KEY", show_default=False),
    ] = None
    key_password_file: KeyPasswordFileOption = None
    override_hold: Annotated[
        list[str] | None,
        typer.Option(
            "--override-hold", metavar="HOLD", help="Id of a hold that this erasure reaches all the same; repeatable."
        ),
    ] = None
    override_reason: Annotated[str, typer.Option("--override-reason", help="Reason of the decision on the hold.")] = ""
    override_by: Annotated[str, typer.Option("--override-by", help="The second person, who decides on the hold.")] = ""
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=1, help="Most seconds for one deletion in a database.")
    ] = 3600

    def time_zone(self) -> ZoneInfo | None:
        """The zone of times; None for the machine's own.

        Raises:
            ViapublicaError: there is none of that name, or the configuration is not valid.
        """
        return zone_of(self.zone, self.config, self.data)

    def selection(self) -> Selection:
        """What is erased.

        Raises:
            ViapublicaError: plate, zone or times are not understood, or nothing is selected.
        """
        start_ms, end_ms = parse_range(self.start, self.end, self.time_zone())
        if self.plate is not None:
            check_erased_plate(self.plate, any_plate=self.any_plate)
        if not self.repeat:
            if self.without_register:
                raise ViapublicaError("--without-register", "is for --repeat only", "Add --repeat, or leave it out")
            return Selection.of(self.plate, self.camera or (), start_ms, end_ms)
        if self.plate is not None or self.camera or self.start or self.end or self.dry_run or self.refuse is not None:
            raise ViapublicaError(
                "erase --repeat", "repeats all earlier erasures", "Add no plate, camera, time, --dry-run or --refuse"
            )
        return Selection()

    def override(self) -> HoldOverride | None:
        """The decision on holds in the way; None without one.

        Raises:
            ViapublicaError: it names no hold.
        """
        if self.override_hold:
            return HoldOverride(tuple(self.override_hold), self.override_reason.strip(), self.override_by.strip())
        if self.override_reason or self.override_by:
            raise ViapublicaError("decision on the hold", "names no hold", "Add --override-hold HOLD")
        return None

    def proof(self, stores: ConfiguredStores) -> ErasureProof:
        """Where and how the erasure is proven.

        Raises:
            ViapublicaError: there are two registers, or this user has no name.
        """
        from pipeline.app.erasure.proof import ErasureProof  # here: SQLAlchemy takes long to import

        return ErasureProof(
            register_of(self.register, self.config, self.data),
            person(self.by),
            self.reason,
            self.certificate,
            self.key,
            stores.institution,
            self.time_zone(),
            key_password(self.key_password_file),
            stores.screen,
        )


@with_option_groups
def erase(*, options: EraseOptions, as_json: JsonOption = False) -> None:
    """Erase the data of a vehicle, or of a place and time; count what is left.

    The run must be stopped. The proof is a numbered document (JSON, HTML; signed with --certificate) in the register.
    Exits with status 1 if anything is left, also if a hold preserves it.

    Example: [bold]viapublica erase --plate - --dry-run[/]

    Example: [bold]viapublica erase --plate - --reason "request 17/2026" --refuse "police inquiry 3/2026 is open"[/]

    Example: [bold]viapublica erase --repeat --config configs/city.yaml[/]

    Example: [bold]viapublica erase --camera av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T09:00-03:00[/]
    """
    if as_json and not (options.yes or options.dry_run):
        raise ViapublicaError("erase --json", "cannot ask whether to erase", "Add --yes, or --dry-run")
    selection = options.selection()
    print_range(selection, options.time_zone())
    stores = stores_of(options.config, options.data)
    proof = options.proof(stores)
    if options.refuse is not None:
        _refused(selection, stores, proof, options, as_json=as_json)
        return
    if options.repeat:
        _repeated(stores, proof, options, as_json=as_json)
        return
    _check_words(proof, selection)
    override = decided_override(options.override(), stores, proof.by)
    with open_erasure(selection, stores, override=override, timeout_s=options.timeout_s) as erasure:
        places = erasure.preview()
        disclosed = _disclosed(erasure, proof) if options.dry_run else []
        if not as_json:
            print_places(places, "To be erased", options.time_zone(), erasure)
            _print_disclosed(disclosed)
            if options.dry_run and not any(one.events for one in places):
                say(err, _NOTHING_BUT_HELD if erasure.held else "nothing stored matches")
        done = None if options.dry_run else _erased(erasure, proof, places, yes=options.yes, as_json=as_json)
    if as_json:
        print_erased(erasure, places, done, disclosed)
    if erasure.held and not options.dry_run:
        fail_for_holds("erase", erasure.held)


def _check_words(proof: ErasureProof, selection: Selection) -> None:
    """Before anything is opened, and for --dry-run too."""
    from pipeline.app.erasure.proof import check_words  # here: SQLAlchemy takes long to import

    check_words(proof, selection)


def erasures(
    number: Annotated[
        str | None, typer.Argument(metavar="NUMBER", help="Number of an erasure, such as E2026/000001.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the documents of that erasure into this folder again.")
    ] = None,
    register: RegisterOption = None,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the erasures of the register and the refused requests, or write the documents of one again.

    Example: [bold]viapublica store erasures --config configs/city.yaml[/]

    Example: [bold]viapublica store erasures E2026/000001 --out proof --register viapublica-register/register.db[/]
    """
    from pipeline.app.erasure.proof import erasure_documents, list_erasures

    place, named = zone_of(zone, config, data), None if data is not None else named_config(config)
    where = register_of(register, config, data)
    if number is not None:
        institution = configured_institution(config)
        for path in erasure_documents(where, number, folder or Path(), institution, place, config=named):
            say(err, f"written: {path}")
        return
    found = list_erasures(where, named)
    if as_json:
        print_json([_listed(one) for one in found])
        return
    rows = [
        (
            one.number,
            format_time(one.begun_ms, place),
            one.begun_by,
            "vehicle" if one.request["fingerprint"] else "place and time",
            one.request["reason"],
            outcome_in_words(one.outcome),
            "signed" if one.signature else "not signed",
        )
        for one in found
    ]
    print_table("Erasures", ["number", "begun", "by", "of", "reason", "result", "proof"], rows)


def _listed(one: ErasureRecord) -> dict[str, Any]:
    """An erasure of the register with `--json`."""
    return {
        "number": one.number,
        "begun_ms": one.begun_ms,
        "finished_ms": one.finished_ms,
        "by": one.begun_by,
        "signed": bool(one.signature),
        "request": one.request,
        "result": one.outcome.word,
        "erased": one.outcome.erased,
        "left": one.outcome.left,
        "held": one.outcome.held,
        "refused": bool(one.grounds),
        "grounds": one.grounds,
    }


def _erased(
    erasure: Erasure, proof: ErasureProof, places: Sequence[ErasedPlace], *, yes: bool, as_json: bool
) -> ProvenErasure:
    from pipeline.app.erasure.proof import erase_with_proof

    matched = any(one.events for one in places)
    if not matched:
        say(err, f"{_NOTHING_BUT_HELD if erasure.held else 'nothing stored matches'}; the proof will state it")
    numbers = numbers_in_words(erasure.events, places, proof.zone)
    without = "that nothing could be erased" if erasure.held else "that nothing is stored"
    question = f"Erase {numbers} for good?" if matched else f"Issue a proof {without}?"
    if not confirmed(question, yes=yes):
        say(err, "nothing was erased")
        raise typer.Exit(1)
    with err.rich.status("erasing") as status:
        done = erase_with_proof(erasure, proof, lambda doing: status.update(f"erasing: {doing}"))
    if not as_json:
        print_places(done.places, "Erased", proof.zone)
        say(err, f"{numbers} erased; counted again: {left_in_words(done.places)}")
        say(err, f"proof {done.number}: {', '.join(map(str, done.documents))}")
        _print_disclosed(done.disclosed)
    return done


def _disclosed(erasure: Erasure, proof: ErasureProof) -> list[str]:
    from pipeline.app.erasure.disclosed_video import disclosed_if_registered

    return disclosed_if_registered(proof.register, erasure.views)


def _print_disclosed(notes: Sequence[str]) -> None:
    for note in notes:
        say(err, f"out of reach: {note}")


def _refused(
    selection: Selection, stores: ConfiguredStores, proof: ErasureProof, options: EraseOptions, *, as_json: bool
) -> None:
    from pipeline.app.erasure.proof import refuse_with_proof

    if options.dry_run:
        raise ViapublicaError("erase --refuse", "erases nothing, so there is nothing to try", "Leave out --dry-run")
    if not confirmed("Enter the request as refused?", yes=options.yes):
        say(err, "nothing was entered")
        raise typer.Exit(1)
    done = refuse_with_proof(selection, stores, proof, options.refuse or "")
    files = list(map(str, done.documents))
    if as_json:
        print_json({"erased": False, "refused": True, "proof": {"number": done.number, "files": files}})
    else:
        say(err, f"refused as {done.number}, nothing was erased: {', '.join(files)}")


def _repeated(stores: ConfiguredStores, proof: ErasureProof, options: EraseOptions, *, as_json: bool) -> None:
    from pipeline.app.erasure.repeat import erasures_to_repeat, repeat_erasures

    accepted_by = proof.by if options.without_register else ""
    earlier = erasures_to_repeat(stores, proof.register, accept_unknown=accepted_by)
    number = len(earlier.selections)
    if earlier.unknown is not None:
        say(err, f"warning: register {proof.register} {earlier.unknown.why}; answers will carry a warning")
    question = f"Erase again what {counted(number, 'earlier erasure')} may find in the stored data?"
    if not confirmed(question, yes=options.yes):
        say(err, "nothing was erased")
        raise typer.Exit(1)
    with err.rich.status("erasing") as status:
        progress = lambda doing: status.update(f"erasing: {doing}")  # noqa: E731
        done = repeat_erasures(stores, earlier, proof, timeout_s=options.timeout_s, progress=progress)
    if as_json:
        numbers = [one.number for one in done.proven]
        held = [note.english for note in done.held]
        unknown = earlier.unknown.why if earlier.unknown is not None else None
        print_json({"erased": True, "earlier": number, "proofs": numbers, "held": held, "unknown": unknown})
    else:
        found = f"{len(done.proven)} found something again" if done.proven else "none found anything"
        say(err, f"{counted(number, 'earlier erasure')} repeated; {found}")
        for one in done.proven:
            say(err, f"proof {one.number}: {', '.join(map(str, one.documents))}")
    if done.held:
        fail_for_holds("erase", done.held)
