"""The commands of `viapublica`: name, one-line help, and the module to load when one is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["COMMANDS", "CommandEntry"]

_EVERYDAY: Final = "Everyday"
_QUERIES: Final = "Queries"
_RELEASES: Final = "Releases"
_OPERATION: Final = "Operation"


class CommandEntry(NamedTuple):
    """A command, or a group of commands, before its module is loaded.

    Attributes:
        target: ``module:name`` below `pipeline.cli`, of a function or a `typer.Typer`.
        help: the first sentence of its help; a test holds the two together.
        panel: where the overview lists it.
    """

    target: str
    help: str
    panel: str


COMMANDS: Final[Mapping[str, CommandEntry]] = {
    "run": CommandEntry(
        "operate.run_command:run", "Run all cameras of a configuration, live or to the end of their files.", _EVERYDAY
    ),
    "detect": CommandEntry(
        "media.commands:detect", "Find persons, vehicles, faces and plates in images and video.", _EVERYDAY
    ),
    "read": CommandEntry("media.commands:read", "Read plates in images and video.", _EVERYDAY),
    "anonymize": CommandEntry(
        "release.anonymize_command:anonymize",
        "Redact persons, faces and plates irreversibly, and drop audio and metadata.",
        _EVERYDAY,
    ),
    "verify": CommandEntry(
        "release.verify_command:verify", "Check a released clip offline: signature, integrity, contents.", _EVERYDAY
    ),
    "doctor": CommandEntry(
        "operate.doctor_command:doctor",
        "Check each component of the installation, with a fix for what does not work.",
        _EVERYDAY,
    ),
    "demo": CommandEntry(
        "operate.demo_command:demo", "Run the main job on two example videos, then query plates.", _EVERYDAY
    ),
    "plates": CommandEntry("query.event_commands:plates", "Find the reads of plates, newest first.", _QUERIES),
    "route": CommandEntry(
        "query.journey_commands:route", "Follow a plate over cameras, with distance and speed of each leg.", _QUERIES
    ),
    "convoy": CommandEntry(
        "query.journey_commands:convoy",
        "Find plates that travel with a plate, those that met it most often first.",
        _QUERIES,
    ),
    "clones": CommandEntry(
        "query.journey_commands:clones", "Find plates read at two places faster than a vehicle can drive.", _QUERIES
    ),
    "traffic": CommandEntry(
        "query.traffic_command:traffic",
        "Count traffic at lines, in zones or per camera, by direction, class and time.",
        _QUERIES,
    ),
    "hotlist": CommandEntry(
        "hotlists.hit_commands:app",
        "Hot-lists of searched plates: add, import, list, export, remove, hits, check.",
        _QUERIES,
    ),
    "events": CommandEntry("query.event_commands:events", "List events, newest first.", _QUERIES),
    "cameras": CommandEntry(
        "query.event_commands:cameras",
        "List the cameras that sent events: last seen, state, counts per kind.",
        _QUERIES,
    ),
    "alerts": CommandEntry(
        "alerts.app:app",
        "Incidents: list, show, ack, escalate, close, comment, hand-over, test, replay.",
        _QUERIES,
    ),
    "export": CommandEntry(
        "query.export_command:export",
        "Write a dataset for research: tracks with points, counts, terms, checksums.",
        _QUERIES,
    ),
    "release": CommandEntry(
        "release.build_commands:app", "Disclosures: request, decide, build, deliver, find.", _RELEASES
    ),
    "erase": CommandEntry(
        "operate.erase_command:erase",
        "Erase the data of a vehicle, or of a place and time; count what is left.",
        _OPERATION,
    ),
    "requests": CommandEntry(
        "rights.decision_commands:app",
        "Requests of persons about their data: receive, search, decide, letter.",
        _OPERATION,
    ),
    "audit": CommandEntry(
        "operate.audit_commands:app",
        "The audit of operations: verify, search, anomalies, report, prove, anchor, key.",
        _OPERATION,
    ),
    "camera": CommandEntry(
        "operate.camera_setup_commands:app",
        "Cameras: add, test, snapshot, segments, hold, discard, register, suspend.",
        _OPERATION,
    ),
    "init": CommandEntry(
        "people.init_command:init",
        "Set up people: institution, sector, two administrators, retention, register.",
        _OPERATION,
    ),
    "people": CommandEntry(
        "people.people_commands:app",
        "People: add, train, term, role, shift, directory, invite, leave, import.",
        _OPERATION,
    ),
    "login": CommandEntry(
        "people.login_commands:login",
        "Log in with password and one-time code, for the commands of this user.",
        _OPERATION,
    ),
    "logout": CommandEntry(
        "people.login_commands:logout", "End the session of this user, here or with a server.", _OPERATION
    ),
    "password": CommandEntry(
        "people.password_command:password",
        "Change your password, with the present one and a one-time code.",
        _OPERATION,
    ),
    "approvals": CommandEntry(
        "people.approval_commands:app", "Approvals by a second person: ask, list, approve, refuse.", _OPERATION
    ),
    "institutions": CommandEntry(
        "people.institution_commands:app",
        "Institutions, sectors and agreements: add, add-sector, list, share, agreements.",
        _OPERATION,
    ),
    "serve": CommandEntry(
        "operate.serve_command:serve",
        "Serve the console and the HTTP API, on this machine only or with TLS.",
        _OPERATION,
    ),
    "plan": CommandEntry(
        "operate.plan_command:plan",
        "Plan machines, disks and cost of cameras; measure how many this machine carries.",
        _OPERATION,
    ),
    "config": CommandEntry("operate.config_commands:app", "Configurations: check, schema, explain.", _OPERATION),
    "kafka": CommandEntry(
        "operate.kafka_commands:app", "Events in Kafka: ingest, tail, dead-letters, schema.", _OPERATION
    ),
    "models": CommandEntry(
        "operate.models_commands:app",
        "Networks and their cards: list, verify, pin, test, record-answers, compare.",
        _OPERATION,
    ),
    "bench": CommandEntry(
        "operate.bench_commands:app",
        "Measure this machine: stages, pipeline, accuracy, soak, compare, gpu.",
        _OPERATION,
    ),
    "spool": CommandEntry(
        "operate.spool_commands:app", "Events on disk before delivery: ls, verify, cat, replay, trim.", _OPERATION
    ),
    "backup": CommandEntry(
        "operate.backup_commands:app", "Backups of an installation: create, verify, restore.", _OPERATION
    ),
    "retention": CommandEntry(
        "operate.retention_commands:app",
        "Retention: show what is stored and due, run a disposal, report disposals.",
        _OPERATION,
    ),
    "store": CommandEntry(
        "operate.store_commands:app", "The event store: proofs of erasures, the user of dashboards.", _OPERATION
    ),
}
"""Every command by name, in the order of the overview."""
