"""The register of push subscriptions: made, listed and ended by their person, and read by a run."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.operation import Operation
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.push_subscription import (
    MOST_DEVICES,
    SUBSCRIPTION_MS,
    NewPushSubscription,
    PushSubscription,
    base64url_bytes,
)
from pipeline.domain.registry_change import RegistryChange
from pipeline.domain.role import Role
from pipeline.errors import RegistryError
from pipeline.governance.login_sessions import end_subscription_row
from pipeline.governance.people_rows import person_of, person_row
from pipeline.governance.people_tables import PersonRow, PushSubscriptionRow
from pipeline.governance.register_session import RegisterSession
from pipeline.governance.registry_session import RegistrySession
from pipeline.policy.registration import checked_text, why_unusable
from pipeline.policy.sensitive.screen import TextKind

_SECRET_BYTES: Final = 16
_FIELDS: Final = tuple(one.name for one in fields(PushSubscription))


class PushRegister(RegistrySession):
    """Push subscriptions of accounts."""

    def add_push_subscription(self, login: str, role: Role, new: NewPushSubscription) -> PushSubscription:
        """Subscribe a device of a person; what it was subscribed to before ends, also of another person.

        Args:
            login: of the person; role: in which they may follow the alerts; new: what the browser gave.

        Raises:
            RegistryError: the keys are none, or there are too many devices.
            PolicyError: the name of the device says something sensitive about people.
        """
        _check_keys(new)
        device = checked_text("name of the device", new.device, self._screen, TextKind.REASON)
        now_ms = self._clock.wall_ms()
        change = RegistryChange(Operation.INCIDENT, "push-subscribe", login, {"channel": new.channel})
        with self._changing(change) as session:
            person = person_row(session, login)
            same = PushSubscriptionRow.endpoint == new.endpoint
            for row in session.scalars(select(PushSubscriptionRow).where(same, _COUNTS)):
                end_subscription_row(row, "replaced", now_ms)
            session.flush()
            if len(_of(session, login, now_ms)) >= MOST_DEVICES:
                raise RegistryError(f"devices of {login}", f"are {MOST_DEVICES} already", "End one that is not used")
            row = PushSubscriptionRow(
                login=login,
                institution=person.institution,
                sector=person.sector,
                role=role.value,
                channel=new.channel,
                purpose=new.purpose,
                endpoint=new.endpoint,
                p256dh=new.p256dh,
                auth=new.auth,
                device=device,
                created_ms=now_ms,
                until_ms=now_ms + SUBSCRIPTION_MS,
                ended_ms=None,
                end_reason="",
            )
            session.add(row)
            session.flush()
            return _subscription(row)

    def push_subscriptions(self, login: str) -> tuple[PushSubscription, ...]:
        """Those of a person that count now, the newest first."""
        with self._database.reading() as session:
            return tuple(map(_subscription, _of(session, login, self._clock.wall_ms())))

    def end_push_subscription(self, login: str, subscription_id: int) -> None:
        """End a subscription of a person.

        Raises:
            RegistryError: the person has none of this number that counts.
        """
        facts: dict[str, str | int | bool] = {"subscription": subscription_id}
        with self._changing(RegistryChange(Operation.INCIDENT, "push-end", login, facts)) as session:
            row = session.get(PushSubscriptionRow, subscription_id)
            if row is None or row.login != login or row.ended_ms is not None:
                raise RegistryError(
                    f"subscription {subscription_id}", "is none of yours that counts", "List your subscriptions"
                )
            end_subscription_row(row, "withdrawn", self._clock.wall_ms())


class PushFeed(RegisterSession):
    """Reads push subscriptions for a run; changes nothing."""

    def subscriptions(self, channel: str) -> list[PushSubscription]:
        """Those of a channel whose person may still be notified.

        The account may be used, and has the role in which it was decided, in the same body. What a role permits was
        decided when they subscribed.

        Args:
            channel: its name.
        """
        now_ms = self._clock.wall_ms()
        found = (
            select(PushSubscriptionRow, PersonRow)
            .join(PersonRow, PersonRow.login == PushSubscriptionRow.login)
            .where(PushSubscriptionRow.channel == channel, _COUNTS, PushSubscriptionRow.until_ms > now_ms)
            .order_by(PushSubscriptionRow.subscription_id)
        )
        with self._database.reading() as session:
            return [
                _subscription(row) for row, person in session.execute(found) if _may(row, person_of(person), now_ms)
            ]


_COUNTS: Final = PushSubscriptionRow.ended_ms.is_(None)


def _may(row: PushSubscriptionRow, person: RegisteredPerson, now_ms: int) -> bool:
    return (
        not why_unusable(person, now_ms)
        and (person.institution, person.sector) == (row.institution, row.sector)
        and row.role in {role.value for role in person.roles_at(now_ms)}
    )


def _of(session: Session, login: str, now_ms: int) -> list[PushSubscriptionRow]:
    own = PushSubscriptionRow.login == login, _COUNTS, PushSubscriptionRow.until_ms > now_ms
    found = select(PushSubscriptionRow).where(*own).order_by(PushSubscriptionRow.subscription_id.desc())
    return list(session.scalars(found))


def _subscription(row: PushSubscriptionRow) -> PushSubscription:
    return PushSubscription(**{name: getattr(row, name) for name in _FIELDS})


def _check_keys(new: NewPushSubscription) -> None:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), base64url_bytes(new.p256dh))
        is_secret = len(base64url_bytes(new.auth)) == _SECRET_BYTES
    except ValueError:
        is_secret = False
    if not is_secret:
        raise RegistryError("keys of the subscription", "are none of a browser", "Send p256dh and auth as it gave them")
