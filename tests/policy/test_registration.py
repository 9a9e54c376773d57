"""Passwords that are easily guessed are refused without being repeated."""

from __future__ import annotations

import pytest

from pipeline.errors import RegistryError
from pipeline.policy.registration import checked_password


@pytest.mark.parametrize(
    "password",
    [
        "ana.souza2026",
        "SouzaSouza12",
        "viapublica123456",
        "senhasenha12345",
        "aaaaaaaaaaaaaaaa",
        "qwertyabcdef",
        "curta",
    ],
)
def test_a_password_of_login_product_or_sequence_is_refused(password: str) -> None:
    with pytest.raises(RegistryError, match=r"easily guessed|characters") as refused:
        checked_password("ana.souza", password)
    assert password not in str(refused.value)


@pytest.mark.parametrize("password", ["quatro cavalos verdes correm", "souza e mais três palavras", "Zp9#kk2!vQ0x"])
def test_another_one_is_taken_as_it_is(password: str) -> None:
    assert checked_password("ana.souza", password) == password
