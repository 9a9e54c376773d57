"""Answers of the event store that many pages share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event as Gate
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.app.questions import Cameras, Events, Plates, Question
from pipeline.domain.events import Kind
from pipeline.domain.requester import Requester
from pipeline.errors import StoreError
from pipeline.store.questions import QueryBackend
from pipeline.store.recent_answers import RecentAnswers
from tests.governance.entries import StoppedClock

ANA = Requester(user="ana")
ALERTS: Question[Any] = Events(kind=Kind.ALERT, start_ms=5)


class Numbered(QueryBackend):
    """Answers with the number of the question."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.gate = Gate()
        self.gate.set()

    def ask(self, question: Question[Any], requester: Requester) -> Any:
        self.asked += 1
        number = self.asked
        self.gate.wait(10)
        if self.fails:
            raise StoreError("store", "is away")
        return number

    def close(self) -> None:
        pass


def test_the_same_question_within_a_second_is_one() -> None:
    cameras: Question[Any] = Cameras()
    clock, store = StoppedClock(), Numbered()
    answers = RecentAnswers(clock)
    assert [answers.ask(store, ALERTS, ANA) for _ in range(2)] == [1, 1]
    assert answers.ask(store, replace(ALERTS, start_ms=6), ANA) == 2
    assert [answers.ask(store, cameras, ANA) for _ in range(2)] == [3, 3]
    clock.now_ms += 1000
    assert answers.ask(store, ALERTS, ANA) == 4


@pytest.mark.parametrize("question", [Plates(plates=("ABC1D23",)), Events(kind=Kind.PLATE_READ), Events()])
def test_answers_about_plates_are_not_remembered(question: Question[Any]) -> None:
    answers, store = RecentAnswers(StoppedClock()), Numbered()
    assert [answers.ask(store, question, ANA) for _ in range(2)] == [1, 2]


def test_what_is_asked_while_the_first_is_answered_waits_for_it_and_news_are_asked_for_again() -> None:
    answers, store = RecentAnswers(StoppedClock()), Numbered()
    store.gate.clear()
    with ThreadPoolExecutor() as threads:
        first = threads.submit(answers.ask, store, ALERTS, ANA)
        while not store.asked:
            pass
        same = threads.submit(answers.ask, store, ALERTS, ANA)
        answers.forget()
        later = threads.submit(answers.ask, store, ALERTS, ANA)
        store.gate.set()
        assert first.result(10) == 1
        assert same.result(10) in (1, 2)
        assert later.result(10) == 2


def test_an_error_is_not_remembered() -> None:
    answers, store = RecentAnswers(StoppedClock()), Numbered()
    store.fails = True
    with pytest.raises(StoreError):
        answers.ask(store, ALERTS, ANA)
    store.fails = False
    assert answers.ask(store, ALERTS, ANA) == 2
