"""The page of the own account: sessions, password, notices."""

from __future__ import annotations

import re

import pytest

from pipeline.domain.role import Role
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitor, Visitors, text_of
from tests.governance.people import PASSWORD

NEW = "sete barcos azuis dormem"


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_the_page_and_changes_of_others_are_out_of_reach(role: Role, visitors: Visitors) -> None:
    visitor = visitors.logged_in(PEOPLE[role])
    text = text_of(visitor.open("/console/account"))
    assert f"<dd>{PEOPLE[role]}</dd>" in text
    assert "esta sessão" in text
    assert text_of(visitors.stranger().open("/console/account")).count("Sessões abertas") == 0


def changed(visitors: Visitors, visitor: Visitor, **fields: str) -> int:
    given = {"password": PASSWORD, "new_password": NEW, "repeated": NEW, "code": visitors.code("caio")}
    return visitor.send("/console/account/password", given | fields).status


def test_a_password_is_changed_and_its_owner_told(visitors: Visitors) -> None:
    caio = visitors.logged_in("caio")
    caio.open("/console/account")
    assert changed(visitors, caio, repeated="outra coisa bem longa") == 422
    caio.open("/console/account")
    assert changed(visitors, caio) == 303
    text = text_of(caio.open("/console/account"))
    assert "A senha foi alterada." in text
    assert "1 aviso" in text
    number = re.search(r'name="until" value="(\d+)"', text)
    assert number
    caio.send("/console/account/notices", until=number[1])
    assert "1 aviso" not in text_of(caio.open("/console/account"))
    reply = visitors.stranger().send("/console/login", login="caio", password=NEW, code=visitors.code("caio"))
    assert reply.status == 303


def test_another_session_is_ended_and_then_all(visitors: Visitors) -> None:
    there, here = visitors.logged_in("caio"), visitors.logged_in("caio")
    found = re.search(r'name="session" value="(\w{16})"', text_of(here.open("/console/account")))
    assert found
    assert here.send("/console/account/sessions", session=found[1], code="000000").status == 403
    here.open("/console/account")
    assert here.send("/console/account/sessions", session=found[1], code=visitors.code("caio")).status == 303
    assert there.open("/console/account").status == 401
    here.open("/console/account")
    reply = here.send("/console/account/sessions", session="", code=visitors.code("caio"), htmx=True)
    assert reply.headers["hx-redirect"] == "/console/login"
    assert here.open("/console/account").status == 401
