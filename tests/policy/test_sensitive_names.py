"""Names that suggest a sensitive place are noticed, however they are spelled, and others are not."""

from __future__ import annotations

import pytest

from pipeline.config.settings import CameraSettings
from pipeline.domain.camera import Surroundings
from pipeline.policy.scope import may_read_plates
from pipeline.policy.sensitive_names import suggested_surroundings

S = Surroundings


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("clinica-hiv-aids-porta", S.CLINIC),
        ("Clínica São Lucas", S.CLINIC),
        ("CLINICA", S.CLINIC),
        ("porta do Hospital das Clínicas", S.CLINIC),
        ("UBS Vila Nova", S.CLINIC),
        ("Igreja Matriz", S.TEMPLE),
        ("rua-da-igreja-12", S.TEMPLE),
        ("portadaigreja", S.TEMPLE),
        ("mesquita", S.TEMPLE),
        ("terreiro de candomblé", S.TEMPLE),
        ("Centro Espírita", S.TEMPLE),
        ("igr3ja", S.TEMPLE),
        ("sindicato-metalurgicos", S.UNION_HALL),
        ("Sede Sindical", S.UNION_HALL),
        ("Partido X - sede", S.PARTY_OFFICE),
        ("escola municipal", S.SCHOOL),
        ("EMEF Pedro II", S.SCHOOL),
        ("creches", S.SCHOOL),
        ("synagogue gate", S.TEMPLE),
        ("abortion clinic", S.CLINIC),
    ],
)
def test_a_sensitive_place_in_a_name_is_noticed(name: str, place: Surroundings) -> None:
    assert place in suggested_surroundings(name).values()


@pytest.mark.parametrize(
    "name",
    ["av-brasil-900", "Av. Paulista, 900", "praca", "Praça 15", "rodovia BR-101 km 12", "gate", "cam-1", "a",
     "estacionamento-entrada", "portao norte", "terminal urbano", "ponte", "cutelaria", "Rua Ipanema", "estadio"],
)  # fmt: skip
def test_ordinary_names_suggest_nothing(name: str) -> None:
    assert suggested_surroundings(name) == {}


def test_the_word_of_the_name_is_named_and_no_other() -> None:
    assert suggested_surroundings("rua-xv-escola", "Rua XV de Novembro, school") == {
        "escola": S.SCHOOL,
        "school": S.SCHOOL,
    }
    assert suggested_surroundings("pronto-socorro") == {"pronto socorro": S.CLINIC}


def camera(**more: object) -> CameraSettings:
    plain = {"id": "clinica-hiv", "source": "rtsp://10.0.0.7/x", "scope": "public-road", **more}
    return CameraSettings.model_validate(plain)


def test_a_suggested_place_counts_until_surroundings_are_stated() -> None:
    assert camera().camera().surroundings == {S.CLINIC}
    assert not may_read_plates(camera().camera())
    assert may_read_plates(camera(surroundings=[]).camera())
    assert camera(surroundings=["temple"]).camera().surroundings == {S.TEMPLE}
    assert camera(id="gate", name="Sindicato").camera().surroundings == {S.UNION_HALL}
