"""Every request: form, size, headers of the answer; errors without plates and without internals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog
from fastapi import FastAPI

from pipeline.errors import PolicyError, StoreError, ViapublicaError
from pipeline.http_api.application import create_application
from pipeline.http_api.problems import MEDIA_TYPE
from pipeline.http_api.request_guard import MOST_BODY_BYTES
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.http_api.client import ADDRESS, Client, Reply


def _problem(reply: Reply, status: int) -> dict[str, Any]:
    assert (reply.status, reply.headers["content-type"]) == (status, MEDIA_TYPE), reply.body
    found: dict[str, Any] = reply.json
    assert (found["status"], found["request_id"]) == (status, reply.headers["x-request-id"])
    return found


def test_the_server_is_well_while_its_register_can_be_read(client: Client, city: Office) -> None:
    reply = client.get("/health")
    assert (reply.status, reply.json) == (200, {"status": "ok"})
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    (city.folder / "register.db").write_bytes(b"no database" * 1000)
    assert "is damaged" in _problem(client.get("/health"), 503)["detail"]


def test_the_description_is_openapi_and_has_one_form_of_errors(client: Client) -> None:
    described = client.get("/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert "ValidationError" not in described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            errors = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
            assert "400" in errors, (path, method)
            assert {tuple(answer["content"]) for answer in errors.values()} == {(MEDIA_TYPE,)}, (path, method)


@pytest.mark.parametrize(
    ("request_line", "headers", "body", "status"),
    [
        ("GET /health?plate=ABC1D23", {}, b"", 400),
        ("GET /plates/ABC1D23", {}, b"", 404),
        ("GET /../../etc/passwd", {}, b"", 404),
        ("GET /health/", {}, b"", 404),
        ("DELETE /health", {}, b"", 405),
        ("POST /health", {"content-type": "text/plain"}, b"{}", 415),
        ("POST /health", {"content-type": "application/x-www-form-urlencoded"}, b"a=1", 415),
        ("POST /health", {"content-length": str(MOST_BODY_BYTES + 1)}, b"{}", 413),
        ("POST /health", {"content-length": "-1"}, b"{}", 413),
        ("POST /health", {"sec-fetch-site": "cross-site"}, b"{}", 403),
        ("POST /health", {"sec-fetch-site": "same-site"}, b"{}", 403),
    ],
)
def test_a_request_of_a_wrong_form_is_refused(
    client: Client, request_line: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    method, path = request_line.split()
    with structlog.testing.capture_logs() as lines:
        reply = client.request(method, path, body, headers)
    assert "ABC1D23" not in str(_problem(reply, status)), "nor in the answer"
    assert "ABC1D23" not in str(lines)
    assert lines[-1]["status"] == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("plate ABC1D23 of /var/lib/secret"), 500),
        (StoreError("plates abc1d23", "cannot be answered now"), 503),
        (PolicyError("person ana", "may not search ABC 1234", "Ask"), 403),
        (ViapublicaError("plate ABC-1234", "is none"), 422),
    ],
)
def test_no_error_shows_a_plate_or_a_place_in_the_program(service: Service, error: Exception, status: int) -> None:
    def fail() -> None:
        raise error

    app = create_application(service)
    app.add_api_route("/failing", fail)
    with structlog.testing.capture_logs() as lines:
        found = _problem(Client(app).get("/failing"), status)
    for text in (str(found).lower(), str(lines).lower()):
        assert not [part for part in ("abc1d23", "abc 1234", "abc-1234", "secret", "traceback") if part in text]
    if status == 500:
        assert lines[0]["kind"] == "RuntimeError"
        assert lines[0]["place"].startswith("http_api/test_request_guard.py")


def test_a_body_that_declares_no_length_is_measured(service: Service) -> None:
    def take(body: dict[str, str]) -> int:
        return len(body)

    app = create_application(service)
    app.add_api_route("/taking", take, methods=["POST"])
    large = b'{"a": "' + b"x" * MOST_BODY_BYTES + b'"}'
    headers = {"content-length": "0", "transfer-encoding": "chunked"}
    assert Client(app).request("POST", "/taking", b'{"a": "b"}', headers).json == 1
    _problem(Client(app).request("POST", "/taking", large, headers), 413)


def test_behind_a_proxy_the_last_address_counts(app: FastAPI, service: Service) -> None:
    def logged(served: FastAPI, stated: str) -> str:
        with structlog.testing.capture_logs() as lines:
            Client(served).get("/health", headers={"x-forwarded-for": stated})
        return str(lines[-1]["address"])

    behind = create_application(replace(service, behind_proxy=True))
    for stated, address in (
        ("203.0.113.9", "203.0.113.9"),
        ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, forged", "local"),
        ("", "local"),
    ):
        assert logged(behind, stated) == address, stated
        assert logged(app, stated) == ADDRESS, "without a proxy no one may state another one"
