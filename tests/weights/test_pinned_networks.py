"""Pinned networks: card and weights by digest, of the package or of the institution's administrators."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.network_identity import NetworkIdentity
from pipeline.errors import ModelCardError, ModelIntegrityError
from pipeline.storage import administered_file
from pipeline.weights import pinned_networks
from pipeline.weights.catalog import load_card, packaged_models_dir
from pipeline.weights.pinned_networks import (
    NetworkDigests,
    NetworkSource,
    digests_of,
    load_network_pins,
)
from pipeline.weights.stated_networks import stated_networks

OURS = (
    "viapublica_traffic",
    "viapublica_traffic_int8",
    "viapublica_check",
    "viapublica_check_int8",
    "viapublica_plates",
    "viapublica_plate_corners",
)
CARD, WEIGHTS = "ab" * 32, "cd" * 32


@pytest.fixture
def institution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the institution's file belongs, in a folder of this user."""
    path = tmp_path / "release-networks.yaml"
    monkeypatch.setattr(pinned_networks, "INSTITUTION_FILE", path)
    monkeypatch.setattr(administered_file, "ADMINISTRATOR", os.getuid())
    return path


def packaged(name: str) -> NetworkDigests:
    card = load_card(name, packaged_models_dir())
    return NetworkDigests(card=card.digest, weights=card.sha256)


def test_every_own_network_is_pinned_with_its_present_card_and_weights(institution: Path) -> None:
    """After a change append the new digests to models/release-networks.yaml; earlier releases need the old ones."""
    networks = {name: packaged(name) for name in OURS}
    source, sha256 = load_network_pins().source_of(networks)
    assert source is NetworkSource.PACKAGE
    assert len(sha256) == 64


@pytest.mark.parametrize("changed", ["card", "weights"])
def test_a_network_with_another_card_or_other_weights_is_not_pinned(institution: Path, changed: str) -> None:
    networks = {name: packaged(name) for name in OURS}
    networks[OURS[0]] = networks[OURS[0]].model_copy(update={changed: CARD})
    pins = load_network_pins()
    assert pins.source_of(networks) == (NetworkSource.UNPINNED, "")
    assert pins.unpinned(networks) == [OURS[0]]


def test_no_networks_are_unpinned_networks(institution: Path) -> None:
    assert load_network_pins().source_of({}) == (NetworkSource.UNPINNED, "")


def test_the_institutions_file_pins_further_networks_and_names_itself_by_its_digest(institution: Path) -> None:
    institution.write_text(f"networks:\n  city: [{{card: {CARD}, weights: {WEIGHTS}}}]\n")
    pins = load_network_pins()
    both = {"city": NetworkDigests(card=CARD, weights=WEIGHTS), OURS[0]: packaged(OURS[0])}
    assert pins.source_of(both) == (NetworkSource.INSTITUTION, pins.institution.sha256)
    assert len(pins.institution.sha256) == 64
    assert pins.source_of({OURS[0]: packaged(OURS[0])})[0] is NetworkSource.PACKAGE


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("networks: [", "release-networks.yaml"),
        ("networks: {a: [{card: 12, weights: 34}]}", "card"),
        ("masks: a", "a is chosen, and not pinned"),
        (f"masks: a\nnetworks: {{a: [{{card: {CARD}, weights: {WEIGHTS}}}]}}", "`folder` is missing"),
        ("sha256: " + CARD, "sha256"),
    ],
)
def test_a_file_that_is_not_valid_stops_every_release(institution: Path, text: str, problem: str) -> None:
    institution.write_text(text)
    with pytest.raises(ModelIntegrityError, match=problem):
        load_network_pins()


def test_a_file_that_the_builder_could_have_written_stops_every_release(institution: Path) -> None:
    institution.write_text("networks: {}\n")
    institution.chmod(0o666)
    with pytest.raises(ModelIntegrityError, match=r"cannot be trusted: .* is writable by others"):
        load_network_pins()


def test_two_networks_under_one_name_are_refused() -> None:
    one = NetworkIdentity("a", WEIGHTS, CARD, "onnxruntime", "cpu")
    other = NetworkIdentity("a", WEIGHTS, WEIGHTS, "onnxruntime", "cpu")
    assert digests_of([one, one]) == {"a": NetworkDigests(card=CARD, weights=WEIGHTS)}
    with pytest.raises(ModelCardError, match="names two different networks"):
        digests_of([one, other])


def test_a_statement_is_compared_with_the_pinned_networks(institution: Path) -> None:
    digests = packaged(OURS[0])
    statement = {
        "models": {OURS[0]: digests.weights},
        "cards": {OURS[0]: digests.card},
        "network_pins": {"source": "package", "sha256": CARD},
    }
    assert stated_networks(statement).pinned
    lies: list[dict[str, Any]] = [{key: {OURS[0]: CARD}} for key in ("cards", "models")]
    lies += [{"cards": {}}, {"cards": "x"}, {"models": {}}]
    for lie in lies:
        found = stated_networks(statement | lie)
        assert not found.pinned, lie
        assert found.stated == "package"
    assert stated_networks({}).source is None
