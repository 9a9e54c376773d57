"""Disclosures, journal entries and regions as text, tables and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path
from typing import Any

from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.domain.disclosure import EVIDENCE, Content, Disclosure, DisclosureState, JournalEntry
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time

_ENDLESS_S = 1e6
_COLORS = {
    DisclosureState.REQUESTED: "yellow",
    DisclosureState.REFUSED: "red",
    DisclosureState.APPROVED: "green",
    DisclosureState.BUILT: "green",
    DisclosureState.DELIVERED: "green",
}


def as_plain(found: Disclosure) -> dict[str, Any]:
    """All fields, for JSON; times are milliseconds since 1970 UTC."""
    return asdict(found)


def show_changed(found: Disclosure, as_json: bool) -> None:
    """The state of a disclosure after a change, and the next step."""
    if as_json:
        print_json(as_plain(found))
        return
    say(out, (found.number, "bold"), " ", (found.state.value, _COLORS[found.state]), f"  {found.request.recipient}")
    if following := _next(found):
        say(err, ("next: ", "bold"), following)


def show_conditions(conditions: Mapping[str, Any]) -> None:
    """What an approval refers to: the camera's declarations and the exempted regions."""
    recorded = [("in the recording", camera) for camera in conditions["recorded"]]
    for where, camera in (("in the configuration", conditions["camera"]), *recorded):
        if camera is None:
            continue
        places = ", ".join(camera["surroundings"]) or "no sensitive surroundings"
        masks = counted(len(camera["masks"]), "privacy mask")
        if ignored := camera.get("ignore"):
            masks += f", {counted(len(ignored), 'ignored area')} in which captions stay readable"
        say(err, ("approved: ", "bold"), f"camera {camera['id']} {where}: {camera['scope']}, {places}, {masks}")
    if files := conditions.get("recording"):
        say(
            err,
            ("approved: ", "bold"),
            f"{counted(len(files), 'recorded file')} by their SHA-256, which are in the journal",
        )
    for number, region in conditions["exemptions"].items():
        say(err, ("approved: ", "bold"), f"exemption {number}: {region_text(region)}")


def show_list(found: Sequence[Disclosure], zone: tzinfo | None) -> None:
    """A table of disclosures."""
    if not found:
        say(err, "no disclosures")
        return
    rows = [
        (
            one.number,
            moment_text(one.requested_ms, zone),
            one.request.recipient,
            one.request.basis.value,
            _what(one.request.content),
            one.state.value,
            "yes" if one.declaration else "missing",
            one.decided_by,
        )
        for one in found
    ]
    columns = ["number", "requested", "recipient", "basis", "content", "state", "document", "decided by"]
    print_table("Disclosures", columns, rows)


def show_disclosure(
    found: Disclosure, entries: Sequence[JournalEntry], zone: tzinfo | None, images: Mapping[int, Path]
) -> None:
    """All facts of a disclosure, the images of its exemptions by their ids, and its journal entries."""
    say(out, (found.number, "bold"), " ", (found.state.value, _COLORS[found.state]))
    for name, value in _facts(found, zone):
        if value:
            say(out, (f"{name:>20}  ", "dim"), value)
    for number, path in images.items():
        say(out, (f"{f'image of exemption {number}':>20}  ", "dim"), str(path))
    show_journal(entries, zone)


def show_journal(entries: Sequence[JournalEntry], zone: tzinfo | None) -> None:
    """A table of journal entries."""
    rows = [
        (str(one.seq), moment_text(one.at_ms, zone), one.who, one.account, one.action, one.number, one.hash[:16])
        for one in entries
    ]
    print_table("Journal", ["entry", "time", "person", "account", "action", "number", "hash"], rows)


def region_text(region: Mapping[str, Any]) -> str:
    """Box and span of an exempted region, and its share of the image."""
    x1, y1, x2, y2 = region["box"]
    begin_s, end_s = region["from"], region["to"]
    when = f"from {begin_s:g} s " + ("to the end" if end_s >= _ENDLESS_S else f"to {end_s:g} s")
    return f"box {x1:g}, {y1:g}, {x2:g}, {y2:g} ({100 * (x2 - x1) * (y2 - y1):.0f}% of the image), {when}"


def moment_text(ts_ms: int | None, zone: tzinfo | None) -> str:
    """Local time to the second, with its offset; "" for none."""
    return "" if ts_ms is None else format_time(ts_ms, zone)


def _facts(found: Disclosure, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    request, content, declaration = found.request, found.request.content, found.declaration
    overlay = request.overlay
    yield "recipient", request.recipient
    yield "document", request.recipient_document
    yield "legal basis", request.basis.value
    yield "purpose", request.purpose
    yield "content", _what(content)
    yield "from", moment_text(content.begin_ms, zone)
    yield "to", moment_text(content.end_ms, zone)
    yield "sha256 of original", content.file_sha256
    yield "style", request.style
    yield "overlay", ", ".join(part for part in (overlay.institution, overlay.place, overlay.date) if part)
    yield "requested", f"{moment_text(found.requested_ms, zone)} by {request.requested_by}"
    yield (
        request.basis.document,
        "missing"
        if declaration is None
        else f"{declaration.name} (stored as {declaration.stored_as}, sha256 {declaration.sha256})",
    )
    if found.decided_by:
        yield "decided", f"{moment_text(found.decided_ms, zone)} by {found.decided_by}"
    yield "reasons", found.reasons
    for file in found.files:
        yield (
            "file",
            f"{file.name}, {counted(file.size_bytes, 'byte')}, {moment_text(file.built_ms, zone)} by {file.built_by}, "
            f"sha256 {file.sha256}",
        )
        yield "verification", _json(file.verification)
        yield "policy", _json(file.policy)
    for one in found.exemptions:
        second = f"confirmed by {one.confirmed_by}" if one.confirmed_by else "not confirmed"
        what = f"{one.reason}, {region_text(one.region)}"
        yield f"exemption {one.exemption_id}", f"{what} (requested by {one.requested_by}, {second})"
    if found.delivered_by:
        yield "delivered", f"{moment_text(found.delivered_ms, zone)} by {found.delivered_by}"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _what(content: Content) -> str:
    return " ".join(part for part in (content.camera_id, content.file_name) if part)


def _next(found: Disclosure) -> str:
    document = found.request.basis.document
    if found.state is DisclosureState.REQUESTED:
        if found.declaration is None:
            return (
                f"add the recipient's {document}: viapublica release declare {found.number} FILE "
                "(required for approval)"
            )
        return (
            f"another person reads the {document} ({found.declaration.stored_as}) and decides: "
            f"viapublica release approve {found.number} --by NAME"
        )
    if found.state is DisclosureState.APPROVED:
        content = found.request.content
        source = f"--source {content.file_name}" if content.is_file else "--config FILE"
        if found.request.style == EVIDENCE:
            source = f"--evidence --recipient-certificate FILE {source}"
        if found.files:
            source += " --rebuild REASON"
        return f"viapublica release build {found.number} {source} --certificate FILE --key FILE"
    if found.state is DisclosureState.BUILT:
        return f"after handing it over: viapublica release deliver {found.number}"
    return ""
