"""The register of sessions: who has one, which are open, and their end."""

from __future__ import annotations

from pipeline.domain.people import RegisteredPerson
from pipeline.errors import NotLoggedIn
from pipeline.governance.login_sessions import (
    OpenSession,
    check_live,
    is_due,
    live_session,
    open_sessions,
    session_and_person,
    token_sha256,
)
from pipeline.governance.people_register import PeopleRegister
from pipeline.governance.people_rows import person_row
from pipeline.policy.registration import why_unusable


class SessionRegister(PeopleRegister):
    """Sessions of accounts."""

    def session_person(self, token: str) -> RegisteredPerson:
        """The person of an open session, with roles and state as they are now.

        Raises:
            NotLoggedIn: the session ended, or the account is not active.
        """
        row, person = self._database.unchanged(
            ("session", token_sha256(token)), lambda session: session_and_person(session, token)
        )
        now_ms = self._clock.wall_ms()  # after the reading: a session that was used later than now has ended
        check_live(row, now_ms)
        self._check_usable(person, now_ms)
        if is_due(row, now_ms):
            with self._database.writing() as session:
                now_ms = self._clock.wall_ms()
                live_session(session, token, now_ms).last_used_ms = now_ms
                person_row(session, person.login).account.last_used_ms = now_ms
        return person

    def sign_out(self, token: str) -> None:
        """End a session.

        Raises:
            NotLoggedIn: it has ended.
        """
        now_ms = self._clock.wall_ms()
        with self._database.writing() as session:
            row = live_session(session, token, now_ms)
            row.ended_ms, row.end_reason = now_ms, "sign-out"

    def sessions(self, login: str, token: str = "") -> list[OpenSession]:
        """The sessions of a person that count, the oldest first.

        Args:
            login: of the person; token: id of the session that asks, "" for none.
        """
        with self._database.reading() as session:
            return open_sessions(session, login, token, self._clock.wall_ms())

    @staticmethod
    def _check_usable(person: RegisteredPerson, now_ms: int) -> None:
        if why := why_unusable(person, now_ms):
            raise NotLoggedIn(f"account {person.login}", why, "Ask your administration")
