"""Networks that give wrong answers on this machine are not used there, whatever the cause."""

from __future__ import annotations

import hashlib
import stat
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.app.network_check import NetworkState, check_networks
from pipeline.detect.build import build_detector
from pipeline.detect.image_region import WholeImage
from pipeline.detect.settings import DetectSettings
from pipeline.errors import KnownAnswerFailed, ModelCardError, ModelIntegrityError, ModelRuntimeError
from pipeline.inference.device import Backend
from pipeline.inference.onnxruntime_backend import OnnxRuntime
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings
from pipeline.weights.catalog import list_cards, load_card
from tests.inference.broken_weights import CARDS, WEIGHTS, break_weights


def huge() -> bytes:
    """A PNG whose header promises 60,000 by 60,000 pixels."""
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + size
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(size)) + chunk + struct.pack(">I", zlib.crc32(chunk))


DETECTORS = ["viapublica_traffic", "viapublica_traffic_int8", "viapublica_check", "viapublica_check_int8"]
SHIPPED = [*DETECTORS, "viapublica_plates", "viapublica_plate_corners"]


@pytest.fixture
def verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of verdicts."""
    folder = tmp_path / "verdicts"
    monkeypatch.setenv("VIAPUBLICA_CACHE", str(folder))
    return folder


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param(name, how, marks=() if how in WEIGHTS or name == DETECTORS[0] else pytest.mark.soak)
        for name in DETECTORS
        for how in (*WEIGHTS, *CARDS)
    ],
)
def test_a_broken_detector_is_refused_with_each_backend(name: str, how: str, tmp_path: Path) -> None:
    break_weights(name, how, tmp_path)
    with pytest.raises(KnownAnswerFailed, match=rf"model {name}: gives wrong .*\(openvino: .*; onnxruntime: "):
        build_detector(DetectSettings(model=name, backend=Backend.AUTO), tmp_path)


@pytest.mark.parametrize("how", list(WEIGHTS))
def test_a_broken_reader_is_refused_with_each_backend(how: str, tmp_path: Path) -> None:
    break_weights("viapublica_plates", how, tmp_path)
    with pytest.raises(
        KnownAnswerFailed, match=r"model viapublica_plates: gives wrong .*\(openvino: .*; onnxruntime: "
    ):
        build_reader(LprSettings(backend=Backend.AUTO), tmp_path)


@pytest.mark.parametrize("backend", [Backend.ONNXRUNTIME, Backend.OPENVINO])
def test_broken_networks_are_refused_with_a_chosen_backend(backend: Backend, tmp_path: Path) -> None:
    break_weights("viapublica_plates", "zeroed weights", tmp_path)
    break_weights("viapublica_traffic", "zeroed weights", tmp_path)
    with pytest.raises(
        KnownAnswerFailed, match=rf"model viapublica_plates: gives wrong .*\({backend.value}: [^;]*; [^;]*\)"
    ):
        build_reader(LprSettings(backend=backend), tmp_path)
    with pytest.raises(KnownAnswerFailed, match=rf"model viapublica_traffic: gives wrong .*\({backend.value}: "):
        build_detector(DetectSettings(backend=backend), tmp_path)


@pytest.mark.parametrize("size", [(416, 416), (640, 640), (1280, 1280)])
@pytest.mark.parametrize("name", DETECTORS)
def test_shipped_detectors_pass_at_the_sizes_that_are_used(name: str, size: tuple[int, int]) -> None:
    assert_passes(name, size)


@pytest.mark.parametrize(
    "name", [DETECTORS[0], *(pytest.param(name, marks=pytest.mark.soak) for name in DETECTORS[1:])]
)
@pytest.mark.parametrize("size", [(320, 320), (960, 544)])
def test_shipped_detectors_pass_at_other_sizes(name: str, size: tuple[int, int]) -> None:
    assert_passes(name, size)


def assert_passes(name: str, size: tuple[int, int]) -> None:
    """A network passes its known-answer test at a size."""
    detector = build_detector(DetectSettings(model=name, input_size=size))
    (network,) = detector.networks
    assert (network.name, network.device) == (name, "cpu")
    detector.close()


def test_a_failing_backend_is_skipped_and_reported(monkeypatch: pytest.MonkeyPatch, verdicts: Path) -> None:
    monkeypatch.setattr("pipeline.inference.openvino_backend.OpenVino.run", lambda _, batch: blank(batch.shape))
    detector = build_detector(DetectSettings())
    (network,) = detector.networks
    assert network.backend == "onnxruntime"
    assert [one.backend for one in network.rejected] == ["openvino"]
    assert "of 12 scores in known-answers/street.jpg at 640×416" in network.rejected[0].reason
    with pytest.raises(KnownAnswerFailed, match="openvino: 1"):
        build_detector(DetectSettings(backend=Backend.OPENVINO))


def test_a_backend_that_cannot_open_the_network_is_passed_over_and_named(
    monkeypatch: pytest.MonkeyPatch, verdicts: Path
) -> None:
    def refuse(*_: object) -> None:
        raise ModelRuntimeError("model viapublica_traffic", "OpenVINO cannot open it (no primitive)", "")

    monkeypatch.setattr("pipeline.inference.openvino_backend.OpenVino.__init__", refuse)
    (network,) = build_detector(DetectSettings()).networks
    assert (network.backend, network.rejected[0].reason) == ("onnxruntime", "OpenVINO cannot open it (no primitive)")
    with pytest.raises(ModelRuntimeError, match="no primitive"):
        build_detector(DetectSettings(backend=Backend.OPENVINO))


def blank(shape: tuple[int, ...]) -> np.ndarray:
    """The output of a network with eight classes that detects nothing."""
    anchors = sum((shape[2] // stride) * (shape[3] // stride) for stride in (8, 16, 32))
    return np.zeros((shape[0], 12, anchors), np.float32)


def test_each_use_is_tested_once(monkeypatch: pytest.MonkeyPatch, verdicts: Path) -> None:
    ran: list[int] = []
    run = OnnxRuntime.run
    monkeypatch.setattr(OnnxRuntime, "run", lambda self, batch: ran.append(1) or run(self, batch))  # type: ignore[func-returns-value]
    settings = DetectSettings(backend=Backend.ONNXRUNTIME)
    for _ in range(2):
        build_detector(settings).close()
    (verdict,) = verdicts.iterdir()
    assert stat.S_IMODE(verdict.stat().st_mode) == 0o600
    assert len(ran) == 2 + 2, "two warm-ups, and one test of two images"
    build_detector(settings.model_copy(update={"threads": 1})).close()
    assert len(list(verdicts.iterdir())) == 2


def test_library_settings_are_part_of_the_machine_fingerprint(monkeypatch: pytest.MonkeyPatch, verdicts: Path) -> None:
    settings = DetectSettings(backend=Backend.ONNXRUNTIME)
    build_detector(settings).close()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    build_detector(settings).close()
    assert len(list(verdicts.iterdir())) == 2


@pytest.mark.parametrize("spoil", ["content", "mode"])
def test_verdicts_writable_by_other_users_are_ignored(spoil: str, verdicts: Path) -> None:
    settings = DetectSettings(backend=Backend.ONNXRUNTIME)
    build_detector(settings).close()
    (verdict,) = verdicts.iterdir()
    verdict.write_text('{"passed": false, "reason": "planted"}' if spoil == "mode" else "rubbish")
    verdict.chmod(0o666 if spoil == "mode" else 0o600)
    build_detector(settings).close()
    assert '"passed":true' in verdict.read_text()


def test_networks_are_tested_at_each_start_if_verdicts_cannot_be_stored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VIAPUBLICA_CACHE", str(tmp_path / "file" / "folder"))
    build_detector(DetectSettings(backend=Backend.ONNXRUNTIME)).close()


def test_a_card_without_known_answers_is_refused(tmp_path: Path) -> None:
    text = list_cards()["viapublica_traffic"].read_text(encoding="utf-8").split("known_answers:")[0]
    (tmp_path / "viapublica_traffic.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelCardError, match=r"has no known answers.*record-answers"):
        build_detector(DetectSettings(model=str(tmp_path / "viapublica_traffic.yaml")))


def test_a_replaced_image_is_refused(tmp_path: Path, verdicts: Path) -> None:
    text = list_cards()["viapublica_traffic"].read_text(encoding="utf-8")
    (tmp_path / "known-answers").mkdir()
    (tmp_path / "known-answers" / "street.jpg").write_bytes(b"another")
    (tmp_path / "viapublica_traffic.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelIntegrityError, match=r"street\.jpg has sha256"):
        build_detector(DetectSettings(model=str(tmp_path / "viapublica_traffic.yaml"), backend=Backend.ONNXRUNTIME))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_cards_have_known_answers(name: str) -> None:
    card = load_card(name)
    assert card.known_answers
    assert len(card.digest) == 64


def test_a_tested_detector_accepts_images_of_any_shape() -> None:
    detector = build_detector(DetectSettings(backend=Backend.ONNXRUNTIME))
    assert len(detector.detect([WholeImage(np.zeros((70, 30, 3), np.uint8))])) == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("tolerance: 0.1", "tolerance: 1.0", "tolerance"),
        ("score: 0.96", "score: 0.2", "need a score of at least 0.3 and the tolerance"),
        ("box: [", "box: [.nan, ", "box"),
        ("label: plate", "label: religion", "is not a label"),
    ],
)
def test_a_card_must_demand_something(old: str, new: str, says: str, tmp_path: Path) -> None:
    text = list_cards()["viapublica_traffic"].read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "viapublica_traffic.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ModelCardError, match=says):
        load_card(str(path))


def test_a_verdict_counts_only_under_its_own_name(verdicts: Path, tmp_path: Path) -> None:
    settings = DetectSettings(backend=Backend.ONNXRUNTIME)
    build_detector(settings).close()
    (passed,) = verdicts.iterdir()
    break_weights("viapublica_traffic", "zeroed weights", tmp_path / "models")
    with pytest.raises(KnownAnswerFailed):
        build_detector(settings, tmp_path / "models")
    (failed,) = set(verdicts.iterdir()) - {passed}
    content = passed.read_bytes()
    failed.unlink()
    failed.symlink_to(passed)
    with pytest.raises(KnownAnswerFailed):
        build_detector(settings, tmp_path / "models")
    failed.unlink(missing_ok=True)
    failed.write_bytes(content)
    failed.chmod(0o600)
    with pytest.raises(KnownAnswerFailed):
        build_detector(settings, tmp_path / "models")


def test_models_are_tested_anew_on_request(verdicts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_detector(DetectSettings(backend=Backend.ONNXRUNTIME)).close()
    monkeypatch.setattr("pipeline.detect.build.wrong_answers", lambda *_: ["went blind since"])
    build_detector(DetectSettings(backend=Backend.ONNXRUNTIME)).close()  # the stored verdict
    checks = {check.backend: check.state for check in check_networks(["viapublica_traffic"], None)}
    assert checks == {"onnxruntime": NetworkState.WRONG, "openvino": NetworkState.WRONG}


@pytest.mark.parametrize("image", [b"", b"GIF89a", huge()], ids=["empty", "truncated", "huge"])
def test_an_unusable_image_is_an_error_and_not_decoded(image: bytes, tmp_path: Path, verdicts: Path) -> None:
    text = list_cards()["viapublica_traffic"].read_text(encoding="utf-8")
    (answer,) = load_card("viapublica_traffic").known_answers
    (tmp_path / "known-answers").mkdir()
    (tmp_path / "known-answers" / "street.jpg").write_bytes(image)
    path = tmp_path / "viapublica_traffic.yaml"
    path.write_text(text.replace(answer.sha256, hashlib.sha256(image).hexdigest()), encoding="utf-8")
    with pytest.raises(ModelCardError, match="cannot be decoded as an image"):
        build_detector(DetectSettings(model=str(path), backend=Backend.ONNXRUNTIME))
