"""Questions to the event store: the one door to it, where every question comes with its requester and is audited.

The policy of questions belongs into `EventQueries.ask`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import tzinfo
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from pipeline.app.access.access_door import AccessDoor
from pipeline.app.audit.audited_operation import Record, audit_of_stores
from pipeline.app.audit.audited_questions import answered, decide_question, failed
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.locale import Locale
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.errors import StoreBusy, StoreError, ViapublicaError
from pipeline.policy.requester_texts import check_requester
from pipeline.sink.spool.inspect_spool import spools
from pipeline.sink.waiting_events import UnreadInKafka, waiting_in_spools
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.storage.unknown_erasures import unknown_erasures
from pipeline.store.annotated_answer import AnswerContext
from pipeline.store.answer import Answer
from pipeline.store.answer_notes import annotated
from pipeline.store.backends.database import FILL_IT
from pipeline.store.backends.open_database import chdb_folder
from pipeline.store.coverage_questions import ActiveCameras, WaitingEvents, WaitingOf, WantedEvents
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreClient, endpoint_path
from pipeline.store.notes_portuguese import notes_language
from pipeline.store.questions import (
    QueryBackend,
    Question,
)
from pipeline.store.settings import ChdbSettings
from pipeline.store.tombstones import Tombstones
from pipeline.store.withheld_cameras import declared_cameras

A = TypeVar("A")


class EventQueries:
    """One requester's questions to one event store; closes it at the end of a `with` statement.

    Args:
        backend: answers the questions.
        requester: the person or program that asks.
        record: puts each question into the audit; access: decides on each, None where nothing does.
        context: what is known beside the store: cameras, retention, the zone of times in notes.
    """

    def __init__(
        self,
        backend: QueryBackend,
        requester: Requester,
        record: Record,
        context: AnswerContext | None = None,
        access: AccessDoor | None = None,
    ) -> None:
        self._backend = backend
        self._requester = requester
        self._record = record
        self._context = AnswerContext() if context is None else context
        self._access = access

    @property
    def requester(self) -> Requester:
        """The person or program that asks."""
        return self._requester

    def ask(self, question: Question[A], shown: Collection[str] | None = None) -> Answer[A]:
        """The answer, with notes on what limits it. No event is shown or counted twice, however often it was delivered.

        Its audit record is on the disk before this returns; the notes need further questions, which have none.

        Args:
            question: what is asked.
            shown: cameras of which the caller shows the answer, where the question names none; None for all.

        Raises:
            RefusedAccess: the person may not ask it.
            StoreError: the question makes no sense, names an unknown camera, or cannot be answered now.
            AuditUnavailable: the audit takes no record.
        """
        concerned = self._known_cameras if shown is None else tuple(sorted(shown))
        who = {} if self._access is None else decide_question(self._access, question, concerned)
        try:
            answer = annotated(self._value, question, self._context)
        except ViapublicaError as error:
            self._record(failed(question, self._requester, error, who))
            raise
        self._record(answered(question, self._requester, answer.value, who))
        return replace(answer, evaluation=self.evaluation)

    def ask_again(self, question: Question[A], new: Callable[[A], A]) -> A:
        """What is new in the answer to a question that is repeated many times, without notes; recorded where it is any.

        Args:
            question: what is asked; new: leaves what was not shown before.

        Raises:
            RefusedAccess, StoreError, AuditUnavailable: see `ask`.
        """
        who = {} if self._access is None else decide_question(self._access, question, self._known_cameras)
        value = new(self._value(question))
        if value:
            self._record(answered(question, self._requester, value, who))
        return value

    def prefetch(self, question: Question[A]) -> A:
        """An answer that is shown to no one as it is: `PermittedQuestions.pass_on` decides and records.

        Raises:
            StoreError: see `ask`.
        """
        return self._value(question)

    @property
    def evaluation(self) -> bool:
        """Whether no people are registered, so that nothing is refused."""
        return self._access is None or self._access.evaluation

    @property
    def _known_cameras(self) -> tuple[str, ...]:
        """Those that a question about all cameras concerns, as far as they are known."""
        return tuple(sorted({*(self._context.declared or ()), *(self._context.cameras or ())}))

    def known(self, cameras: Collection[str]) -> tuple[str, ...] | None:
        """Those of some cameras that are configured or in the store; None when they are all that there are.

        Raises:
            StoreError: the store cannot answer now.
        """
        there = {*(self._context.cameras or {}), *self._value(ActiveCameras())}
        return None if there <= set(cameras) else tuple(sorted(there & set(cameras)))

    def _value(self, question: Question[A], /) -> A:
        known = self._context.declared
        declared = None if known is None else tuple(sorted(known))
        withheld, subjects = dict(self._context.withheld), tuple(sorted(self._context.sinks))
        asked = msgspec.structs.replace(
            question,
            withheld=withheld,
            declared=declared,
            sensitive=tuple(sorted(self._context.sensitive)),
            subjects=subjects,
        )
        return self._backend.ask(asked, self._requester)

    def close(self) -> None:
        """Give back connections; may be called twice."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_queries(
    stores: ConfiguredStores,
    requester: Requester,
    zone: tzinfo | None = None,
    locale: Locale | None = None,
    *,
    backend: Callable[[ConfiguredStores], QueryBackend] | None = None,
) -> EventQueries:
    """The event store of a configuration, for the questions of a requester.

    A ClickHouse server is asked directly. An embedded store belongs to one process: a running process that owns the
    data folder is asked over its local endpoint; else this process opens the folder itself, at the first question.

    Args:
        stores: which store.
        requester: the person or program that asks.
        zone: of times in notes; None for the machine's own.
        locale: of the readers of notes; None for English.
        backend: opens the store; None for `open_backend`.

    Raises:
        ConfigError: there is no event store.
        PolicyError: purpose or case says something sensitive about people.
        StoreBusy: the process that owns it is too busy to answer.
        StoreError: there is no store yet; or it was restored, and what was erased since may be in it.
        AuditUnavailable: the audit does not take the record of a refusal.
    """
    audit = audit_of_stores(stores, requester)
    with audit_of_stores(stores, Requester(user=requester.user)).refusals(Operation.RETRIEVAL):
        check_requester(requester, stores.screen)
    tombstones = Tombstones(stores.data_dir)
    tombstones.check_repeated()
    undeclared = not DeclaredCameras(stores.data_dir).all()
    opened = (backend or open_backend)(stores)
    # An embedded store that this process opens itself belongs to no run.
    running = opened.is_of_run or not isinstance(stores.event_store, ChdbSettings)
    context = AnswerContext(
        stores.cameras,
        stores.retention,
        zone,
        withheld=stores.without_plates(),
        sensitive=stores.sensitive(),
        declared=declared_cameras(stores.data_dir, stores.cameras or ()),
        sinks={sink.name for sink in stores.sinks} | {folder.name for folder in spools(stores.data_dir)},
        undeclared=undeclared,
        language=notes_language(locale),
        waiting=_waiting(stores, running=running),
        erased=tombstones.touch,
        unknown_erasures=unknown_erasures(stores.data_dir),
    )
    return EventQueries(opened, requester, audit.record, context, audit.access)


def _waiting(stores: ConfiguredStores, *, running: bool) -> WaitingOf:
    """Finds accepted events that are not in the event store yet."""
    kafka = UnreadInKafka(stores.sinks, stores.ingest, direct=stores.event_store in stores.sinks)

    def waiting(wanted: WantedEvents) -> list[WaitingEvents]:
        spooled = waiting_in_spools(stores.data_dir, stores.sinks, wanted, running=running)
        return spooled + kafka.waiting(wanted)

    return waiting


def open_backend(stores: ConfiguredStores) -> QueryBackend:
    """What answers questions: the process that owns an embedded store, else this one; see `open_queries`.

    Raises:
        StoreBusy: the process that owns it is too busy to answer.
        StoreError: there is no store yet.
    """
    settings, data_dir = stores.event_store, stores.data_dir
    if isinstance(settings, ChdbSettings):
        try:
            return StoreClient(endpoint_path(data_dir))
        except StoreBusy:
            raise  # It is alive and owns the folder.
        except StoreError:
            folder = chdb_folder(settings, data_dir)
            if not folder.is_dir():
                raise StoreError(str(folder), "there is no event store yet", FILL_IT) from None
    return open_event_store(settings, data_dir, stores.without_plates, stores.sensitive)
