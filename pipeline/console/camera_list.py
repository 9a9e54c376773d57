"""The registered cameras with their state, as several pages show them."""

from __future__ import annotations

from typing import Any

from pipeline.console.problem_pages import shown
from pipeline.console.visits import Visit
from pipeline.domain.purpose import Purpose
from pipeline.errors import StoreError
from pipeline.http_api import question_routes
from pipeline.http_api.question_messages import Asked


def camera_list(visit: Visit, purpose: Purpose) -> dict[str, Any]:
    """Values of a page: ``cameras``, or None with ``cameras_problem`` where the event store cannot answer.

    Raises:
        PolicyError, AuditUnavailable: see `PermittedQuestions.cameras`.
    """
    try:
        found = question_routes.cameras(Asked(purpose=purpose), visit.caller, visit.service)
    except StoreError as error:
        problem = shown(error, visit.reader, visit.request.state.request_id)
        return {"cameras": None, "cameras_problem": problem}
    return {"cameras": found.cameras, "cameras_problem": None}
