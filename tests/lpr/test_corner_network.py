"""The shipped network finds the corners of plates in any direction, with each backend."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.training.known_answers.images import SLANTED, slanted_plate
from pipeline.app.network_check import NetworkState, check_networks
from pipeline.errors import KnownAnswerFailed, ModelCardError
from pipeline.inference.device import Backend
from pipeline.lpr.build import build_corners
from pipeline.lpr.corner_network import CornerNetwork
from pipeline.lpr.known_answer import corner_error
from pipeline.lpr.settings import CornerSettings, LprSettings
from pipeline.weights.catalog import list_cards, load_card
from tests.inference.broken_weights import WEIGHTS, break_weights

NAME = "viapublica_plate_corners"


@pytest.fixture(scope="module", params=[Backend.ONNXRUNTIME, Backend.OPENVINO])
def network(request: pytest.FixtureRequest) -> CornerNetwork:
    return build_corners(CornerSettings(model=NAME, backend=request.param))


@pytest.mark.parametrize("direction", sorted(SLANTED))
def test_corners_are_found_in_reading_order_whatever_the_direction(network: CornerNetwork, direction: str) -> None:
    image, corners = slanted_plate(direction)
    (found,) = network.locate([image])
    assert corner_error(found, corners) < 0.06


def test_a_crop_has_the_same_corners_alone_and_in_a_batch_and_in_any_size(network: CornerNetwork) -> None:
    image, corners = slanted_plate("slanted")
    large = np.repeat(np.repeat(image, 3, axis=0), 3, axis=1)
    together = network.locate([image, large, *[image] * 20])
    assert corner_error(together[0], network.locate([image])[0]) < 1e-3
    assert corner_error(together[1], corners * 3) < 0.06
    assert network.locate([]) == []


def test_the_card_of_a_reader_is_refused() -> None:
    with pytest.raises(ModelCardError, match="instead of locate-plate-corners"):
        build_corners(CornerSettings(model="viapublica_plates"))


@pytest.mark.parametrize("how", list(WEIGHTS))
def test_a_broken_network_is_refused_with_each_backend(how: str, tmp_path: Path) -> None:
    break_weights(NAME, how, tmp_path)
    with pytest.raises(KnownAnswerFailed, match=rf"model {NAME}: gives wrong .*\(openvino: .*; onnxruntime: "):
        build_corners(CornerSettings(model=NAME), tmp_path)


def test_corners_that_the_card_states_elsewhere_are_wrong_answers(tmp_path: Path) -> None:
    models = Path(list_cards()[NAME]).parents[1]
    for part in ("cards", "plates", "known-answers"):
        shutil.copytree(models / part, tmp_path / part)
    card = tmp_path / "cards" / f"{NAME}.yaml"
    first = load_card(NAME).known_answers[0].corners
    assert first is not None
    old = f"[{first[0][0]:.1f}, {first[0][1]:.1f}]"
    text = card.read_text(encoding="utf-8")
    assert old in text
    card.write_text(text.replace(old, f"[{first[0][0] + 15:.1f}, {first[0][1]:.1f}]", 1), encoding="utf-8")
    with pytest.raises(KnownAnswerFailed, match=r"places corners in .* wrong by 1[0-9]% of the plate's width"):
        build_corners(CornerSettings(model=NAME), tmp_path)


def test_models_test_tries_it_with_each_backend() -> None:
    checks = list(check_networks([NAME], None))
    assert [(one.backend, one.state) for one in checks] == [
        ("openvino", NetworkState.PASSED),
        ("onnxruntime", NetworkState.PASSED),
    ]


def test_it_runs_as_the_reader_does_and_can_be_switched_off() -> None:
    settings = LprSettings(backend=Backend.ONNXRUNTIME, threads=3, batch_size=5).corner_settings
    assert settings == CornerSettings(model=NAME, backend=Backend.ONNXRUNTIME, threads=3, batch_size=5)
    assert LprSettings(corners=None).corner_settings is None


def test_the_known_answers_are_the_drawn_plates(tmp_path: Path) -> None:
    card = load_card(NAME)
    assert len(card.known_answers) == len(SLANTED)
    for answer, direction in zip(card.known_answers, SLANTED, strict=True):
        assert answer.file == f"known-answers/plate-{direction}.png"
        path = Path(list_cards()[NAME]).parents[1] / answer.file
        assert hashlib.sha256(path.read_bytes()).hexdigest() == answer.sha256
        np.testing.assert_allclose(np.array(answer.corners), slanted_plate(direction)[1], atol=0.06)
