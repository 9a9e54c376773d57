"""The installation behind the routes of the HTTP API: register, stores, clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import open_registry
from pipeline.domain.clock import SystemClock
from pipeline.domain.ports import Clock
from pipeline.domain.requester import Requester


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An installation that is served.

    Attributes:
        register: address of the register of people.
        stores: event store, audit, screen of texts.
        encrypted: whether clients reach the server by TLS.
        clock: of sessions and decisions.
    """

    register: str
    stores: ConfiguredStores
    encrypted: bool = False
    clock: Clock = field(default_factory=SystemClock)

    def check(self) -> None:
        """Require that there are people to serve.

        Raises:
            ViapublicaError: the register cannot be opened, or has no institution yet.
        """
        with open_registry(self.register, self.stores, Requester.of_process(), clock=self.clock):
            pass


def service_of(request: Request) -> Service:
    """The service of a request's application."""
    found = request.app.state.service
    assert isinstance(found, Service)  # noqa: S101 - set by `create_application`
    return found
