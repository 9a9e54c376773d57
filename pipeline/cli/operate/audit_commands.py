"""`viapublica audit`: what auditors do with the records of operations."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.cli.common.console import err, out, print_json, print_table, progress, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.plate_input import given_plate
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.cli.common.store_options import (
    ConfigOption,
    DataOption,
    FromOption,
    ToOption,
    ZoneOption,
    stores_of,
    zone_of,
)
from pipeline.domain.audit import Outcome
from pipeline.domain.plate import check_plate
from pipeline.domain.plural import counted
from pipeline.domain.requester import Requester
from pipeline.domain.times import format_time, parse_range, parse_time

if TYPE_CHECKING:
    from datetime import tzinfo

    from pipeline.app.audit.audit_service import Audit, Verification

_NOTHING_FOUND: Final = 3
_MOST_SHOWN: Final = 1000

app = typer.Typer(
    help="The audit of operations: verify, search, anomalies, report, prove, anchor, key.\n\n"
    "Operations are recorded before they answer; so are searches, reports, proofs and anchors of the audit.\n\n"
    "Example: [bold]viapublica audit verify --anchor /media/auditor/anchors.jsonl[/]",
    no_args_is_help=True,
)

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        envvar="VIAPUBLICA_AUDITOR_KEY",
        help="File of the auditor's key.  [default: the one in the audit's folder, until it is handed over]",
        show_default=False,
    ),
]


@app.command("verify")
def verify(
    anchor: Annotated[
        Path | None, typer.Option("--anchor", help="The auditor's file of anchors, to compare with.")
    ] = None,
    time_stamp_ca: Annotated[
        Path | None,
        typer.Option("--time-stamp-ca", help="Also check time stamps: certificates of their authority (PEM)."),
    ] = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify every record, seal, checkpoint and anchor, and name the place of each change. Status 1 if there is any.

    Example: [bold]viapublica audit verify --key /media/auditor/auditor.key --anchor /media/auditor/anchors.jsonl[/]
    """
    audit = _audit(config, data, key)
    if as_json:
        found = audit.verify(anchor)
    else:
        with progress() as bar:
            task = bar.add_task("verifying", total=audit.size())
            found = audit.verify(anchor, lambda done: bar.advance(task, done))
    stamps = [] if time_stamp_ca is None else audit.check_time_stamps(time_stamp_ca)
    if as_json:
        print_json(_plain(found) | {"time_stamps": [{"checkpoint": name, "time": time} for name, time in stamps]})
    else:
        _print_verification(found)
        for name, time in stamps:
            say(out, f"time stamp of {name}: {time}")
    if not found.intact:
        raise typer.Exit(1)


@app.command("search")
def search(
    person: Annotated[str, typer.Option("--person", help="Account, user of the system, or institution.")] = "",
    operation: Annotated[str, typer.Option("--operation", help="Such as plate-query, export, erasure.")] = "",
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="What came of it.")] = None,
    camera: Annotated[str, typer.Option("--camera", help="Also records that concern all cameras.")] = "",
    plate: Annotated[
        str | None,
        typer.Option(
            "--plate",
            help="Needs the auditor's key; @FILE reads it from a file, - from standard input.",
            callback=given_plate,
        ),
    ] = None,
    case: Annotated[str, typer.Option("--case", help="Number of the case.")] = "",
    start: FromOption = None,
    end: ToOption = None,
    zone: ZoneOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search the audit. With --json one record per line. Ends with status 3 when nothing is found.

    Example: [bold]viapublica audit search --person ana --operation plate-query --from 7d[/]

    Example: [bold]viapublica audit search --plate - --key /media/auditor/auditor.key[/]
    """
    from pipeline.app.audit.audit_service import RecordQuestion  # here: loads more than the help needs

    place = zone_of(zone, config, data)
    start_ms, end_ms = parse_range(start, end, place)
    question = RecordQuestion(
        person=person,
        operation=operation,
        outcome="" if outcome is None else outcome.value,
        camera=camera,
        case=case,
        plate="" if plate is None else check_plate(plate),
        start_ms=start_ms,
        end_ms=end_ms,
    )
    found = list(_audit(config, data, key).search(question))
    if as_json:
        for record in found:
            print_json(record)
    elif found:
        _print_records(found, place)
    else:
        say(err, "no record matches")
    if not found:
        raise typer.Exit(_NOTHING_FOUND)


@app.command("anomalies")
@with_option_groups
def anomalies(start: FromOption = None, end: ToOption = None, *, options: RegistryOptions) -> None:
    """Review the searches by plate of the last two months for signs of misuse. Status 1 if there is any.

    Unusual numbers, one plate in many cases or day after day, one case for many plates, hours outside the shift, own
    vehicles and those of colleagues, limits reached. A sign accuses no one: it says what to ask about.

    Example: [bold]viapublica audit anomalies --from 7d[/]
    """
    from pipeline.app.audit.misuse_review import MisuseReview  # here: SQLAlchemy takes long to import

    start_ms, end_ms = parse_range(start, end, zone_of(options.zone, options.config, options.data))
    with options.opened() as registry:
        found = MisuseReview(registry).signs(start_ms, end_ms)
    if options.as_json:
        for sign in found:
            print_json(asdict(sign))
    elif found:
        rows = [
            (
                sign.rule.english,
                ", ".join(sign.persons),
                ", ".join(sign.cases) or "-",
                sign.number,
                options.date(sign.first_ms),
                options.date(sign.last_ms),
            )
            for sign in found
        ]
        print_table("Signs of misuse", ["sign", "persons", "cases", "number", "from", "to"], rows)
    else:
        say(err, "no sign of misuse")
    if found:
        raise typer.Exit(1)


@app.command("report")
def report(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-11.", show_default=False)],
    target: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write: .pdf (PDF/A), .xlsx or .html.  [default: audit-MONTH.html]",
            show_default=False,
        ),
    ] = None,
    zone: ZoneOption = None,
    key: KeyOption = None,
    register: RegisterOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the monthly report for the public prosecutor and the data-protection officer, in Portuguese.

    Operations, searches by purpose, refusals, requests, erasures, disclosures, holds and disposals.

    Example: [bold]viapublica audit report 2026-11 --out report.pdf --zone America/Sao_Paulo[/]
    """
    written, numbers = _audit(config, data, key).report(
        month, target, zone_of(zone, config, data), register_of(register, config, data)
    )
    if as_json:
        print_json({"file": written, "month": month, "records": numbers.records, "operations": numbers.by_operation})
    else:
        say(out, ("written ", "bold"), f"{written}: {counted(numbers.records, 'record')}")


