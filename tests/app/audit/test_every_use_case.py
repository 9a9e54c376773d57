"""Every use case that a face of the program calls, and that reaches personal data, has a record in the audit.

Faces call only `pipeline.app` (an import contract). What they import from it is followed through the functions and
classes of `pipeline.app` that it names, to what opens events, recordings, registers and live images.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_ROOT: Final = Path(__file__).parents[3]
_APP: Final = "pipeline.app"

_DOORS: Final[Mapping[str, frozenset[str]]] = {
    "pipeline.store.event_store": frozenset({"open_event_store"}),
    "pipeline.store.local_endpoint": frozenset({"StoreClient"}),
    "pipeline.store.retention": frozenset({"open_for_maintenance", "drop_due_safely"}),
    "pipeline.store.row_erasure": frozenset({"StoredEvents"}),
    "pipeline.record.recording_archive": frozenset({"RecordingArchive"}),
    "pipeline.record.holds": frozenset({"Holds"}),
    "pipeline.record.every_hold": frozenset({"every_hold"}),
    "pipeline.record.retention": frozenset({"prune"}),
    "pipeline.record.segment_check": frozenset({"check_segments"}),
    "pipeline.record.erasure": frozenset({"erase_video", "select_video"}),
    "pipeline.governance.register": frozenset({"Register"}),
    "pipeline.governance.erasure_register": frozenset({"ErasureRegister"}),
    "pipeline.governance.subject_request_register": frozenset({"SubjectRequestRegister"}),
    "pipeline.governance.hot_list_register": frozenset({"HotListRegister"}),
    "pipeline.governance.incident_register": frozenset({"IncidentRegister"}),
    "pipeline.governance.known_erasures": frozenset({"read_known_erasures"}),
    "pipeline.sink.spool.inspect_spool": frozenset({"walk"}),
    "pipeline.sink.spool.spool": frozenset({"Spool"}),
    "pipeline.sink.spool.remove_events": frozenset({"erase_from", "events_in"}),
    "pipeline.sink.line_erasure": frozenset({"erase_lines", "lines_in"}),
    "pipeline.sink.kafka.tail": frozenset({"tail"}),
    "pipeline.sink.kafka.topics": frozenset({"delete_topic"}),
    "pipeline.decode.stream_probe": frozenset({"first_image", "images_of_view"}),
    "pipeline.backup.archive": frozenset({"new_archive"}),
    "pipeline.backup.restored_parts": frozenset({"restore_archive"}),
    "pipeline.storage.export_log": frozenset({"ExportLog"}),
}
"""What opens or changes personal data; nothing else below `pipeline.app` is opened by it."""
_RECORDS: Final = frozenset({"audit_record", "audit_of_stores", "operation_audit", "report_to"})

_WITHOUT: Final[Mapping[str, str]] = {
    "Erasure": "is opened by `open_erasure` and `open_erasure_again` only, which record it",
    "SharedStore": "holds the store for `open_queries`, which decides on each question and records it",
    "IngestRun": "stores events, and shows none",
    "check_config": "compares cameras with recorded declarations; shows no video",
    "check_not_new": "says whether a register has erasures at all, before topics are stored; shows no entry",
    "disclosed_if_registered": "part of an erasure, which is recorded before it is found",
    "holds_of_request": "ids of the holds of a disclosure that the same command has changed, which is recorded",
}
"""Use cases without a record, each with the reason."""


_READS: Final = "is given a register of `open_register`, whose audit asks before each reading"
_UNDECIDED: Final[Mapping[str, str]] = {
    "AuditedRegister": "its readings ask; its changes follow the register's own rules of two named persons, and are "
    "not decided by account yet",
    "approve_disclosure": _READS,
    "check_journal": _READS,
    "find_disclosures": _READS,
    "request_exemptions": _READS,
    "write_sheet": _READS,
    "registered_files": _READS,
}
"""Use cases without a decision on access, each with the reason."""


class _Place(NamedTuple):
    """A name of a module of `pipeline.app`."""

    module: str
    name: str


class _Module:
    """The definitions and imports of a module.

    Args:
        tree: of its source.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.definitions = {
            one.name: one for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
        }
        self.imports = {
            alias.asname or alias.name: _Place(node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }


@cache
def _module(name: str) -> _Module:
    path = _ROOT / name.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return _Module(ast.parse(source.read_text()))


def _named(place: _Place) -> Iterator[_Place]:
    """What a definition of `pipeline.app` names; where it is itself imported, what it is; of a module, all."""
    inner = f"{place.module}.{place.name}"
    if (_ROOT / inner.replace(".", "/")).with_suffix(".py").is_file():
        yield from (_Place(inner, name) for name in _module(inner).definitions)
        return
    module = _module(place.module)
    node = module.definitions.get(place.name)
    if node is None:
        if place.name in module.imports:
            yield module.imports[place.name]
        return
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in module.imports:
            yield module.imports[one.id]
        elif isinstance(one, ast.Name) and one.id in module.definitions:
            yield _Place(place.module, one.id)


def _reached(start: _Place) -> set[_Place]:
    reached, waiting = set[_Place](), [start]
    while waiting:
        place = waiting.pop()
        if place not in reached:
            reached.add(place)
            waiting += _named(place) if place.module.startswith(_APP) else ()
    return reached


def _use_cases() -> set[_Place]:
    """What command line and HTTP API import from `pipeline.app`."""
    found: set[_Place] = set()
    for path in (path for face in ("cli", "http_api") for path in (_ROOT / "pipeline" / face).rglob("*.py")):
        imports = _Module(ast.parse(path.read_text())).imports.values()
        found |= {place for place in imports if place.module.startswith(f"{_APP}.")}
    return found


def _doors(reached: set[_Place]) -> set[str]:
    return {place.name for place in reached if place.name in _DOORS.get(place.module, ())}


def _is_recorded(reached: set[_Place]) -> bool:
    return any(place.name in _RECORDS and place.module.startswith(f"{_APP}.audit") for place in reached)


def test_every_use_case_that_reaches_personal_data_is_recorded() -> None:
    missing = {}
    for place in _use_cases():
        reached = _reached(place)
        if (doors := _doors(reached)) and not _is_recorded(reached):
            missing[place.name] = (place.module, sorted(doors))
    assert {name: facts for name, facts in missing.items() if name not in _WITHOUT} == {}
    assert set(_WITHOUT) <= set(missing), "this list has names that need no exception any more"


def test_every_use_case_that_reaches_personal_data_asks_for_a_decision() -> None:
    undecided = {
        place.name
        for place in _use_cases()
        if (reached := _reached(place)) and _doors(reached) and not any(one.name == "access_door" for one in reached)
    }
    assert undecided - set(_WITHOUT) - set(_UNDECIDED) == set()
    assert set(_UNDECIDED) <= undecided, "this list has names that need no exception any more"


def test_the_search_follows_calls_classes_and_modules() -> None:
    assert {place.name for place in _use_cases()} >= {"open_queries", "open_register", "build_evidence"}
    for name, door in (
        ("open_queries", "StoreClient"),
        ("open_register", "Register"),
        ("hold_time", "Holds"),
        ("erase_with_proof", "ErasureRegister"),
        ("build_evidence", "RecordingArchive"),
        ("spooled_events", "walk"),
        ("save_snapshot", "first_image"),
        ("create_backup", "new_archive"),
    ):
        for place in (place for place in _use_cases() if place.name == name):
            reached = _reached(place)
            assert door in _doors(reached), name
            assert _is_recorded(reached), name


def test_doors_exist() -> None:
    for module, names in _DOORS.items():
        assert names <= _module(module).definitions.keys(), module


def test_no_register_is_opened_for_changes_without_its_report() -> None:
    """A register that `pipeline.app` opens without `report` is only read, and not created."""
    for path in (_ROOT / "pipeline" / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "Register",
                "ErasureRegister",
                "SubjectRequestRegister",
            }:
                given = {one.arg: ast.unparse(one.value) for one in node.keywords}
                assert "report" in given or given.get("create") == "False", f"{path}:{node.lineno}"
