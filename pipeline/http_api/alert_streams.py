"""Streams of alerts as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http import HTTPStatus
from typing import Final, Protocol

from fastapi.responses import StreamingResponse

from pipeline.app.alerts.alert_feed import AlertFeed, FedAlert
from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.domain.purpose import Purpose
from pipeline.errors import ViapublicaError
from pipeline.http_api.callers import Caller
from pipeline.http_api.problems import RequestRefused
from pipeline.http_api.service import Service

_ROUND_S: Final = 0.5
_SIGN_ROUNDS: Final = 30
"""Rounds without news, after which it is decided again, and a comment shows that the connection lives."""
_DECIDING: Final = ThreadPoolExecutor(4, "alert-streams")
"""Streams that decide at the same time; mostly they wait for the audit, which writes what is there in one go."""


def open_stream(
    caller: Caller,
    service: Service,
    purpose: Purpose,
    last_event_id: str,
    *,
    text: Callable[[FedAlert], str],
    changes: Callable[[], str] | None = None,
) -> StreamingResponse:
    """A stream of new alerts for a person.

    Args:
        caller, service, purpose: of the request; last_event_id: of the last alert that the client has, "" for none.
        text: of an alert, as it is sent; changes: see `stream_of`.

    Raises:
        PolicyError, StoreError, AuditUnavailable: see `AlertFeed.next`.
        RequestRefused: there are too many streams.
    """
    if not service.streams.acquire(blocking=False):
        words = "Too many people follow the alerts of this server"
        raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, words, "Search for them, or try again later")
    with ExitStack() as opening:
        opening.callback(service.streams.release)
        opening.enter_context(service.alerts.followed())
        opened = service.registry.held_by(caller.credential, purpose.value)
        questions = PermittedQuestions(opened, service.stores, service.store, purpose)
        feed = AlertFeed(questions, service.alerts, opened.clock, last_event_id)
        first = feed.next()  # what is refused is answered with a status, not in the stream
        following = opening.pop_all()
    return StreamingResponse(
        stream_of(first, feed, following.close, text=text, changes=changes),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


def alert_text(one: FedAlert) -> str:
    """An alert as programs receive it."""
    return f"id: {one.event_id}\nevent: alert\ndata: {json.dumps(one.fields, ensure_ascii=False)}\n\n"


class Feed(Protocol):
    """What a stream of alerts needs; see `AlertFeed`."""

    @property
    def has_news(self) -> bool:
        """See `AlertFeed`."""

    def next(self) -> list[FedAlert]:
        """See `AlertFeed`."""


async def stream_of(
    first: list[FedAlert],
    feed: Feed,
    release: Callable[[], None],
    round_s: float = _ROUND_S,
    *,
    text: Callable[[FedAlert], str] = alert_text,
    changes: Callable[[], str] | None = None,
) -> AsyncIterator[str]:
    """The text of a stream; it ends when the person may not read it any more, or the store fails: clients resume.

    Args:
        first: alerts to begin with; feed: gives the next ones, where there is news, and is asked now and then at least,
            so that the stream of a session that has ended does so too.
        release: called at the end; round_s: seconds between two checks for news.
        text: of an alert, as it is sent; changes: text of what else is new, "" for nothing; it must not block.
    """
    try:
        yield ": viapublica\n\n"
        alerts, quiet = first, 0
        while True:
            for one in alerts:
                yield text(one)
            if changes is not None and (further := changes()):
                yield further
            await asyncio.sleep(round_s)
            alerts, quiet = [], quiet + 1
            if not feed.has_news and quiet < _SIGN_ROUNDS:
                continue
            try:
                alerts = await asyncio.get_running_loop().run_in_executor(_DECIDING, feed.next)
            except ViapublicaError as error:
                yield f"event: end\ndata: {json.dumps({'reason': error.problem}, ensure_ascii=False)}\n\n"
                return
            if quiet >= _SIGN_ROUNDS and not alerts:
                yield ": waiting\n\n"
            quiet = 0
    finally:
        release()
