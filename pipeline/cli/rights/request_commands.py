"""`viapublica requests receive`, `list`, `show` and `search`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common.console import print_json, print_table
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.person_name import person as person_name
from pipeline.cli.rights.app import (
    ByOption,
    CameraOption,
    LettersOption,
    NumberArgument,
    PlaceOptions,
    PlateOption,
    app,
    plain_request,
    show_changed,
)
from pipeline.domain.plural import counted
from pipeline.domain.subject_request import (
    IdentityCheck,
    RequestKind,
    SubjectRequest,
)

if TYPE_CHECKING:
    from pipeline.app.rights.subject_requests import FoundForRequest

__all__ = ["app"]


@app.command("receive")
@with_option_groups
def receive(
    kind: Annotated[RequestKind, typer.Argument(help="What is requested.", show_default=False)],
    person: Annotated[str, typer.Option("--person", help="Name of the person concerned.")],
    contact: Annotated[str, typer.Option("--contact", help="Where the answer goes: postal or e-mail address.")],
    identity: Annotated[
        list[IdentityCheck], typer.Option("--identity", help="What was checked; may be repeated. Store no copy of it.")
    ],
    start: Annotated[str, typer.Option("--from", help="From: 2026-11-22T08:00-03:00, today, 2h (ago).")],
    end: Annotated[str, typer.Option("--to", help="Before: like --from.")],
    place: Annotated[str, typer.Option("--place", help="Place, in the person's words.")] = "",
    characteristics: Annotated[
        str, typer.Option("--characteristics", help="What helps to find the data: color, make, direction.")
    ] = "",
    camera: CameraOption = None,
    plate: PlateOption = None,
    by: ByOption = None,
    days: Annotated[
        int | None,
        typer.Option("--days", help="Deadline in days.  [default: requests.answer_days]", show_default=False),
    ] = None,
    letter: LettersOption = None,
    *,
    options: PlaceOptions,
) -> None:
    """Enter a request with the date, time, place and characteristics it gives; it gets a number and a deadline.

    Example: [bold]viapublica requests receive erasure --person "Maria Lima" --contact maria@example.org
    --identity document --identity vehicle --from 2026-11-22T08:00-03:00 --to 2026-11-22T09:00-03:00
    --place "Avenida Brasil, 900" --camera av-brasil-900 --plate - --by "A. Souza" --letter letters[/]
    """
    wanted = SubjectRequest(
        kind=kind,
        person=person,
        contact=contact,
        identity=tuple(dict.fromkeys(identity)),
        begin_ms=options.time_ms(start),
        end_ms=options.time_ms(end),
        by=person_name(by),
        place=place,
        characteristics=characteristics,
        camera_ids=tuple(dict.fromkeys(camera or ())),
    )
    with options.opened(create=True) as service:
        found = service.receive(wanted, plate, days)
        path = None if letter is None else service.write_letter(found.number, letter)
    show_changed(found, path, options, f"received as {found.number}, to be decided by {options.time(found.due_ms)}")


@app.command("list")
@with_option_groups
def list_(
    undecided: Annotated[bool, typer.Option("--undecided", help="Only those without a decision.")] = False,
    *,
    options: PlaceOptions,
) -> None:
    """List requests by number, with their deadlines. With --json one object per line.

    Example: [bold]viapublica requests list --undecided --config configs/city.yaml[/]
    """
    with options.opened() as service:
        found = [one for one in service.all() if one.decision is None or not undecided]
        late = {one.number for one in service.overdue()}
    if options.as_json:
        for one in found:
            print_json({**plain_request(one), "overdue": one.number in late})
        return
    rows = [
        (
            one.number,
            one.request.kind.value,
            options.time(one.received_ms),
            options.time(one.due_ms),
            "overdue" if one.number in late else "open" if one.decision is None else one.decision.value,
            one.erasure or "-",
        )
        for one in found
    ]
    print_table("Requests", ["number", "kind", "received", "deadline", "state", "erasure"], rows)


@app.command("show")
@with_option_groups
def show(number: NumberArgument, *, options: PlaceOptions) -> None:
    """Show all facts of one request.

    Example: [bold]viapublica requests show T2026/000001 --config configs/city.yaml[/]
    """
    with options.opened() as service:
        found = service.get(number)
    if options.as_json:
        print_json(plain_request(found))
        return
    request = found.request
    rows = [
        ("kind", f"{request.kind.english} ({request.kind.law})"),
        ("person", request.person),
        ("contact", request.contact),
        ("checked", ", ".join(one.english for one in request.identity)),
        ("time", f"{options.time(request.begin_ms)} to {options.time(request.end_ms)}"),
        ("place", request.place or "-"),
        ("cameras", ", ".join(request.camera_ids) or "-"),
        ("characteristics", request.characteristics or "-"),
        ("vehicle", "by its plate, of which a keyed hash is stored" if request.fingerprint else "-"),
        ("received", f"{options.time(found.received_ms)} by {request.by}"),
        ("deadline", options.time(found.due_ms)),
        ("decision", "-" if found.decision is None else found.decision.english),
        ("reasons", found.reasons or "-"),
        ("decided", f"{options.time(found.decided_ms)} by {found.decided_by}" if found.decided_ms else "-"),
        ("erasure", found.erasure or "-"),
    ]
    print_table(f"Request {found.number}", ["", ""], rows)


@app.command("search")
@with_option_groups
def search(
    number: NumberArgument, plate: PlateOption = None, camera: CameraOption = None, *, options: PlaceOptions
) -> None:
    """Find what is stored about a request: reads of its plate, and recorded video; also during a run.

    Example: [bold]viapublica requests search T2026/000001 --plate - --config configs/city.yaml[/]
    """
    with options.opened() as service:
        found = service.search(number, plate, camera or ())
    if options.as_json:
        print_json(_found_json(found))
        return
    rows = [(options.time(one.ts_ms), one.camera_id, one.plate, round(one.confidence, 2)) for one in found.reads]
    files = (f"Recorded video of {name}: {counted(number, 'file')}" for name, number in found.video.items())
    print_table("Reads", ["time", "camera", "plate", "confidence"], rows, "\n".join([*files, *found.limits]))


def _found_json(found: FoundForRequest) -> dict[str, Any]:
    reads = [
        {"camera": one.camera_id, "ts_ms": one.ts_ms, "plate": one.plate, "confidence": one.confidence}
        for one in found.reads
    ]
    return {"reads": reads, "video_files": found.video, "limits": list(found.limits)}
