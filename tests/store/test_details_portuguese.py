"""Reasons of camera states in Portuguese; one that is not known is quoted as being English."""

from __future__ import annotations

import pytest

from pipeline.record import recording_archive, segmenter
from pipeline.store.details_portuguese import portuguese_detail, portuguese_gap


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("28 % of frames analyzed", "28% dos quadros analisados"),
        ("33% of frames analyzed: 1.7 of 5.0 per second", "33% dos quadros analisados: 1,7 de 5,0 por segundo"),
        ("no frame within 2.5 s", "nenhum quadro em 2,5 s"),
        ("does not answer (Connection refused)", "não responde (conexão recusada)"),
        ("does not answer (odd words)", "não responde (em inglês: odd words)"),
        ("damaged at 3.5 s: not a supported video format", "danificado em 3,5 s: formato de vídeo não suportado"),
        ("odd (words)", "em inglês: odd (words)"),
    ],
)
def test_known_reasons_are_translated_and_others_quoted(english: str, portuguese: str) -> None:
    assert portuguese_detail(english) == portuguese


@pytest.mark.parametrize(
    "reason",
    [
        recording_archive._NOT_RUNNING,
        recording_archive._BEFORE,
        segmenter.SLOW_DISK,
        "the connection was lost: connection refused; the camera was reconnected",
        "the decoder crashed (SIGSEGV)",
        "writing failed: No space left on device",
        "the recorder was stopped; the recorder was killed; the stream ended; the camera's clock jumped",
        "the image size or the camera's clock changed; erased on request",
    ],
)
def test_reasons_of_gaps_are_in_portuguese(reason: str) -> None:
    found = portuguese_gap(reason)
    assert "inglês" not in found
    assert len(found.split("; ")) == len(reason.split("; "))
    assert " the " not in f" {found} "
