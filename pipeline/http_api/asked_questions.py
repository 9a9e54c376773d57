"""The questions of one request, and how many cameras their answers leave out."""

from __future__ import annotations

from typing import TypeVar

from pipeline.app.questions import Answer, RangedQuestion
from pipeline.domain.locale import Locale
from pipeline.http_api.callers import Caller
from pipeline.http_api.question_messages import Asked
from pipeline.http_api.question_routes import questions_of
from pipeline.http_api.service import Service

A = TypeVar("A")


class AskedQuestions:
    """Questions about the cameras that a person may ask about.

    Args:
        body: states purpose and case; caller, service: of the request; locale: of notes, None for English.

    Attributes:
        left_out: number of registered cameras that the last answer leaves out.
    """

    def __init__(self, body: Asked, caller: Caller, service: Service, locale: Locale | None = None) -> None:
        self._questions = questions_of(body, caller, service, locale)
        self.left_out = 0

    def ask(self, question: RangedQuestion[A]) -> Answer[A]:
        """The answer; see `PermittedQuestions.ask`."""
        found = self._questions.ask(question)
        self.left_out = found.left_out
        return found.answer

    def permitted(self, question: RangedQuestion[A]) -> frozenset[str]:
        """The cameras that the person may ask such a question about; see `PermittedQuestions.permitted`."""
        cameras, self.left_out, _ = self._questions.permitted(question)
        return frozenset(one.camera_id for one in cameras)
