"""Routes of Web Push: channels that a person may subscribe to, and the subscriptions of their devices."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import Field

from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.app.people.push_devices import (
    NewPushSubscription,
    PushDevices,
    PushSubscription,
    end_subscription,
    own_subscriptions,
)
from pipeline.domain.times import format_utc
from pipeline.errors import RegistryError
from pipeline.http_api.callers import Caller, CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody
from pipeline.http_api.problems import RequestRefused, of_account, responses, with_body
from pipeline.http_api.question_messages import Asked
from pipeline.http_api.service import Service

router = APIRouter(prefix="/push", tags=["push"])


class ChannelAnswer(AnswerBody):
    """A channel of Web Push."""

    name: str
    public_key: str = Field(description="The browser subscribes with it (applicationServerKey), base64url.")


class ChannelsAnswer(AnswerBody):
    """The channels that you may subscribe a device to."""

    channels: list[ChannelAnswer]


class NewSubscription(Asked):
    """A subscription that a browser made (PushSubscription of the Push API)."""

    channel: str = Field(description="Name of the channel.", min_length=1, max_length=41)
    endpoint: str = Field(description="Its address at the push service.", min_length=8, max_length=2048)
    p256dh: str = Field(description="Its key, base64url.", pattern=r"^B[A-Za-z0-9_-]{86}=?$")
    auth: str = Field(description="Its secret, base64url.", pattern=r"^[A-Za-z0-9_-]{22}(==)?$")
    device: str = Field(description="A name that you give the device.", min_length=1, max_length=60)


class SubscriptionAnswer(AnswerBody):
    """A subscription, without its address and keys."""

    subscription_id: int
    channel: str
    purpose: str
    device: str
    created: str
    until: str = Field(description="When it ends by itself; subscribe again before that.")

    @classmethod
    def of(cls, one: PushSubscription) -> Self:
        """As it is answered."""
        return cls(
            subscription_id=one.subscription_id,
            channel=one.channel,
            purpose=one.purpose,
            device=one.device,
            created=format_utc(one.created_ms),
            until=format_utc(one.until_ms),
        )


class SubscriptionsAnswer(AnswerBody):
    """The own subscriptions."""

    subscriptions: list[SubscriptionAnswer]


@router.post("/channels", responses=with_body())
def channels(body: Asked, caller: CallerOf, service: ServiceOf) -> ChannelsAnswer:
    """List the channels all of whose cameras you may follow for a purpose."""
    found = _devices(body, caller, service).channels()
    return ChannelsAnswer(channels=[ChannelAnswer(name=one.name, public_key=one.public_key) for one in found])


@router.post("/subscriptions", status_code=HTTPStatus.CREATED, responses=with_body() | responses(HTTPStatus.CONFLICT))
def subscribe(body: NewSubscription, caller: CallerOf, service: ServiceOf) -> SubscriptionAnswer:
    """Subscribe a device to a channel for 30 days; what it was subscribed to before ends."""
    new = NewPushSubscription(
        channel=body.channel,
        purpose=body.purpose.value,
        endpoint=body.endpoint,
        p256dh=body.p256dh,
        auth=body.auth,
        device=body.device,
    )
    return SubscriptionAnswer.of(_devices(body, caller, service).subscribe(new))


@router.get("/subscriptions", responses=of_account())
def subscriptions(caller: CallerOf) -> SubscriptionsAnswer:
    """List the own subscriptions that count, the newest first."""
    return SubscriptionsAnswer(subscriptions=[SubscriptionAnswer.of(one) for one in own_subscriptions(caller.registry)])


@router.delete(
    "/subscriptions/{subscription_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=of_account() | responses(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def unsubscribe(subscription_id: Annotated[int, Field(ge=1, lt=2**31)], caller: CallerOf) -> None:
    """End a subscription at once."""
    try:
        end_subscription(caller.registry, subscription_id)
    except RegistryError as error:
        raise RequestRefused(HTTPStatus.NOT_FOUND, f"{error.subject}: {error.problem}", error.fix) from None


def _devices(body: Asked, caller: Caller, service: Service) -> PushDevices:
    opened = service.registry.held_by(caller.credential, body.purpose.value, body.case)
    questions = PermittedQuestions(opened, service.stores, service.store, body.purpose, body.case)
    return PushDevices(opened, service.stores, questions)
