"""Ids of cameras, and what is suggested for names that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.camera import camera_id_problem, suggested_camera_id


@pytest.mark.parametrize(
    ("name", "suggested", "words"),
    [
        ("praça", "praca", "'ç'"),
        ("Praça da Sé", "Praca-da-Se", "a blank"),
        ("avenida-são-joão", "avenida-sao-joao", "without accents"),
        ("a/b", "a-b", "'/'"),
        ("-gate", "gate", "begin with a letter"),
        ("x" * 65, "x" * 64, "65 characters"),
        ("Straße nº 9", "Strasse-no-9", "'º'"),
    ],
)
def test_a_name_that_is_no_id_is_explained_with_the_closest_id(name: str, suggested: str, words: str) -> None:
    problem = camera_id_problem(name)
    assert words in problem
    assert repr(suggested) in problem
    assert "pattern" not in problem
    assert camera_id_problem(suggested) == ""


@pytest.mark.parametrize("secret", ["rtsp://user:S3CRET@h/x", "user:S3CRET", "S3CRET@h"])
def test_a_login_in_the_place_of_an_id_is_not_repeated(secret: str) -> None:
    assert "S3CRET" not in camera_id_problem(secret)


@given(st.text(max_size=100))
def test_a_suggestion_is_always_an_id(name: str) -> None:
    suggested = suggested_camera_id(name)
    assert not suggested or camera_id_problem(suggested) == ""
