"""The requester of a question."""

from __future__ import annotations

import getpass
import os

import pytest

from pipeline.domain.requester import Requester, system_user


def test_a_process_asks_as_the_user_of_the_operating_system() -> None:
    requester = Requester.of_process()
    assert (requester.user, requester.purpose, requester.case) == (system_user(os.geteuid()), "", "")
    assert requester.user in {getpass.getuser(), "root"}


def test_a_user_without_a_name_is_known_by_number() -> None:
    assert system_user(2**31 - 7) == "uid 2147483641"


def test_a_requester_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Requester(user="ana").user = "rui"  # type: ignore[misc]
