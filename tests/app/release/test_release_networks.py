"""Networks of a release: of the package or pinned by administrators, whatever the builder's environment says."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.release.release_networks import open_release_networks
from pipeline.errors import ReleaseError
from pipeline.storage import administered_file
from pipeline.weights import pinned_networks
from pipeline.weights.catalog import load_card, packaged_models_dir
from pipeline.weights.pinned_networks import NetworkSource, load_network_pins

SETTINGS = AnonymizeSettings()


@pytest.fixture
def institution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the institution's file belongs, in a folder of this user."""
    path = tmp_path / "release-networks.yaml"
    monkeypatch.setattr(pinned_networks, "INSTITUTION_FILE", path)
    monkeypatch.setattr(administered_file, "ADMINISTRATOR", os.getuid())
    return path


def own_network(folder: Path, name: str) -> str:
    """A card of another name for the weights of our second network; the line that pins it."""
    original = load_card("viapublica_check", packaged_models_dir())
    assert original.path is not None
    text = original.path.read_text().replace("name: viapublica_check", f"name: {name}")
    (folder / "cards").mkdir(parents=True, exist_ok=True)
    (folder / "cards" / f"{name}.yaml").write_text(text)
    for file in (original.file, *(answer.file for answer in original.known_answers)):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(packaged_models_dir() / file, folder / file)
    return f"  {name}: [{{card: {hashlib.sha256(text.encode()).hexdigest()}, weights: {original.sha256}}}]\n"


def test_the_packages_networks_are_used_whatever_the_environment_names(
    institution: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_network(tmp_path / "models", "viapublica_traffic")
    monkeypatch.setenv("VIAPUBLICA_MODELS", str(tmp_path / "models"))
    with open_release_networks(SETTINGS, ()) as networks:
        assert networks.detectors.name == "viapublica_traffic"
        assert set(networks.digests) == {
            "viapublica_traffic",
            "viapublica_check_int8",
            "viapublica_plates",
            "viapublica_plate_corners",
        }
        assert load_network_pins().source_of(networks.digests)[0] is NetworkSource.PACKAGE


def test_networks_of_the_institution_mask_and_verify(institution: Path, tmp_path: Path) -> None:
    pins = own_network(tmp_path / "models", "city") + own_network(tmp_path / "models", "second")
    institution.write_text(f"folder: {tmp_path}/models\nmasks: city\nverification: [second]\nnetworks:\n{pins}")
    with open_release_networks(SETTINGS, ("viapublica_check",)) as networks:
        assert networks.detectors.name == "city"
        assert networks.verifier is not None
        assert networks.verifier.detectors.names == ("viapublica_check_int8", "second", "viapublica_check")
        assert load_network_pins().source_of(networks.digests)[0] is NetworkSource.INSTITUTION


def test_a_card_that_changed_after_it_was_pinned_is_refused(institution: Path, tmp_path: Path) -> None:
    pin = own_network(tmp_path / "models", "city")
    institution.write_text(f"folder: {tmp_path}/models\nmasks: city\nnetworks:\n{pin}")
    card = tmp_path / "models" / "cards" / "city.yaml"
    card.write_text(card.read_text() + "# changed\n")
    with pytest.raises(ReleaseError, match="model city: is not pinned"), open_release_networks(SETTINGS, ()):
        pass


def test_a_verification_network_that_no_file_pins_is_refused(institution: Path, tmp_path: Path) -> None:
    own_network(tmp_path / "models", "mine")
    path = str(tmp_path / "models" / "cards" / "mine.yaml")
    with pytest.raises(ReleaseError, match="model mine: is not pinned"), open_release_networks(SETTINGS, (path,)):
        pass
