"""Accounts, institutions and agreements in the console, on the use cases of the command line."""

from __future__ import annotations

import re

import pytest

from pipeline.app.people.activation import begin_activation, finish_activation
from pipeline.domain.people import AccountStatus
from pipeline.domain.role import Role
from pipeline.governance.login_secrets import totp_code
from tests.app.people.installations import Office
from tests.console.staffed_city import PEOPLE, SECOND_OPERATOR
from tests.console.visitors import Visitor, Visitors, text_of
from tests.governance.people import PASSWORD

ADMINISTRATOR = PEOPLE[Role.SECTOR_ADMINISTRATOR]
CENTRAL = PEOPLE[Role.GENERAL_ADMINISTRATOR]
NEW = {
    "login": "maria.lima",
    "name": "Maria Lima",
    "document": "MAT 4321",
    "body": "guarda/central",
    "until": "2027-06-30",
}
PAGE = "/console/people/accounts/maria.lima"
OTHER = f"/console/people/accounts/{SECOND_OPERATOR}"
UNTIL = {"until": "2027-05-31"}


@pytest.fixture
def administrator(visitors: Visitors) -> Visitor:
    found = visitors.logged_in(ADMINISTRATOR)
    found.open("/console/people/new")
    return found


def test_a_person_is_registered_and_gets_all_that_they_need_to_work(administrator: Visitor, city: Office) -> None:
    reply = administrator.send("/console/people/new", NEW)
    assert (reply.status, reply.headers.get("location")) == (303, PAGE), text_of(reply)
    assert "um treinamento que valha agora" in text_of(administrator.open(PAGE))
    for step, fields in (
        ("training", UNTIL | {"since": "2026-01-01"}),
        ("term", UNTIL),
        ("role", UNTIL | {"role": "operator"}),
    ):
        assert administrator.send(f"{PAGE}/{step}", fields).status == 303
    text = text_of(administrator.open(PAGE))
    assert "01/01/2026 – 31/05/2027" in text
    assert "um treinamento que valha agora" not in text
    assert "senha e segundo fator" in text
    invited = text_of(administrator.send(f"{PAGE}/invitation"))
    code = re.search(r'<code class="plate">(\S+)</code>', invited)
    assert code is not None
    with city.opened("maria.lima") as opened:
        secret, _ = begin_activation(opened, "maria.lima", code[1])
        one_time = totp_code(secret, city.clock.now_ms)
        finish_activation(opened, "maria.lima", code[1], password=PASSWORD, secret=secret, code=one_time)
    assert "Falta para que" not in text_of(administrator.open(PAGE))
    assert code[1] not in text_of(administrator.open(PAGE))
    done = [one["details"]["action"] for one in city.audit() if one.get("account") == ADMINISTRATOR]
    assert [one for one in done if one != "person"] == ["register", "train", "term", "grant", "invite"]


def test_an_account_is_suspended_with_a_reason_and_closed_with_a_confirmation(
    administrator: Visitor, visitors: Visitors, city: Office
) -> None:
    operator = visitors.logged_in(SECOND_OPERATOR)
    assert administrator.send(f"{OTHER}/suspension", reason="").status == 409
    assert administrator.send(f"{OTHER}/suspension", reason="apuração 12/2026").status == 303
    assert "apuração 12/2026" in text_of(administrator.open(OTHER))
    assert operator.open("/console/situation").status == 401
    assert administrator.send(f"{OTHER}/withdrawal", role="operator").status == 303
    assert administrator.send(f"{OTHER}/departure").status == 422
    assert administrator.send(f"{OTHER}/departure", confirmed="1").status == 303
    text = text_of(administrator.open(OTHER))
    assert "Se voltar, cadastre-a de novo" in text
    assert "/suspension" not in text
    with city.opened("viapublica") as opened:
        assert opened.registry.person(SECOND_OPERATOR).status is AccountStatus.CLOSED


def test_no_one_changes_their_own_account_or_that_of_another_body(administrator: Visitor) -> None:
    own = f"/console/people/accounts/{ADMINISTRATOR}"
    text = text_of(administrator.open(own))
    assert "Ninguém muda o próprio cadastro" in text
    assert f"{own}/" not in text
    for path in (f"{own}/role", "/console/people/accounts/davi/role"):
        assert administrator.send(path, UNTIL, role="operator").status == 403
    assert administrator.open("/console/people/accounts/davi").status == 403
    assert administrator.open("/console/people/accounts/nobody").status == 404


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"document": "529.982.247-24"}, 409, "dígitos verificadores"),
        ({"login": SECOND_OPERATOR}, 409, "Já está cadastrado"),
        ({"login": "joão"}, 409, "letras sem acento"),
        ({"until": "amanhã"}, 422, "data não pôde ser entendida"),
        ({"until": "2020-01-01"}, 409, "fim posterior"),
        ({"body": ""}, 409, ""),
    ],
)
def test_a_mistake_is_named_and_nothing_is_registered(
    changed: dict[str, str], status: int, said: str, administrator: Visitor
) -> None:
    reply = administrator.send("/console/people/new", NEW | changed, htmx=True)
    assert reply.status == status
    assert said in text_of(reply)
    assert administrator.open(PAGE).status == 404


def test_bodies_and_agreements_are_registered_by_the_general_administration(
    visitors: Visitors, administrator: Visitor
) -> None:
    central = visitors.logged_in(CENTRAL)
    bodies = "/console/people/institutions"
    central.open(bodies)
    assert central.send(bodies, institution="pm", name="Polícia Militar", kind="security").status == 303
    sector = {"institution": "pm", "sector": "9bpm", "name": "9º BPM"}
    assert central.send(f"{bodies}/sectors", sector, retention="muitos").status == 422
    assert central.send(f"{bodies}/sectors", sector, retention="30").status == 303
    agreement = UNTIL | {"number": "Convênio 12/2026", "owner": "guarda", "recipient": "pm/9bpm"}
    assert central.send(f"{bodies}/agreements", agreement).status == 409
    shared = {"purposes": "crisis", "operations": "monitoring"}
    assert central.send(f"{bodies}/agreements", agreement | shared).status == 303
    text = text_of(administrator.open(bodies))
    assert "9º BPM" in text
    assert "Convênio 12/2026" in text
    assert "/end" not in text
    number = re.search(r"agreements/(\d+)/end", text_of(central.open(bodies)))
    assert number is not None
    assert central.send(f"{bodies}/agreements/{number[1]}/end").status == 303
    assert "encerrado" in text_of(central.open(bodies))
