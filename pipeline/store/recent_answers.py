"""Answers of the event store within the last second, for pages of many people who ask the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from pipeline.domain.clock import SystemClock
from pipeline.domain.events import Kind
from pipeline.domain.ports import Clock
from pipeline.domain.requester import Requester
from pipeline.store.coverage_questions import ActiveCameras, CoverageOf, LossAlertsOf, LostDataOf
from pipeline.store.questions import Cameras, Events, QueryBackend, Question

A = TypeVar("A")
_FRESH_S: Final = 1.0
_MOST: Final = 64
_OF_ALL_PAGES: Final = (ActiveCameras, Cameras, CoverageOf, LossAlertsOf, LostDataOf)
_json = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question: when it was asked, and its answer, maybe to come."""

    since_s: float
    answer: Future[Any]


class RecentAnswers:
    """Safe from any thread. Questions that are equal, asked while the first one is answered or a second later, are one.

    Those about alerts and the state of cameras are; plates are not remembered here.

    Args:
        clock: None for the machine's.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._asked: OrderedDict[tuple[type, bytes], _Asked] = OrderedDict()

    def ask(self, store: QueryBackend, question: Question[A], requester: Requester) -> A:
        """The answer of a store, which must not be changed: others have it too.

        Raises:
            StoreError: it cannot answer now; the next question is asked anew.
        """
        if not _is_shared(question):
            return store.ask(question, requester)
        key, now_s = (type(question), _json.encode(question)), self._clock.monotonic_s()
        with self._lock:
            found = self._asked.get(key)
            if found is None or now_s - found.since_s >= _FRESH_S:
                mine = self._asked[key] = _Asked(now_s, Future())
                self._asked.move_to_end(key)
                if len(self._asked) > _MOST:
                    self._asked.popitem(last=False)
                found = None
        if found is not None:
            answer: A = found.answer.result()
            return answer
        try:
            answer = store.ask(question, requester)
        except BaseException as error:
            with self._lock:
                if self._asked.get(key) is mine:
                    del self._asked[key]
            mine.answer.set_exception(error)
            raise
        mine.answer.set_result(answer)
        return answer

    def forget(self) -> None:
        """Ask the store again from now on, also what is being answered."""
        with self._lock:
            self._asked.clear()


def _is_shared(question: Question[Any]) -> bool:
    return isinstance(question, _OF_ALL_PAGES) or (isinstance(question, Events) and question.kind is Kind.ALERT)


class RememberedStore(QueryBackend):
    """A store whose answers are remembered.

    Args:
        store: closed by `close`; answers: of the process.
    """

    def __init__(self, store: QueryBackend, answers: RecentAnswers) -> None:
        self._store, self._answers = store, answers
        self.is_of_run = store.is_of_run

    def ask(self, question: Question[A], requester: Requester) -> A:
        """See `QueryBackend.ask`."""
        return self._answers.ask(self._store, question, requester)

    def close(self) -> None:
        """See `QueryBackend.close`."""
        self._store.close()
