"""The incidents of one request: those of listed plates, for the people of their entries, or all others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pipeline.app.alerts.incident_answers import AskAlerts
from pipeline.app.alerts.incidents import Incidents
from pipeline.app.alerts.permitted_incidents import permitted_incidents
from pipeline.app.hotlists.permitted_hot_lists import hit_alerts
from pipeline.domain.locale import Locale
from pipeline.http_api.asked_questions import AskedQuestions
from pipeline.http_api.callers import Caller
from pipeline.http_api.hot_list_routes import hot_lists_of
from pipeline.http_api.question_messages import Asked
from pipeline.http_api.service import Service


class AskedIncidents(AskedQuestions):
    """A request about incidents.

    Args:
        body, caller, service, locale: see `AskedQuestions`.
        hits: incidents of listed plates, of entries that name the person.
    """

    def __init__(
        self, body: Asked, caller: Caller, service: Service, *, hits: bool = False, locale: Locale | None = None
    ) -> None:
        super().__init__(body, caller, service, locale)
        self._request = body, caller, service
        self._hits = hits

    @contextmanager
    def incidents(self) -> Iterator[Incidents]:
        """The incidents, in the name of the person."""
        body, caller, service = self._request
        opened = service.registry.held_by(caller.credential, body.purpose.value, body.case)
        with ExitStack() as stack:
            ask: AskAlerts = self.ask
            if self._hits:
                ask = hit_alerts(stack.enter_context(hot_lists_of(body, caller, service)), self)
            yield stack.enter_context(permitted_incidents(opened, service.register, service.stores, ask))
