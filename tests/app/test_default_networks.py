"""Releases accept every network that is a default, and the checks of the installation say so if not."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipeline.app import doctor
from pipeline.app.default_networks import check_default_networks, default_networks
from pipeline.app.doctor import ComponentState, check_components
from pipeline.cli.operate.models_commands import app as models_app
from pipeline.detect.detector_ensemble import DEFAULT_MODELS
from pipeline.detect.settings import DetectSettings
from pipeline.errors import ModelIntegrityError
from pipeline.lpr.settings import LprSettings
from pipeline.weights.pinned_networks import NetworkPins, PinnedNetworks


@pytest.fixture
def nothing_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    pins = NetworkPins(PinnedNetworks(), PinnedNetworks())
    monkeypatch.setattr("pipeline.app.default_networks.load_network_pins", lambda: pins)


def test_the_defaults_of_all_settings_are_listed_and_pinned() -> None:
    names = default_networks()
    assert {DetectSettings().model, LprSettings().model, LprSettings().corners, *DEFAULT_MODELS} <= set(names)
    assert check_default_networks() == names


@pytest.mark.usefixtures("nothing_pinned")
def test_a_default_network_that_releases_refuse_is_named() -> None:
    with pytest.raises(ModelIntegrityError, match=r"a release would refuse .*viapublica_plates.*pin-networks\.md"):
        check_default_networks()


@pytest.mark.usefixtures("nothing_pinned")
def test_the_doctor_reports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_models", lambda *_: ())
    monkeypatch.setattr(doctor, "_chdb", lambda: "")
    monkeypatch.setattr(doctor, "_decoders", lambda: "")
    (check,) = (one for one in check_components(None, None) if one.component == "networks of releases")
    assert check.state is ComponentState.BROKEN
    assert "a release would refuse viapublica_traffic" in check.detail


@pytest.mark.usefixtures("nothing_pinned")
def test_models_verify_reports_it() -> None:
    result = CliRunner().invoke(models_app, ["verify", "--json"])
    assert isinstance(result.exception, ModelIntegrityError)
    assert CliRunner().invoke(models_app, ["verify", "viapublica_plates"]).exit_code == 0, "only without names"
