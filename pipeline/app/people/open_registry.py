"""The registry of people and cameras of an installation, with its audit and the person who acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.app.audit.audited_operation import Record, audit_record
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.acting_person import ActingPerson, ChangeRecorder
from pipeline.app.people.identity import AtWork, Credential, CredentialHolder, Identity
from pipeline.domain.clock import SystemClock
from pipeline.domain.ports import Clock
from pipeline.domain.requester import Requester
from pipeline.errors import RegistryError
from pipeline.governance.registry import Registry

NOT_SET_UP = "has no institution yet: the program works in evaluation mode"


@dataclass(frozen=True, slots=True)
class OpenRegistry:
    """An open registry.

    Attributes:
        registry: of people and cameras; actor: the person who acts.
        clock: of times; record: of the audit; requester: the operating system's user.
        stores: name the audit, and have the key by which plates are compared.
    """

    registry: Registry
    actor: ActingPerson
    clock: Clock
    record: Record
    requester: Requester
    stores: ConfiguredStores

    def held_by(self, credential: Credential | None, purpose: str = "", case: str = "") -> OpenRegistry:
        """The same registry, for the holder of a session or token.

        Requests of a server share its connections, and no person is recognized for another one.

        Args:
            credential: None before a log-in.
            purpose, case: as stated, for the audit's records of refusals.
        """
        return self._of(lambda registry: CredentialHolder(registry, credential), purpose, case)

    def at_work(self, login: str, purpose: str = "", case: str = "") -> OpenRegistry:
        """The same registry, for the person who began a work; see `AtWork`.

        Args:
            login: theirs; purpose, case: of the work.
        """
        return self._of(lambda registry: AtWork(registry, login, self.clock), purpose, case)

    def _of(self, identity: Callable[[Registry], Identity], purpose: str, case: str) -> OpenRegistry:
        requester = Requester(user=self.requester.user, purpose=purpose, case=case)
        recorder = ChangeRecorder(self.record, requester)
        registry = self.registry.reporting_to(recorder)
        actor = ActingPerson(registry, recorder, self.clock, requester, identity(registry))
        return OpenRegistry(registry, actor, self.clock, self.record, requester, self.stores)


@contextmanager
def open_registry(
    where: str,
    stores: ConfiguredStores,
    requester: Requester,
    *,
    clock: Clock | None = None,
    create: bool = False,
    set_up: bool = True,
) -> Iterator[OpenRegistry]:
    """Open the registry. Accounts that are due to close are closed first.

    Args:
        where: an SQLite file, or a SQLAlchemy address.
        stores: name the audit and the screen of free texts.
        requester: the operating system's user.
        clock: None for the machine's.
        create: create the database if it does not exist.
        set_up: whether there must be an institution.

    Raises:
        ReleaseError: the database cannot be opened.
        RegistryError: there is no institution yet.
    """
    record = audit_record(stores.audit_dir)
    recorder = ChangeRecorder(record, requester)
    used = clock or SystemClock()
    with Registry(where, recorder, used, create=create, screen=stores.screen) as registry:
        if set_up and not registry.is_set_up:
            raise RegistryError(f"registry {registry.subject}", NOT_SET_UP, "Set it up: viapublica init")
        registry.close_idle()
        actor = ActingPerson(registry, recorder, used, requester)
        yield OpenRegistry(registry, actor, used, record, requester, stores)
