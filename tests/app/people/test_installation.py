"""The first set-up of a registry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.app.people.administration import Administration
from pipeline.app.people.installation import set_up
from pipeline.domain.people import AccountStatus
from pipeline.domain.requester import Requester
from pipeline.errors import AuditUnavailable, PolicyError, RegistryError
from tests.app.people.installations import Office, first_answers
from tests.governance.entries import StoppedClock


@pytest.fixture
def empty(tmp_path: Path) -> Office:
    return Office(tmp_path, StoppedClock())


def test_a_set_up_makes_two_administrators_who_have_to_activate_their_accounts(empty: Office) -> None:
    answers = first_answers(empty.clock)
    made = set_up(empty.register, empty.stores, Requester(user="root"), answers, empty.clock)
    assert [one.login for one in made.administrators] == ["ana", "bia"]
    assert {one.status for one in made.administrators} == {AccountStatus.INVITED}
    assert len(set(made.invitations)) == 2
    with empty.opened("ana") as opened, pytest.raises(PolicyError, match="suspended"):
        Administration(opened).people()
    records = empty.audit()
    assert [one["details"]["subject"] for one in records[:3]] == ["ceic", "ana", "bia"]
    assert {one["system_user"] for one in records[:3]} == {"root"}
    with pytest.raises(RegistryError, match="is set up already"):
        set_up(empty.register, empty.stores, Requester(user="root"), answers, empty.clock)


def test_one_administrator_is_not_enough(empty: Office) -> None:
    answers = first_answers(empty.clock)
    with pytest.raises(RegistryError, match="Name two"):
        set_up(
            empty.register,
            empty.stores,
            Requester(user="root"),
            replace(answers, administrators=answers.administrators[:1]),
            empty.clock,
        )
    twice = replace(answers, administrators=answers.administrators[:1] * 2)
    with pytest.raises(RegistryError, match="registered already"):
        set_up(empty.register, empty.stores, Requester(user="root"), twice, empty.clock)
    with pytest.raises(RegistryError, match="evaluation mode"), empty.opened("ana"):
        pass


def test_a_set_up_without_an_audit_makes_nothing(empty: Office) -> None:
    audit = empty.stores.audit_dir
    audit.parent.mkdir()
    audit.write_text("")
    with pytest.raises(AuditUnavailable):
        set_up(empty.register, empty.stores, Requester(user="root"), first_answers(empty.clock), empty.clock)
    audit.unlink()
    with pytest.raises(RegistryError, match="evaluation mode"), empty.opened("ana"):
        pass
