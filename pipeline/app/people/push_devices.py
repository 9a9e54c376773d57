"""Use cases of Web Push: which channels a person may subscribe their devices to, and their subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.log_in import person_of_session
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.app.questions import Events, ListedPlateAlerts, RangedQuestion
from pipeline.channels.routing import routed_cameras
from pipeline.channels.settings import WebPushSettings
from pipeline.domain.events import Kind
from pipeline.domain.push_subscription import NewPushSubscription, PushChannel, PushSubscription, is_served
from pipeline.domain.role import Role
from pipeline.errors import PolicyError, RegistryError

__all__ = ["NewPushSubscription", "PushChannel", "PushDevices", "PushSubscription"]


class PushDevices:
    """The devices of one person.

    Args:
        opened: the registry, for the person; stores: name the channels.
        questions: of the person, for the purpose that they state.
    """

    def __init__(self, opened: OpenRegistry, stores: ConfiguredStores, questions: PermittedQuestions) -> None:
        self._opened = opened
        self._stores = stores
        self._questions = questions

    def channels(self) -> list[PushChannel]:
        """The channels all of whose cameras the person may follow for the purpose.

        Raises:
            PolicyError: they may follow no camera.
            AuditUnavailable: the audit takes no record.
        """
        _, permitted, everywhere = self._permitted(Events(kind=Kind.ALERT))
        return [one for one in self._channels() if _is_within(one, permitted, everywhere) and self._may_plates(one)]

    def subscribe(self, new: NewPushSubscription) -> PushSubscription:
        """Subscribe a device; what a role permits is decided now, and the account is checked at each notification.

        Raises:
            PolicyError: the person may not follow all cameras of the channel, or acts by a token.
            RegistryError: there is no such channel, it does not send to this push service, the keys are none of a
                browser, or there are too many devices.
            AuditUnavailable: the audit takes no record; nothing is entered.
        """
        login = person_of_session(self._opened)
        channel = next((one for one in self._channels() if one.name == new.channel), None)
        if channel is None:
            raise RegistryError(f"channel {new.channel}", "is no channel of Web Push here", "Ask for the channels")
        if not is_served(new.endpoint, channel.services):
            raise RegistryError(
                "push service of the browser",
                "is none that this channel sends to",
                "Use another browser, or ask the administration (channels[].services)",
            )
        role, permitted, everywhere = self._permitted(Events(kind=Kind.ALERT))
        if not _is_within(channel, permitted, everywhere) or not self._may_plates(channel):
            raise PolicyError(
                f"channel {channel.name}",
                "sends alerts that you may not follow for this purpose",
                "Use a channel of your own institution",
                policy="push-channel",
            )
        return self._opened.registry.add_push_subscription(login, role, new)

    def _permitted(self, question: RangedQuestion[Any]) -> tuple[Role, frozenset[str], bool]:
        found = self._questions.permitted(question)
        return found.role, frozenset(one.camera_id for one in found.cameras), not found.left_out

    def _may_plates(self, channel: PushChannel) -> bool:
        if not channel.plates:
            return True
        try:
            _, permitted, everywhere = self._permitted(ListedPlateAlerts(entries=()))
        except PolicyError:
            return False
        return _is_within(channel, permitted, everywhere)

    def _channels(self) -> Iterator[PushChannel]:
        groups = {group.name: group.cameras for group in self._stores.retention.groups}
        for one in self._stores.channels:
            if isinstance(one, WebPushSettings):
                cameras = routed_cameras(one, groups, self._stores.owners)
                yield PushChannel(
                    name=one.name, public_key=one.public_key, services=one.services, cameras=cameras, plates=one.plates
                )


def own_subscriptions(opened: OpenRegistry) -> tuple[PushSubscription, ...]:
    """The subscriptions of the person who acts, the newest first.

    Raises:
        PolicyError: they act by a token.
    """
    return opened.registry.push_subscriptions(person_of_session(opened))


def end_subscription(opened: OpenRegistry, subscription_id: int) -> None:
    """End a subscription of the person who acts.

    Raises:
        PolicyError: they act by a token; RegistryError: they have none of this number.
    """
    opened.registry.end_push_subscription(person_of_session(opened), subscription_id)


def _is_within(channel: PushChannel, permitted: frozenset[str], everywhere: bool) -> bool:
    """Whether all alerts of a channel are of cameras that a person may follow."""
    return everywhere if channel.cameras is None else channel.cameras <= permitted
