"""Requests that are generated from the description: no server error, and no answer that is not described."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.app.people.installations import Office
from tests.http_api.persons import People
from tests.http_api.served_city import PLATES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def _fuzz(app: FastAPI, people: People, login: str, *, examples: int, modes: list[GenerationMode]) -> set[int]:
    """Sends generated requests of every operation, logged in; the statuses of the answers."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    client = people.logged_in(login)
    program = people.token(client, "plate-query", "journey-query", "count-query", "audit-reading", "report")
    statuses = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path == "/session" and operation.method.upper() == "DELETE":
            continue  # it would end the session
        for mode in modes:

            @settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                people.city.clock.now_ms += 1000  # within the limits of an account
                headers = {"Authorization": f"Bearer {program.bearer}"}
                response = case.call(headers=headers, timeout=60)  # of a busy machine; 10 s without it
                case.validate_response(response, checks=CHECKS)
                assert PLATES[0] not in str(response.headers)
                statuses.add(response.status_code)

            with suppress(Unsatisfiable):  # of a GET without parameters there is no wrong form
                send()
    return statuses


def test_generated_requests_meet_no_server_error_and_no_undescribed_answer(app: FastAPI, people: People) -> None:
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    assert {200, 403, 422} <= _fuzz(app, people, "caio", examples=2, modes=modes)


@pytest.mark.soak
@pytest.mark.timeout(0)  # minutes of an idle processor, longer on a busy one
@pytest.mark.parametrize("login", ["ana", "caio", "elisa"])
def test_many_generated_requests_of_each_role(app: FastAPI, people: People, city: Office, login: str) -> None:
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    statuses = _fuzz(app, people, login, examples=60, modes=modes)
    assert max(statuses) < 500
    assert {record["outcome"] for record in city.audit()} >= {"allowed", "refused"}
