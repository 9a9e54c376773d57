"""Every text that people choose is known: screened for sensitive categories, or of a form that can hold none.

A new field, column or option of type text fails here until it is in one of the two lists.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import typing
from collections.abc import Iterator

import msgspec
import pytest
from pydantic import BaseModel
from sqlalchemy import String, Text

from pipeline.config.settings import Config
from pipeline.config.text_settings import FREE_TEXTS
from pipeline.domain.disclosure import Content, Request
from pipeline.domain.erasure import ErasureRequest, HoldOverride
from pipeline.domain.events import EVENT_TYPES
from pipeline.domain.hold import Hold, HoldGrounds
from pipeline.domain.hot_list import NewListEntry
from pipeline.domain.redaction import OverlayText
from pipeline.domain.requester import Requester
from pipeline.domain.subject_request import SubjectRequest
from pipeline.governance import (  # noqa: F401 - each adds its tables to the metadata
    approval_register,
    camera_tables,
    hot_list_register,
    incident_register,
    people_tables,
    query_register,
    sharing_register,
)
from pipeline.governance.tables import Base
from pipeline.policy.event_texts import ENUMERATED
from tests.project.places import ROOT

CONFIG = {
    "addresses and hosts": """cameras[].source cameras[].tls_name cameras[].allowed_hosts[] sinks[].host store.host
        sinks[].brokers[] channels[].url channels[].host channels[].sender channels[].to[]
        channels[].contact channels[].services[] observability.metrics.host
        server.url server.directories[].issuer ingest.source audit.time_stamp_authority""",
    "ids of cameras": "cameras[].other_scene_than[] retention.groups[].cameras[] channels[].cameras[]",
    "places of files and databases": "register_database",
    "logins": """cameras[].user cameras[].password_env sinks[].login.user sinks[].login.password_env sinks[].sasl.user
        sinks[].sasl.password_env channels[].secret.user channels[].secret.password_env channels[].login.user
        channels[].key.user channels[].key.password_env channels[].public_key channels[].login.password_env
        store.login.user store.login.password_env server.directories[].client_id server.directories[].secret.user
        server.directories[].secret.password_env""",
    "enumerations and model cards": """channels[].quiet.begin channels[].quiet.end zone detect.model
        detect.plate_model detect.label_confidence[] lpr.model lpr.corners analytics.labels[] alerts.off[]
        cameras[].alerts.off[] cameras[].alerts.closed[] cameras[].alerts.closed[][] cameras[].areas.drawn_for""",
    "the lists themselves": """sensitive_texts.words[][] sensitive_texts.exceptions[].text
        sensitive_texts.exceptions[].reason sensitive_texts.exceptions[].by
        sensitive_texts.exceptions[].confirmed_by places.categories[]""",
}
"""Keys that are not screened, with the reason."""
SCREENED = {
    Request: "requested_by recipient purpose recipient_document",
    Content: "file_name",
    OverlayText: "institution place date number",
    ErasureRequest: "by reason",
    SubjectRequest: "person contact place characteristics by",
    Hold: "reason by requester document",
    HoldGrounds: "requester document",
    HoldOverride: "reason by",
    NewListEntry: "list_name authority case_number reason",
    Requester: "purpose case",
}
OF_FIXED_FORM = {
    Request: "style",
    Content: "camera_id file_sha256",
    ErasureRequest: "fingerprint camera_ids",
    SubjectRequest: "camera_ids fingerprint",
    Hold: "hold_id camera_id basis",
    HoldOverride: "hold_ids",
    NewListEntry: "plate viewers",
    Requester: "user",
}
EVENT_TEXTS = {
    "enumerations": "label vehicle rule state layout severity phase",
    "declared ids": "camera_id line direction zone",
    "words of the program": "detail subject",
    "patterns": "stream_id trajectory plate plate_key incident evidence speeds areas",
    "names of a closed list, and numbers": "figures",
}
SCREENED_COLUMNS = """
    disclosures.requested_by disclosures.recipient disclosures.recipient_document disclosures.purpose
    disclosures.source_name disclosures.institution disclosures.place disclosures.date disclosures.reasons
    disclosures.decided_by disclosures.delivered_by disclosures.declared_by built_files.built_by exemptions.reason
    exemptions.requested_by exemptions.confirmed_by erasures.begun_by erasures.grounds journal.who
    institutions.name sectors.name persons.name accounts.status_reason emergencies.reason registered_cameras.owner
    registered_cameras.location registered_cameras.project registered_cameras.agreement registered_cameras.plates_by
    camera_masks.reason sanctions.reason sanctions.defence rendered_accounts.document
    subject_requests.reasons subject_requests.decided_by
    personal_tokens.name approvals.reason approvals.case_number sharing_agreements.number queries.case_number
    hot_list_entries.list_name hot_list_entries.authority hot_list_entries.case_number hot_list_entries.reason
    hot_list_entries.end_reason incident_steps.text hand_overs.text push_subscriptions.device passkeys.name"""
COLUMNS_OF_FIXED_FORM = """
    disclosures.number disclosures.basis disclosures.camera_id disclosures.source_sha256 disclosures.style
    disclosures.state disclosures.declaration_stored_as disclosures.declaration_sha256 built_files.sha256
    journal.account journal.action journal.number journal.previous journal.hash erasures.number erasures.document
    erasures.signature institutions.institution_id institutions.kind institutions.document institutions.case_format
    sectors.institution_id sectors.sector_id persons.login persons.document persons.institution persons.sector
    persons.registered_by accounts.login accounts.status accounts.password_hash accounts.totp_secret
    accounts.invitation_hash accounts.system_user role_grants.login role_grants.role role_grants.granted_by
    role_grants.revoked_by login_sessions.token_sha256 login_sessions.login login_sessions.origin
    login_sessions.end_reason emergencies.login emergencies.purpose emergencies.opened_by registered_cameras.camera_id
    registered_cameras.institution registered_cameras.sector registered_cameras.owner_kind registered_cameras.scope
    registered_cameras.registered_by registered_cameras.approved_by camera_masks.camera_id camera_masks.masks
    camera_masks.by rendered_accounts.camera_id rendered_accounts.by
    sanctions.camera_id sanctions.kind sanctions.by sanctions.lifted_by subject_requests.number
    subject_requests.decision subject_requests.erasure personal_tokens.token_sha256 personal_tokens.login
    personal_tokens.operations personal_tokens.end_reason
    approvals.login approvals.kind approvals.operation
    approvals.state approvals.decided_by approvals.decided_role approvals.decided_institution
    queries.login queries.institution queries.role queries.operation queried_plates.fingerprint own_vehicles.login
    own_vehicles.fingerprint own_vehicles.registered_by shifts.login shifts.days sharing_agreements.owner
    sharing_agreements.recipient sharing_agreements.purposes sharing_agreements.operations
    sharing_agreements.registered_by sharing_agreements.ended_by
    hot_list_entries.plate hot_list_entries.plate_key hot_list_entries.severity hot_list_entries.viewers
    hot_list_entries.entered_by hot_list_entries.ended_by
    incidents.incident incidents.camera_id incidents.rule incidents.severity incidents.state incidents.holder
    incidents.reason incident_steps.incident incident_steps.person incident_steps.action incident_steps.reason
    incident_steps.duplicate_of hand_overs.person hand_overs.incidents hand_overs.accepted_by
    undone_feedback.incident undone_feedback.person push_subscriptions.login push_subscriptions.institution
    push_subscriptions.sector push_subscriptions.role push_subscriptions.channel push_subscriptions.purpose
    push_subscriptions.endpoint push_subscriptions.p256dh push_subscriptions.auth push_subscriptions.end_reason
    passkeys.credential_id passkeys.login passkeys.public_key
    account_notices.login account_notices.kind account_notices.origin log_in_addresses.login log_in_addresses.origin
    directory_identities.issuer directory_identities.subject directory_identities.login
    directory_identities.connected_by"""
COLUMNS_OF_SCREENED_VALUES = """
    built_files.name built_files.verification built_files.policy exemptions.region journal.details erasures.request
    subject_requests.request
    disclosures.declaration_name"""
"""JSON of values that are screened or of fixed form before; names of files that the program made or screens."""
SCREENED_OPTIONS = """
    AgreementOption CaseOption DefenceOption ProjectOption ReasonOption administrator authority institution location
    owner plates_by sector ByOption by characteristics contact date document license_ name number place purpose reason
    rebuild recipient refuse title requester override_by override_reason comment text"""
OPTIONS_OF_FIXED_FORM = """
    CameraArgument CodeOption ContractOption EndOption InquiryOption LoginArgument RenderedOption
    ServerOption SinceOption
    ListOption UntilOption begin body case_format days hours rendered seen_by system_user until
    CameraOption CsvOption every FromOption ModelOption NumberArgument ParquetOption PlateOption PasswordEnvOption
    PasswordFileOption PlateArgument PurposeOption RegisterOption SinkArgument SinkOption ToOption UserOption
    XlsxOption ZoneOption camera case check_models codec codecs device end hold_id host interface issuer key markdown
    model month names onvif override_hold
    channel duplicate_of IncidentArgument operation peer person plate profile reader_model since sinks size sizes
    along at check corners distances left point rectangle right
    source start subject target threshold topic listen about undo"""
_OPTION_TEXT = re.compile(r"Annotated\[(list\[)?str\b")


def _leaves(model: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _texts(field.annotation, f"{path}{name}")


def _texts(annotation: object, path: str) -> Iterator[str]:
    if annotation is str:
        yield path
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _leaves(annotation, f"{path}.")
    else:
        origin = typing.get_origin(annotation)
        several = isinstance(origin, type) and issubclass(origin, tuple | list | frozenset | dict)
        for part in typing.get_args(annotation):
            yield from _texts(part, path + ("[]" if several else ""))


def test_every_text_of_a_configuration_is_screened_or_named() -> None:
    found = set(_leaves(Config, ""))
    named = set(" ".join(CONFIG.values()).split())
    assert found - set(FREE_TEXTS) - named == set()
    assert named - found == set()
    assert set(FREE_TEXTS) <= found
    assert not named & set(FREE_TEXTS)


@pytest.mark.parametrize("kind", SCREENED)
def test_every_text_of_a_request_is_screened_or_of_fixed_form(kind: type) -> None:
    hints = typing.get_type_hints(kind)
    names = (
        [field.name for field in dataclasses.fields(kind)]
        if dataclasses.is_dataclass(kind)
        else [field.name for field in msgspec.structs.fields(kind)]
    )
    texts = {name for name in names if hints[name] in {str, tuple[str, ...]}}
    assert texts == set(SCREENED[kind].split()) | set(OF_FIXED_FORM.get(kind, "").split())


def test_every_text_of_an_event_is_an_enumeration_an_id_a_pattern_or_of_known_words() -> None:
    known = set(" ".join(EVENT_TEXTS.values()).split())
    for event_type in EVENT_TYPES.values():
        numbers = (int, float, bool)
        texts = {
            field.name
            for field in msgspec.structs.fields(event_type)
            if not any(part in numbers for part in (field.type, *typing.get_args(field.type)))
        }
        assert texts - {"event_id"} <= known, event_type
    assert {name for name, _ in ENUMERATED.values()} <= known


def test_every_text_column_of_the_register_is_known() -> None:
    known = f"{SCREENED_COLUMNS} {COLUMNS_OF_FIXED_FORM} {COLUMNS_OF_SCREENED_VALUES}".split()
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Text | String)
    }
    assert found == set(known)
    assert len(known) == len(set(known))


def _options() -> set[str]:
    """Options and arguments of all commands that are text: parameters, fields of groups, and named types of options."""
    found = set()
    for path in (ROOT / "pipeline" / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.arg):
                name, annotation = node.arg, node.annotation
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name, annotation = node.target.id, node.annotation
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name, annotation = node.targets[0].id, node.value
            else:
                continue
            if annotation is not None and _OPTION_TEXT.match(ast.unparse(annotation)):
                found.add(name)
    return found


def test_every_text_option_is_screened_or_of_fixed_form() -> None:
    known = f"{SCREENED_OPTIONS} {OPTIONS_OF_FIXED_FORM}".split()
    assert _options() == set(known)
    assert len(known) == len(set(known))
