"""Entries of hot-lists: made, imported, ended, shown and exported, each decided on and in the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pipeline.app.audit.audited_operation import audit_of_stores, entry_of
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.output_files import check_target, output_file
from pipeline.domain.clock import SystemClock
from pipeline.domain.hot_list import ListEntry, NewListEntry
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.plate import plate_key
from pipeline.domain.ports import Clock
from pipeline.domain.requester import Requester
from pipeline.domain.times import DAY_MS
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.hot_list_csv import ListDefaults, read_list, write_list
from pipeline.governance.hot_list_register import HotListRegister
from pipeline.hotlists.false_alarms import Threshold, threshold
from pipeline.policy.hot_lists import may_see_hits
from pipeline.policy.requester_texts import check_requester

__all__ = ["HotListService", "ListDefaults", "ListEntry", "ListsState", "NewListEntry", "ReplacedList"]

_PLATES_OF_RECORD: Final = 500
"""Plates of one record of the audit; a long list has several."""
_SOON_MS: Final = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class ListsState:
    """The hot-lists as they are compared now.

    Attributes:
        entries: number that count now, by list; plates: number of different vehicles.
        not_begun, ended, ending: numbers of entries that count later, have ended, and end within seven days.
        accepted_per_day, reads_per_day: as configured.
        threshold: of matches.
    """

    entries: dict[str, int]
    plates: int
    not_begun: int
    ended: int
    ending: int
    accepted_per_day: float
    reads_per_day: int
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class ReplacedList:
    """What an import has changed of a list.

    Attributes:
        entered, ended, retained: numbers of the person's entries.
    """

    entered: int
    ended: int
    retained: int


class HotListService:
    """The hot-lists of an installation; closes the register at the end of a `with` statement.

    Args:
        where: the register, an SQLite file or a SQLAlchemy address.
        stores: name audit and screen.
        requester: the person or program that asks.
        create: create the register if it does not exist; clock: None for the machine's.

    Raises:
        ReleaseError, MissingComponent: the register cannot be opened.
        PolicyError: purpose or case says something sensitive about people.
    """

    def __init__(
        self,
        where: str,
        stores: ConfiguredStores,
        requester: Requester,
        *,
        create: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._stores = stores
        self._clock = clock or SystemClock()
        self._audit = audit_of_stores(stores, requester)
        with self._audit.refusals(Operation.PLATE_LIST):
            check_requester(requester, stores.screen)
        self._register = HotListRegister(where, self._clock, create=create, screen=stores.screen)

    def __enter__(self) -> Self:
        self._register.forget_plates(self._report_forgotten)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._register.close()

    @property
    def evaluation(self) -> bool:
        """Whether no people are registered, so that nothing is refused."""
        return self._audit.access.evaluation

    def add(self, entry: NewListEntry) -> ListEntry:
        """Make one entry; where it names no one who sees its hits, the person who enters it does.

        Raises:
            RefusedAccess: the person may not, or a second person has not approved it.
            RegistryError, PolicyError: see `HotListRegister.add`.
            AuditUnavailable: the audit takes no record; nothing is entered.
        """
        return self._add([("", entry)])[0]

    def import_list(self, path: Path, defaults: ListDefaults, *, dry_run: bool = False) -> int:
        """Make the entries of a CSV file, all or none; their number.

        Args:
            path: see `read_list`; defaults: of cells that are empty.
            dry_run: check everything, and enter nothing.

        Raises:
            RegistryError: lines that are not possible, each with its number.
            ViapublicaError: see `add`.
        """
        entries = read_list(path, defaults)
        if not dry_run:
            return len(self._add(entries))
        with self._audit.refusals(Operation.PLATE_LIST, details={"action": "check-import"}):
            return len(self._register.check(entries))

    def replace_list(self, path: Path, defaults: ListDefaults, *, dry_run: bool = False) -> ReplacedList:
        """Let a list have the entries of a CSV file and no others, all or nothing.

        Entries that state the same in the file stay as they are, with their numbers. Those of other people stay too.

        Args:
            path, defaults, dry_run: see `import_list`; the list is that of the defaults.

        Raises:
            RegistryError: no list is named, the file has no plates or those of another list; see `import_list`.
            ViapublicaError: see `add`.
        """
        wanted = read_list(path, defaults)
        _check_one_list(wanted, defaults.list_name)
        own = self._own(defaults.list_name, ended=False)
        with self._audit.refusals(Operation.PLATE_LIST, details={"action": "replace"}):
            login, named = self._named(wanted)
        present = {plate_key(one.plate): one for one in own}
        new = [(place, one) for place, one in named if not _states_the_same(one, present.get(plate_key(one.plate)))]
        changed = {plate_key(one.plate) for _, one in new}
        retained = {plate_key(one.plate) for _, one in named} - changed
        obsolete = [one.entry_id for one in own if plate_key(one.plate) not in retained]
        with self._audit.refusals(Operation.PLATE_LIST, details={"action": "replace"}):
            self._register.replace(new, obsolete, login, self._report_replaced, dry_run=dry_run)
        return ReplacedList(entered=len(new), ended=len(obsolete), retained=len(own) - len(obsolete))

    def end(self, entry_ids: Collection[int], reason: str) -> tuple[ListEntry, ...]:
        """End entries before their time; those who entered them or see their hits may do it at once, alone.

        Raises:
            RefusedAccess: the person may review no alerts.
            PolicyError: an entry is another person's.
            RegistryError: see `HotListRegister.end`.
        """
        login, institution = self._person()
        with self._audit.refusals(Operation.PLATE_LIST, details={"action": "end"}):
            for entry_id in entry_ids:
                self._check_own(self._register.entry(entry_id), login, institution)

            return self._register.end(entry_ids, reason, login, self._report_ended)

    def entries(self, list_name: str = "", plate: str = "", *, ended: bool = False) -> tuple[ListEntry, ...]:
        """The entries that the person made, or whose hits they see; in evaluation mode, all.

        Args:
            list_name: of one list only, "" for all; plate: of one vehicle only; ended: also those that have ended.

        Raises:
            RefusedAccess: the person may review no alerts.
        """
        found = self._own(list_name, ended=ended)
        if plate:
            found = tuple(one for one in found if plate_key(one.plate) == plate_key(plate))
        plates = (plate,) if plate else ()
        details = {"action": "entries", "list": list_name or "*"}
        self._audit.add(Operation.ALERT_REVIEW, plates=plates, rows=len(found), details=details)
        return found

    def watched(self, list_name: str = "") -> dict[int, ListEntry]:
        """The entries whose hits the person sees, by number, those that have ended too; in evaluation mode, all.

        Raises:
            RefusedAccess: the person may review no alerts.
        """
        login, institution = self._person()
        found = self._register.entries(list_name, ended=True)
        return {one.entry_id: one for one in found if self.evaluation or may_see_hits(one, login, institution)}

    def export(self, target: str, list_name: str = "") -> int:
        """Write the entries that the person may see, and that have not ended, as CSV; their number.

        Raises:
            RefusedAccess: the person may not export plates.
            ViapublicaError: the file cannot be written.
        """
        if target != "-":
            check_target("--out", target)
        found = self._own(list_name, ended=False)
        for part in _parts(found):
            facts = {"action": "hot-list", "list": list_name or "*"}
            plates = tuple(one.plate for one in part)
            self._audit.add(Operation.EXPORT, material=Material.PLATES, plates=plates, rows=len(part), details=facts)
        with output_file("--out", "/dev/stdout" if target == "-" else target, "w", encoding="utf-8") as stream:
            write_list(stream, found)
        return len(found)

    def state(self) -> ListsState:
        """Numbers of entries and the threshold of matches; no plate.

        Raises:
            RefusedAccess: the person may review no alerts.
        """
        self._audit.add(Operation.ALERT_REVIEW, details={"action": "state"})
        settings = self._stores.hotlists
        now_ms, every = self._clock.wall_ms(), self._register.entries(ended=True)
        counting = [one for one in every if one.counts(now_ms)]
        by_list: dict[str, int] = {}
        for one in counting:
            by_list[one.list_name] = by_list.get(one.list_name, 0) + 1
        plates = len({plate_key(one.plate) for one in counting})
        ended = sum(one.end_of() <= now_ms for one in every)
        return ListsState(
            entries=dict(sorted(by_list.items())),
            plates=plates,
            not_begun=len(every) - ended - len(counting),
            ended=ended,
            ending=sum(one.validity.until_ms < now_ms + _SOON_MS for one in counting),
            accepted_per_day=settings.false_alarms_per_day,
            reads_per_day=settings.reads_per_day,
            threshold=threshold(settings.false_alarms_per_day, settings.reads_per_day, plates),
        )

    def _named(self, entries: Sequence[tuple[str, NewListEntry]]) -> tuple[str, list[tuple[str, NewListEntry]]]:
        """The login of a person who may make these entries, and the entries with who sees their hits."""
        who = self._audit.access.decide(Operation.PLATE_LIST)
        login = str(who.get("account", self._audit.requester.user))
        return login, [(at, replace(one, viewers=one.viewers or (login.replace(" ", "-"),))) for at, one in entries]

    def _add(self, entries: Sequence[tuple[str, NewListEntry]]) -> tuple[ListEntry, ...]:
        login, named = self._named(entries)
        with self._audit.refusals(Operation.PLATE_LIST, details={"action": "enter"}):
            return self._register.add(named, login, self._report_made)

    def _report_made(self, made: Sequence[ListEntry]) -> None:
        for part in _parts(made):
            facts: dict[str, str | int] = {"action": "enter", "first_entry": part[0].entry_id}
            facts |= {"lists": " ".join(sorted({one.list_name for one in part}))}
            plates = tuple(one.plate for one in part)
            self._audit.add(Operation.PLATE_LIST, plates=plates, rows=len(part), details=facts)

    def _report_ended(self, ended: Sequence[ListEntry]) -> None:
        for one in ended:
            facts = {"action": "end", "entry": one.entry_id, "list": one.list_name}
            self._audit.add(Operation.ALERT_REVIEW, plates=(one.plate,), details=facts)

    def _report_replaced(self, made: Sequence[ListEntry], ended: Sequence[ListEntry]) -> None:
        self._report_made(made)
        self._report_ended(ended)

    def _report_forgotten(self, number: int) -> None:
        """The program does it by itself, so no person is decided on."""
        facts = {"action": "forget-plates"}
        self._audit.record(entry_of(Operation.DISPOSAL, self._audit.requester, rows=number, details=facts))

    def _person(self) -> tuple[str, str]:
        """Login and institution of the person, who may review alerts."""
        who = self._audit.access.decide(Operation.ALERT_REVIEW)
        return str(who.get("account", self._audit.requester.user)), str(who.get("institution", ""))

    def _own(self, list_name: str, *, ended: bool) -> tuple[ListEntry, ...]:
        login, institution = self._person()
        found = self._register.entries(list_name, ended=ended)
        return tuple(one for one in found if self._is_own(one, login, institution))

    def _is_own(self, entry: ListEntry, login: str, institution: str) -> bool:
        return self.evaluation or entry.entered_by == login or may_see_hits(entry, login, institution)

    def _check_own(self, entry: ListEntry, login: str, institution: str) -> None:
        if not self._is_own(entry, login, institution):
            raise PolicyError(
                f"entry {entry.entry_id}",
                "is not yours, and does not name you among those who see its hits",
                "Ask the person who entered it",
                policy="hot-list-viewer",
            )


def _parts(entries: Sequence[ListEntry]) -> Iterator[Sequence[ListEntry]]:
    for begin in range(0, len(entries), _PLATES_OF_RECORD):
        yield entries[begin : begin + _PLATES_OF_RECORD]


def _check_one_list(entries: Sequence[tuple[str, NewListEntry]], name: str) -> None:
    """Refuse to replace more than one list.

    Raises:
        RegistryError: naming the line.
    """
    if not name:
        raise RegistryError("list", "is not named, and one list is replaced", "Name it: --list")
    for place, one in entries:
        if one.list_name != name:
            raise RegistryError(place, f"is of list {one.list_name}, and {name} is replaced", "Import it by itself")


def _states_the_same(new: NewListEntry, present: ListEntry | None) -> bool:
    """Whether an entry says what one on the list says; from when it counts does not matter once it does."""
    return present is not None and (
        (new.authority, new.case_number, new.reason, new.severity, new.validity.until_ms, sorted(new.viewers))
        == (
            present.authority,
            present.case_number,
            present.reason,
            present.severity,
            present.validity.until_ms,
            sorted(present.viewers),
        )
        and new.validity.from_ms >= present.validity.from_ms
    )
