"""How disclosures look in a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from typing import Any

from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.domain.disclosure import Content, Disclosure, DisclosureState, JournalEntry

_ENDLESS_S = 1e6
_COLORS = {
    DisclosureState.REQUESTED: "yellow",
    DisclosureState.REFUSED: "red",
    DisclosureState.APPROVED: "green",
    DisclosureState.BUILT: "green",
    DisclosureState.DELIVERED: "green",
}


def as_plain(found: Disclosure) -> dict[str, Any]:
    """With every field, for JSON; times are milliseconds since 1970 UTC."""
    return asdict(found)


def tell_changed(found: Disclosure, as_json: bool) -> None:
    """What a command has made of a disclosure, and what comes next."""
    if as_json:
        print_json(as_plain(found))
        return
    say(out, (found.number, "bold"), " ", (found.state.value, _COLORS[found.state]), f"  {found.request.recipient}")
    if following := _next(found):
        say(err, ("next: ", "bold"), following)


def tell_list(found: Sequence[Disclosure], zone: tzinfo | None) -> None:
    """A table."""
    if not found:
        say(err, "no disclosures")
        return
    rows = [
        (
            one.number,
            moment_text(one.asked_ms, zone),
            one.request.recipient,
            one.request.basis.value,
            _what(one.request.content),
            one.state.value,
            "yes" if one.declaration else "missing",
            one.decided_by,
        )
        for one in found
    ]
    columns = ["number", "asked", "recipient", "basis", "content", "state", "declaration", "decided by"]
    print_table("Disclosures", columns, rows)


def tell_all(found: Disclosure, entries: Sequence[JournalEntry], zone: tzinfo | None) -> None:
    """Everything that is known."""
    say(out, (found.number, "bold"), " ", (found.state.value, _COLORS[found.state]))
    for name, value in _facts(found, zone):
        if value:
            say(out, (f"{name:>20}  ", "dim"), value)
    tell_journal(entries, zone)


def tell_journal(entries: Sequence[JournalEntry], zone: tzinfo | None) -> None:
    """A table of changes."""
    rows = [
        (str(one.seq), moment_text(one.at_ms, zone), one.who, one.account, one.action, one.number, one.hash[:16])
        for one in entries
    ]
    print_table("Journal", ["entry", "when", "who", "account", "what", "number", "hash"], rows)


def place_of(region: Mapping[str, Any]) -> str:
    """Where and when something stays uncovered, and how much of the image that is."""
    x1, y1, x2, y2 = region["box"]
    begin_s, end_s = region["from"], region["to"]
    when = f"from {begin_s:g} s " + ("to the end" if end_s >= _ENDLESS_S else f"to {end_s:g} s")
    return f"box {x1:g}, {y1:g}, {x2:g}, {y2:g} ({100 * (x2 - x1) * (y2 - y1):.0f} % of the image), {when}"


def moment_text(ts_ms: int | None, zone: tzinfo | None) -> str:
    """Local time to the second, with its offset; "" for none."""
    if ts_ms is None:
        return ""
    return datetime.fromtimestamp(ts_ms / 1000, UTC).astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _facts(found: Disclosure, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    request, content, kept = found.request, found.request.content, found.declaration
    yield "recipient", request.recipient
    yield "document", request.recipient_document
    yield "legal basis", request.basis.value
    yield "purpose", request.purpose
    yield "content", _what(content)
    yield "from", moment_text(content.begin_ms, zone)
    yield "to", moment_text(content.end_ms, zone)
    yield "sha256 of original", content.file_sha256
    yield "look", request.look
    yield "mark", ", ".join(part for part in (request.mark.institution, request.mark.place, request.mark.date) if part)
    yield "asked", f"{moment_text(found.asked_ms, zone)} by {request.requested_by}"
    yield "declaration", "missing" if kept is None else f"{kept.name} (kept as {kept.kept_as}, sha256 {kept.sha256})"
    if found.decided_by:
        yield "decided", f"{moment_text(found.decided_ms, zone)} by {found.decided_by}"
    yield "reasons", found.reasons
    for file in found.files:
        yield (
            "file",
            f"{file.name}, {file.size_bytes} bytes, {moment_text(file.built_ms, zone)} by {file.built_by}, "
            f"sha256 {file.sha256}",
        )
        yield "its check", _json(file.verification)
        yield "made with", _json(file.policy)
    for one in found.uncoverings:
        second = f"confirmed by {one.confirmed_by}" if one.confirmed_by else "not confirmed"
        what = f"{one.reason}, {place_of(one.region)}"
        yield f"uncovering {one.uncovering_id}", f"{what} (asked by {one.asked_by}, {second})"
    if found.delivered_by:
        yield "delivered", f"{moment_text(found.delivered_ms, zone)} by {found.delivered_by}"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _what(content: Content) -> str:
    return " ".join(part for part in (content.camera_id, content.file_name) if part)


def _next(found: Disclosure) -> str:
    if found.state is DisclosureState.REQUESTED:
        if found.declaration is None:
            return (
                f"the declaration of the recipient is missing: viapublica release declare {found.number} FILE "
                "(without it nothing can be approved)"
            )
        return (
            f"another person reads the declaration ({found.declaration.kept_as}) and decides: "
            f"viapublica release approve {found.number} --by NAME"
        )
    if found.state is DisclosureState.APPROVED:
        content = found.request.content
        source = f"--source {content.file_name}" if content.is_file else "--config FILE"
        return f"viapublica release build {found.number} {source} --certificate FILE --key FILE"
    if found.state is DisclosureState.BUILT:
        return f"when it was handed over: viapublica release deliver {found.number}"
    return ""