@app.command("prove")
def prove(
    sequence: Annotated[int, typer.Argument(metavar="RECORD", min=1, help="Number of the record.", show_default=False)],
    target: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File to write.  [default: audit-proof-RECORD.json]", show_default=False),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a proof that one record stands in the audit, for outsiders: docs/tools/verify_audit_proof.py checks it.

    Example: [bold]viapublica audit prove 1234 --out proof.json[/]
    """
    path = target or f"audit-proof-{sequence}.json"
    size = _audit(config, data, None).prove(sequence, path)
    if as_json:
        print_json({"file": path, "record": sequence, "records": size})
    else:
        say(out, ("written ", "bold"), f"{path}: record {sequence} of {size}")


@app.command("anchor")
def anchor(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The auditor's file of anchors; created when needed.")],
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Append a signed checkpoint to the auditor's file, after a proof that the audit extends what it holds.

    Example: [bold]viapublica audit anchor /media/auditor/anchors.jsonl[/]
    """
    done = _audit(config, data, None).anchor(file)
    checkpoint = done.anchor.checkpoint
    if as_json:
        print_json(
            {
                "file": str(file),
                "origin": checkpoint.origin,
                "records": checkpoint.size,
                "root": checkpoint.root.hex(),
                "stamped": done.stamped,
                "waiting": done.waiting,
            }
        )
        return
    say(out, ("anchored ", "bold"), f"{counted(checkpoint.size, 'record')} of {checkpoint.origin} in {file}")
    if done.stamped:
        say(out, f"{counted(done.stamped, 'checkpoint')} time-stamped")
    if done.waiting:
        say(err, ("note:", "bold"), f" {counted(done.waiting, 'checkpoint')} without a time stamp: {done.problem}")


@app.command("key")
def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New file, on the auditor's medium.")],
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hand the auditor's key over: it is moved to a file, and this machine can no longer open older seals and plates.

    Example: [bold]viapublica audit key /media/auditor/auditor.key[/]
    """
    _audit(config, data, None).hand_over_key(file)
    if as_json:
        print_json({"file": str(file)})
    else:
        say(out, ("moved ", "bold"), f"the auditor's key to {file}: make a second copy, it exists nowhere else")


def _audit(config: Path | None, data: Path | None, key: Path | None) -> Audit:
    from pipeline.app.audit.audit_service import Audit  # here: cryptography takes long to import

    return Audit(stores_of(config, data), Requester.of_process(), key)


def _plain(found: Verification) -> dict[str, Any]:
    return {
        "intact": found.intact,
        "records": found.records,
        "segments": found.segments,
        "last_hash": found.last_hash,
        "sealed": found.sealed,
        "checkpoints": found.checkpoints,
        "anchors": found.anchors,
        "found": found.found,
        "findings": [{"record": one.sequence, "place": one.place, "problem": one.problem} for one in found.findings],
        "notes": list(found.notes),
    }


def _print_verification(found: Verification) -> None:
    for one in found.findings:
        say(out, ("changed: ", "bold red"), f"{one.place}: {one.problem}")
    if found.found > len(found.findings):
        say(out, f"and {found.found - len(found.findings)} more")
    for note in found.notes:
        say(err, ("note:", "bold"), f" {note}")
    checked = ", ".join(
        (
            counted(found.records, "record"),
            "seals" if found.sealed else "no seals",
            counted(found.checkpoints, "checkpoint"),
            counted(found.anchors, "anchor"),
        )
    )
    if found.intact:
        say(out, ("intact: ", "bold green"), f"{checked}; last record {found.last_hash}")
    else:
        say(out, ("changed: ", "bold red"), f"{counted(found.found, 'finding')} in {checked}")


def _print_records(found: list[dict[str, Any]], zone: tzinfo | None) -> None:
    rows = [
        (
            record["sequence"],
            format_time(parse_time(record["time"]), zone),
            record.get("account") or record["system_user"],
            record["operation"],
            record["outcome"],
            record.get("rows", ""),
            record.get("purpose", ""),
            record.get("case", ""),
            ", ".join(record.get("cameras", ())) or "all",
        )
        for record in found[-_MOST_SHOWN:]
    ]
    more = f"The last {_MOST_SHOWN} of {len(found)}; --json shows all" if len(found) > len(rows) else ""
    columns = ["record", "time", "person", "operation", "outcome", "rows", "purpose", "case", "cameras"]
    print_table("Audit", columns, rows, more)
