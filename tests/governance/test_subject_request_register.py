"""Requests of persons are numbered, decided with reasons within a deadline, and chained into the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.erasure import ErasureRequest, ErasureResult
from pipeline.domain.subject_request import IdentityCheck, RequestDecision, RequestKind, SubjectRequest
from pipeline.domain.times import DAY_MS
from pipeline.errors import PolicyError, ReleaseError
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.register import Register
from pipeline.governance.subject_request_register import SubjectRequestRegister
from tests.governance.entries import SAO_PAULO, StoppedClock, ms

REQUEST = SubjectRequest(
    kind=RequestKind.ERASURE,
    person=" Maria Lima ",
    contact="maria@example.org",
    identity=(IdentityCheck.DOCUMENT, IdentityCheck.VEHICLE),
    begin_ms=ms("2026-11-20T08:00-03:00"),
    end_ms=ms("2026-11-20T09:00-03:00"),
    by="Ana Souza",
    place="Avenida Brasil, 900",
    characteristics="automóvel prata",
    camera_ids=("av-brasil-900",),
    fingerprint="ab" * 32,
)


@pytest.fixture
def requests(path: Path, clock: StoppedClock) -> Iterator[SubjectRequestRegister]:
    with SubjectRequestRegister(path, clock, zone=SAO_PAULO) as opened:
        yield opened


def erasure(path: Path, clock: StoppedClock, *, finished: bool = True) -> str:
    with ErasureRegister(path, clock, zone=SAO_PAULO) as erasures:
        number = erasures.begin(ErasureRequest("Ana Souza", "pedido"))
        if finished:
            erasures.finish(number, ErasureResult(()))
        return number


def intact(path: Path) -> bool:
    with Register(path, create=False) as register:
        return register.check_journal() is None


def test_a_request_is_numbered_has_fifteen_days_and_is_as_it_was_received(
    requests: SubjectRequestRegister, clock: StoppedClock, path: Path
) -> None:
    found = requests.receive(REQUEST)
    assert (found.number, found.due_ms - found.received_ms) == ("T2026/000001", 15 * DAY_MS)
    assert found.request == replace(REQUEST, person="Maria Lima")
    assert requests.get("t2026-000001") == found
    assert requests.receive(REQUEST, 5).due_ms == clock.now_ms + 5 * DAY_MS
    assert intact(path)


def test_what_was_not_decided_in_time_is_overdue(requests: SubjectRequestRegister, clock: StoppedClock) -> None:
    late, decided, later = (requests.receive(REQUEST, days).number for days in (10, 10, 12))
    requests.decide(decided, RequestDecision.REFUSED, "inquérito em curso", "Beatriz Lima")
    assert requests.overdue() == ()
    clock.now_ms += 12 * DAY_MS - 1
    assert [one.number for one in requests.overdue()] == [late]
    clock.now_ms += 1
    assert [one.number for one in requests.overdue()] == [late, later]


def test_an_erasure_is_granted_by_what_was_erased_and_refused_by_reasons(
    requests: SubjectRequestRegister, clock: StoppedClock, path: Path
) -> None:
    number, made, begun = requests.receive(REQUEST).number, erasure(path, clock), erasure(path, clock, finished=False)
    for decision, reasons, named in (
        (RequestDecision.GRANTED, "alheio às finalidades", ""),
        (RequestDecision.REFUSED, "inquérito em curso", made),
        (RequestDecision.REFUSED, " ", ""),
        (RequestDecision.REFUSED, "o veículo ABC1D23 é procurado", ""),
    ):
        with pytest.raises(PolicyError):
            requests.decide(number, decision, reasons, "Beatriz Lima", named)
    for wrong in (begun, "E2026/000099"):
        with pytest.raises(ReleaseError, match="no finished erasure"):
            requests.decide(number, RequestDecision.GRANTED, "alheio às finalidades", "Beatriz Lima", wrong)
    done = requests.decide(number, RequestDecision.GRANTED, "alheio às finalidades", "Beatriz Lima", made)
    assert (done.decision, done.erasure, done.decided_by) == (RequestDecision.GRANTED, made, "Beatriz Lima")
    with pytest.raises(PolicyError, match="is granted already"):
        requests.decide(number, RequestDecision.REFUSED, "outro", "Beatriz Lima")
    assert intact(path)


@pytest.mark.parametrize(
    "change",
    [
        {"identity": ()},
        {"end_ms": REQUEST.begin_ms},
        {"begin_ms": ms("2031-01-01T00:00Z"), "end_ms": ms("2031-01-02T00:00Z")},
        {"camera_ids": (), "place": " "},
        {"kind": RequestKind.ACCESS, "fingerprint": "", "characteristics": ""},
        {"person": " "},
        {"characteristics": "placa ABC-1D23"},
        {"characteristics": "saiu da igreja evangélica"},
    ],
)
def test_a_request_states_what_the_decree_asks_and_nothing_sensitive(
    requests: SubjectRequestRegister, change: dict[str, Any]
) -> None:
    with pytest.raises(PolicyError):
        requests.receive(replace(REQUEST, **change))
    assert requests.list() == ()


def test_a_changed_or_removed_request_is_found(
    requests: SubjectRequestRegister, clock: StoppedClock, path: Path
) -> None:
    number = requests.receive(REQUEST).number
    with sqlite3.connect(path) as database:
        database.execute("UPDATE subject_requests SET due_ms = due_ms + 1")
    assert not intact(path)
    with pytest.raises(ReleaseError, match="changed outside"):
        requests.decide(number, RequestDecision.REFUSED, "inquérito em curso", "Beatriz Lima")
    with sqlite3.connect(path) as database, pytest.raises(sqlite3.IntegrityError, match="never altered"):
        database.execute("DELETE FROM subject_requests")
