"""The doctor finds what does not work, and goes on."""

from __future__ import annotations

import pytest

from pipeline.app import doctor
from pipeline.app.doctor import ComponentState
from pipeline.decode import decoder_check
from pipeline.decode.decoder_check import DecoderVerdict


def test_every_component_of_this_installation_works_or_is_optional() -> None:
    checks = {check.component: check for check in doctor.check_components(None, None)}
    assert {check.state for check in checks.values()} <= {ComponentState.WORKING, ComponentState.ABSENT}
    assert "H.264" in checks["decode (PyAV)"].detail
    assert "right answers with" in checks["model viapublica_plates"].detail


def test_a_decoder_with_wrong_pixels_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_check, "check_decoders", lambda: iter([DecoderVerdict("H.264", "gives other pixels")]))
    checks = {check.component: check for check in doctor.check_components(None, None)}
    decode = checks["decode (PyAV)"]
    assert (decode.state, "H.264 gives other pixels" in decode.detail) == (ComponentState.BROKEN, True)
    assert decode.fix
    assert checks["embedded event store (chDB)"].state is ComponentState.WORKING


def test_a_network_with_wrong_answers_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.lpr.build.wrong_readings", lambda *_: ["reads XYZ instead of ABC1234"])
    monkeypatch.setenv("VIAPUBLICA_CACHE", "/dev/null/none")
    checks = {check.component: check for check in doctor.check_components(None, None)}
    reader = checks["model viapublica_plates"]
    assert (reader.state, "reads XYZ" in reader.detail) == (ComponentState.BROKEN, True)
