"""Every page of the console with a text in each field that people, cameras or outsiders can fill."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

from pipeline.app.release.registered_file import RegisteredFile, Standing
from pipeline.app.release.served_releases import BuildState
from pipeline.console import (
    account_pages,
    release_words,
    situation_pages,
    traffic_figures,
    traffic_words,
)
from pipeline.console.camera_map import Place, camera_map
from pipeline.console.pages import render
from pipeline.console.release_visits import address_of
from pipeline.console.release_words import steps_of
from pipeline.console.traffic_figures import typical_week
from pipeline.console.traffic_words import Figure, View
from pipeline.domain.account_notice import NoticeKind
from pipeline.domain.audit import Outcome
from pipeline.domain.disclosure import (
    EVIDENCE,
    BuiltFile,
    Content,
    Declaration,
    Disclosure,
    DisclosureState,
    Exemption,
    JournalEntry,
    LegalBasis,
    Request,
)
from pipeline.domain.incident import IncidentState
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.redaction import OverlayText
from pipeline.domain.route import GeoPoint
from pipeline.domain.times import parse_time
from tests.console.filled_plate_pages import list_pages_of, plate_pages_of, recording_pages_of
from tests.console.filled_registry_pages import people_and_rights_pages
from tests.console.filled_values import AT, READER, Filled, filled


def release_pages(given: Filled) -> Mapping[str, str]:
    text, frame, form, problem = given.text, given.frame, given.form, given.problem
    disclosure = Disclosure(
        text,
        1,
        Request(text, text, LegalBasis.MEDIA, text, Content(text, 1, 2), text, "fill", OverlayText(text, text, text)),
        DisclosureState.BUILT,
        Declaration(text, text, text, 1, text, 1),
        decided_by=text,
        decided_ms=1,
        reasons=text,
        exemptions=(Exemption(1, {}, text, text, 1, text, 1),),
    )
    verification = {"residual_detections": 0, "detectors": [text], "rounds": 1, "plates": {"read": 0, "tried": 1}}
    built = (BuiltFile(text, "0" * 64, 1, verification, {}, text, 1), RegisteredFile(text, Standing.CURRENT))
    build = BuildState(text, text, 1, "detect", 1, 2, 2, 4, (text,))
    release = frame | {
        "found": disclosure,
        "base": address_of("2026/000001"),
        "journal": [JournalEntry(1, 1, text, text, text, text, {}, "", "0" * 64)],
        "files": [built],
        "steps": steps_of(disclosure),
        "build": build,
        "build_failed": None,
        "can_build": True,
        "nothing_recorded": text,
        "EVIDENCE": EVIDENCE,
        "DisclosureState": DisclosureState,
        "words": {
            "bases": release_words.BASES,
            "states": release_words.STATES,
            "styles": release_words.STYLES,
            "standings": release_words.STANDINGS,
            "stages": release_words.STAGES,
            "actions": release_words.ACTIONS,
        },
    }
    return {
        "releases": render(
            "releases.html",
            READER,
            **frame,
            found=[disclosure],
            form=form,
            states=release_words.STATES,
            bases=release_words.BASES,
            this_month="2026-11",
            address_of=lambda _: address_of("2026/000001"),
        ),
        "new release": render(
            "release_new.html",
            READER,
            **frame,
            form=form,
            bases=release_words.BASES,
            styles={"fill": release_words.STYLES["fill"]},
            cameras={"cam-1": SimpleNamespace(name=text)},
            institution_name=text,
        ),
        "release that is built": render("release.html", READER, **release),
        "release that failed": render("release.html", READER, **release | {"build": None, "build_failed": problem}),
    }


def traffic_pages(given: Filled) -> Mapping[str, str]:
    text, form = given.text, given.form
    flow = {
        "start_ms": 1, "camera_id": text, "line": text, "direction": text, "label": text, "count": 1,
        "mean_m_s": 1.0, "p85_m_s": 2.0, "headway_s": None, "seen": 0.5,
    }  # fmt: skip
    traffic = given.frame | {
        "form": form,
        "purposes": traffic_words.PURPOSES,
        "purpose": text,
        "figures": traffic_words.FIGURES,
        "views": traffic_words.VIEWS,
        "intervals": traffic_words.INTERVALS,
        "figure": Figure.LINES,
        "view": View.TABLE,
        "Figure": Figure,
        "View": View,
        "found": SimpleNamespace(answer=SimpleNamespace(answer=given.answer, left_out=1), complete=False, rows=[flow]),
        "second": None,
        "may_export": True,
        "classes": traffic_words.CLASSES,
        "days": traffic_words.DAYS,
        "width": traffic_figures.WIDTH,
        "height": traffic_figures.HEIGHT,
        "little": traffic_figures.LITTLE_SEEN,
        "km_h": 3.6,
        "drawn": traffic_words.DRAWN[Figure.LINES],
        "rows": [flow],
        "more": 2,
        "chart": traffic_figures.chart({1: 2.0, 3_600_001: 3.0}, 3_600_000),
        "week": (),
        "compared": (traffic_figures.Compared((text, text), 1.0, 2.0, 0.5),),
    }
    return {
        "traffic": render("traffic.html", READER, **traffic),
        "week of traffic": render(
            "traffic.html", READER, **traffic | {"view": View.WEEK, "week": typical_week({1: 2.0}, None)}
        ),
        "compared traffic": render("traffic.html", READER, **traffic | {"view": View.COMPARISON}),
    }


def situation_pages_of(given: Filled) -> Mapping[str, str]:
    text, frame, note, camera = given.text, given.frame, given.note, given.camera
    row = {
        "incident": "0123456789ab",
        "camera_id": text,
        "text": text,
        "holder": text,
        "severity": text,
        "state": "new",
        "alerts": 2,
        "ts_ms": 1,
        "first_ts_ms": 1,
    }
    step = {"at_ms": 1, "by": text, "action": "comment", "reason": None, "text": text}
    hand_over = SimpleNamespace(at_ms=1, by=text, text=text, incidents=[text], accepted_by=text, number=1)
    return {
        "situation": render(
            "situation.html",
            READER,
            **frame,
            purposes=situation_pages.PURPOSES,
            purpose=Purpose.CRISIS,
            reasons=situation_pages.REASONS,
            may_handle=True,
            actions_of=situation_pages.actions_of,
            IncidentState=IncidentState,
            parsed=parse_time,
            incidents=[row],
            notes=[note],
            left_out=1,
            cameras=[camera],
            map=camera_map([Place(text, GeoPoint(-19.9, -43.9), "live", text, "/console/situation")], (), [text]),
            map_width=960,
            map_height=420,
            hand_overs=[hand_over],
            hours=24,
            detail=SimpleNamespace(incident=row, alerts=[], steps=[step]),
        ),
        "health": render("health.html", READER, **frame, disks=[], parsed=parse_time, cameras=[camera]),
    }


def audit_pages(given: Filled) -> Mapping[str, str]:
    text, frame, form = given.text, given.frame, given.form
    record = dict.fromkeys(("account", "institution", "role", "operation", "policy", "purpose", "case"), text) | {
        "sequence": 1,
        "time": AT,
        "outcome": text,
        "cameras": [text],
    }
    sign = SimpleNamespace(rule=Purpose.CRISIS, persons=[text], cases=[text], number=1, first=AT, last=AT)
    audit = frame | {
        "form": form,
        "operations_of_law": list(Operation),
        "outcomes": list(Outcome),
        "parsed": parse_time,
        "operation_titles": {},
        "found": None,
        "verified": None,
        "signs": None,
    }
    return {
        "records": render(
            "audit.html", READER, **audit | {"found": SimpleNamespace(found=1, records=[record], next_offset=None)}
        ),
        "findings": render(
            "audit.html",
            READER,
            **audit | {"verified": SimpleNamespace(intact=False, sealed=False, findings=[text], notes=[text])},
        ),
        "signs": render("audit.html", READER, **audit | {"signs": [sign]}),
    }


def log_in_pages(given: Filled) -> Mapping[str, str]:
    text, problem = given.text, given.problem
    return {
        "log in": render(
            "log_in.html",
            READER,
            problem=problem,
            login=text,
            path=text,
            action="/console/login",
            directories=[SimpleNamespace(name="prefeitura", label=text)],
            passkeys=True,
        ),
        "log in over a page": render("part_log_in.html", READER, problem=problem, login=text, action="/console/login"),
        "own account": render(
            "account.html",
            READER,
            **given.frame,
            account=SimpleNamespace(
                name=text,
                login=text,
                institution=text,
                sector=text,
                roles=["operator"],
                registered_until=AT,
                trained_until=AT,
                term_until=None,
            ),
            roles={"operator": text},
            notices=[SimpleNamespace(notice_id=1, kind=NoticeKind.LOCKED, origin=text, at=AT, seen=False)],
            notice_words=account_pages.NOTICES,
            passkeys=[SimpleNamespace(passkey_id=text, name=text, created=AT, last_used=None)],
            passkeys_possible=True,
            sessions=[
                SimpleNamespace(session_id=text, origin=text, opened=AT, last_used=AT, own=own) for own in (0, 1)
            ],
            parsed=parse_time,
        ),
        "problem": render("problem.html", READER, problem=problem, path="/console/x"),
    }


def pages(text: str) -> Mapping[str, str]:
    """Every template with a text in each field that people, cameras or outsiders can fill."""
    given = filled(text)
    return {
        **release_pages(given),
        **traffic_pages(given),
        **people_and_rights_pages(given),
        **plate_pages_of(given),
        **list_pages_of(given),
        **recording_pages_of(given),
        **situation_pages_of(given),
        **audit_pages(given),
        **log_in_pages(given),
    }
