"""Questions of people with an account: each is decided for every camera, limited to those permitted, and audited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from pipeline.app.access.account_decision import AskedOperation, shared_with, wanted_operation
from pipeline.app.access.acting import acting_as
from pipeline.app.audit.audited_questions import facts_of, operation_of
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.journeys import recent_clones
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.queries import EventQueries, open_queries
from pipeline.app.questions import Answer, Cameras, CameraSummary, Clones, Route
from pipeline.app.shared_store import SharedStore
from pipeline.domain.audit import Outcome
from pipeline.domain.camera_registration import RegisteredCamera
from pipeline.domain.events import Event
from pipeline.domain.locale import Locale
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.domain.route import GeoPoint
from pipeline.errors import PolicyError, StoreError
from pipeline.policy.access.request import Target
from pipeline.policy.scope import allows_plates
from pipeline.store.camera_notes import never_sent
from pipeline.store.notes_portuguese import notes_language
from pipeline.store.questions import Question, RangedQuestion

A = TypeVar("A")
_NOT_PERMITTED: Final = "camera-not-permitted"
_NOWHERE: Final = Target(institution="none", sector="none")
"""Of an installation without registered cameras: nothing is permitted."""


@dataclass(frozen=True, slots=True)
class PermittedAnswer(Generic[A]):
    """An answer about the cameras that a person may ask about.

    Attributes:
        answer: see `Answer`.
        cameras: of which the answer is; left_out: number of registered cameras that no rule permits here.
    """

    answer: Answer[A]
    cameras: tuple[RegisteredCamera, ...]
    left_out: int


class PermittedCameras(NamedTuple):
    """The cameras that a person may ask about.

    Attributes:
        cameras: these; left_out: number of registered cameras that no rule permits here.
        role: in which the person asks.
    """

    cameras: tuple[RegisteredCamera, ...]
    left_out: int
    role: Role


class PermittedQuestions:
    """The questions of one request.

    Args:
        opened: the registry, for the person who asks.
        stores: the event store and what is declared of its cameras.
        store: opens the event store once in a process.
        purpose: of the questions; case: number of the case, "" without one.
        locale: of the notes on answers; None for English.
    """

    def __init__(
        self,
        opened: OpenRegistry,
        stores: ConfiguredStores,
        store: SharedStore,
        purpose: Purpose,
        case: str = "",
        *,
        locale: Locale | None = None,
    ) -> None:
        self._locale = locale
        self._opened = opened
        self._store = store
        self._stores = stores
        self._requester = Requester(user=opened.requester.user, purpose=purpose.value, case=case)

    def ask(self, question: RangedQuestion[A]) -> PermittedAnswer[A]:
        """The answer about the cameras that the question names, or about all that are permitted.

        Cameras that are registered and in the store as yet unknown are named in a note.

        Raises:
            PolicyError: it is not permitted, or not for one of the cameras that it names.
            StoreError: it cannot be answered now.
            AuditUnavailable: the audit takes no record.
        """
        cameras, left_out, _ = self._decided(question, question.camera_ids)
        with self._queries() as queries:
            known = queries.known([one.camera_id for one in cameras])
            if known == ():
                self._note(question, Outcome.FAILED, reason="no-data")
                raise StoreError("cameras", "that you may ask about have sent no event yet")
            limits: dict[str, Any] = {} if known is None else {"camera_ids": known}
            if isinstance(question, Route):
                limits["locations"] = _points(cameras)
            elif isinstance(question, Clones):
                limits |= _clone_limits(question, cameras, self._opened.clock.wall_ms())
            answer = queries.ask(msgspec.structs.replace(question, **limits))
        if known is not None and (silent := sorted({one.camera_id for one in cameras}.difference(known))):
            # Their silence is no answer: nothing is known of what passed there.
            note = never_sent(silent, "registered camera", notes_language(self._locale))
            answer = replace(answer, notes=(*answer.notes, note))
        return PermittedAnswer(answer, cameras, left_out)

    def ask_again(self, question: RangedQuestion[A], new: Callable[[A], A]) -> A:
        """What is new about all cameras that are permitted now; see `EventQueries.ask_again`.

        Raises:
            PolicyError, StoreError, AuditUnavailable: as `ask`.
        """
        cameras, *_ = self._decided(question, ())
        with self._queries() as queries:
            ids = tuple(one.camera_id for one in cameras)
            return queries.ask_again(msgspec.structs.replace(question, camera_ids=ids), new)

    def permitted(self, question: RangedQuestion[Any]) -> PermittedCameras:
        """The cameras that may be asked about; the store is not asked.

        Raises:
            PolicyError: no rule permits such a question.
        """
        return self._decided(question, ())

    def pass_on(
        self, question: RangedQuestion[list[Event]], found: Sequence[Event]
    ) -> tuple[list[Event], frozenset[str]]:
        """Those of some events that are of cameras permitted now, and these; recorded where there are such events.

        Args:
            question: to which they are an answer; found: as `EventQueries.prefetch` has them.

        Raises:
            PolicyError, AuditUnavailable: as `ask`.
        """
        cameras, *_ = self._decided(question, ())
        permitted = tuple(one.camera_id for one in cameras)
        shown = [one for one in found if one.camera_id in permitted]
        if shown:
            facts = facts_of(msgspec.structs.replace(question, camera_ids=permitted))
            self._opened.actor.note(operation_of(question), rows=len(shown), **facts)
        return shown, frozenset(permitted)

    def cameras(self) -> PermittedAnswer[list[CameraSummary]]:
        """The stored state of the permitted cameras.

        Raises:
            PolicyError, StoreError, AuditUnavailable: as `ask`.
        """
        cameras, left_out, _ = self._decided(Cameras(), ())
        with self._queries() as queries:
            permitted = {one.camera_id for one in cameras}
            answer = queries.ask(Cameras(), permitted)
        shown = [row for row in answer.value if row.camera_id in permitted]
        return PermittedAnswer(replace(answer, value=shown), cameras, left_out)

    @contextmanager
    def opened_for(self, question: RangedQuestion[Any]) -> Iterator[tuple[EventQueries, tuple[str, ...]]]:
        """The event store for a question that is asked in several parts, and the cameras that it may be asked about.

        Raises:
            PolicyError, StoreError: as `ask`.
        """
        cameras, *_ = self._decided(question, question.camera_ids)
        with self._queries() as queries:
            yield queries, tuple(one.camera_id for one in cameras)

    @contextmanager
    def _queries(self) -> Iterator[EventQueries]:
        """The event store, asked in the name of the person."""
        with (
            acting_as(self._opened),
            open_queries(
                self._stores,
                self._requester,
                self._stores.zone,
                self._locale,
                backend=lambda _: self._store.lend(),
            ) as queries,
        ):
            yield queries

    def _decided(self, question: Question[Any], named: tuple[str, ...]) -> PermittedCameras:
        """Decide, for each camera."""
        opened, facts = self._opened, facts_of(question)
        sensitive, now_ms = self._stores.sensitive(), opened.clock.wall_ms()
        registered = {one.camera_id: one for one in opened.registry.cameras()}
        asked = AskedOperation(operation_of(question), facts["cameras"], None, facts["plates"])
        wanted = wanted_operation(opened, opened.actor.person(), self._requester, asked)
        bodies = {(one.institution, one.sector) for one in registered.values()}
        shared = {body: shared_with(opened, wanted, *body) for body in bodies}
        targets = {
            name: replace(_target(one, sensitive, now_ms), shared_with=shared[one.institution, one.sector])
            for name, one in registered.items()
        }
        distinct = list(dict.fromkeys(targets.values())) or [_NOWHERE]
        account, allowed = opened.actor.authorize_some(wanted, distinct)
        permitted = {name: registered[name] for name, target in targets.items() if target in allowed}
        if not set(named) <= set(permitted):
            # The same words for a camera that does not exist and for another body's: neither is confirmed.
            self._note(question, Outcome.REFUSED, policy=_NOT_PERMITTED)
            raise PolicyError(
                "camera",
                "of the question is not registered, or you may not ask about it for this purpose",
                "Leave the cameras out to ask about all that you may ask about",
                policy=_NOT_PERMITTED,
            )
        cameras = tuple(permitted[name] for name in dict.fromkeys(named or permitted))
        return PermittedCameras(cameras, 0 if named else len(targets) - len(permitted), account.role)

    def _note(self, question: Question[Any], outcome: Outcome, **facts: str) -> None:
        self._opened.actor.note(operation_of(question), outcome=outcome, **facts_of(question), **facts)


def _target(camera: RegisteredCamera, sensitive: Collection[str], now_ms: int) -> Target:
    return Target(
        institution=camera.institution,
        sector=camera.sector,
        plates_allowed=bool(camera.plates_by) and allows_plates(camera.scope),
        sensitive=camera.camera_id in sensitive,
        suspended=camera.stopped_by(now_ms) is not None,
        project_approved=camera.approved_ms is not None,
    )


def _clone_limits(question: Clones, cameras: Sequence[RegisteredCamera], now_ms: int) -> dict[str, Any]:
    """Coordinates and begin of a question about clones; see `pipeline.app.journeys.recent_clones`.

    Raises:
        StoreError: no camera has coordinates, so there are no speeds.
    """
    points = _points(cameras)
    if not points:
        raise StoreError(
            "possible clones",
            "cannot be searched for, as no camera that you may ask about has coordinates",
            "Have latitude and longitude of the cameras registered",
        )
    locations = {one.camera_id: points.get(one.camera_id) for one in cameras}
    return {"locations": locations, "start_ms": recent_clones(question, now_ms).start_ms}


def _points(cameras: Sequence[RegisteredCamera]) -> dict[str, GeoPoint]:
    """The registered coordinates of cameras that have some."""
    return {
        one.camera_id: GeoPoint(one.latitude, one.longitude)
        for one in cameras
        if one.latitude is not None and one.longitude is not None
    }
