"""Pages of Web Push: the channels that a person may follow on a device, and their devices."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.console.pages import section_page, seen
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import SITUATION
from pipeline.console.visits import Visit, checked, visit_of
from pipeline.domain.purpose import Purpose
from pipeline.domain.times import parse_time
from pipeline.http_api import push_routes
from pipeline.http_api.question_messages import Asked

WORKER: Final = "/console/push-worker.js"
"""The service worker. Its address never changes, as those of the other scripts do: subscriptions outlive versions."""
router = APIRouter(route_class=PageRoute, include_in_schema=False)
VisitOfSituation = Annotated[Visit, Depends(visit_of(SITUATION))]
_DEVICES: Final = f"{SITUATION.path}/{{purpose}}/devices"


@router.get(WORKER)
def worker() -> Response:
    """The script that shows notifications while no page is open; the same for everyone."""
    script = (files("pipeline.console") / "static" / "push-worker.js").read_text()
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get(_DEVICES)
def devices(visit: VisitOfSituation, purpose: Purpose) -> Response:
    """The channels and the own devices."""
    values: dict[str, Any] = {
        "channels": push_routes.channels(Asked(purpose=purpose), visit.caller, visit.service).channels,
        "subscriptions": push_routes.subscriptions(visit.caller).subscriptions,
    }
    return section_page(
        "devices.html", visit, SITUATION.name, purpose=purpose, worker=WORKER, parsed=parse_time, **values
    )


@router.post(_DEVICES)
def subscribe(visit: VisitOfSituation, purpose: Purpose) -> Response:
    """Subscribe this device; the browser has made the address and the keys."""
    names = ("channel", "endpoint", "p256dh", "auth", "device")
    body = checked(push_routes.NewSubscription, {"purpose": purpose} | {one: visit.form.text(one) for one in names})
    push_routes.subscribe(body, visit.caller, visit.service)
    return seen(visit.request.url.path)


@router.post(f"{_DEVICES}/{{number}}/end")
def end(visit: VisitOfSituation, purpose: Purpose, number: int) -> Response:
    """End the subscription of a device."""
    push_routes.unsubscribe(number, visit.caller)
    return seen(_DEVICES.format(purpose=purpose.value))
