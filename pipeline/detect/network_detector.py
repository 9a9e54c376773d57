"""Single-network detector: letterbox, inference, output decoding, NMS, boxes in pixels of the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.detect.input_buffers import InputBuffers
from pipeline.detect.letterbox import Letterbox
from pipeline.detect.nms import non_maximum_suppression
from pipeline.detect.output_decoders import DECODERS, Channels, expected_shape
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import Image
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.errors import ModelCardError, ModelRuntimeError
from pipeline.inference.device import Device
from pipeline.inference.runtime import Runtime
from pipeline.weights.catalog import ModelCard, check_embedded_names

GPU_BATCH = 16
"""Default batch size on a GPU. On a processor each frame is an inference of its own: batches bring no gain there."""


class NetworkDetector:
    """Implements `pipeline.domain.ports.Detector` over any `Runtime`. One thread at a time."""

    def __init__(self, card: ModelCard, runtime: Runtime, settings: DetectSettings) -> None:
        """Check the weights against their card and warm them up.

        Raises:
            ModelCardError: card and weights contradict each other.
            PolicyError: the weights name a class outside the allow-list.
            ModelRuntimeError: the first inference failed.
        """
        self._card = card
        self._runtime = runtime
        check_embedded_names(card, runtime.names)
        self._resizable = runtime.spec.any_size and card.input.resizable
        self._width, self._height = _input_size(card, runtime, settings)
        self._batch = _batch_size(runtime, settings)
        self._pass_size = 1 if runtime.parallel > 1 and runtime.spec.batch is None else self._batch
        self._buffers = InputBuffers(runtime.parallel + 1, runtime.spec.dtype)
        self._decode = DECODERS[card.layout]
        numbers = np.array(sorted(card.labels), dtype=np.int64)
        labels = [card.label_of(int(number)) for number in numbers]
        self._labels = np.array(labels, dtype=np.int16)
        self._numbers = numbers
        self._networks: tuple[NetworkIdentity, ...] = ()
        self._set_thresholds(settings)
        self._warm_up()

    @property
    def name(self) -> str:
        """Name of the card."""
        return self._card.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The network; empty before its known-answer test."""
        return self._networks

    def with_thresholds(self, settings: DetectSettings, identity: NetworkIdentity) -> NetworkDetector:
        """This loaded network with the thresholds of `settings` and its identity; replaces this object."""
        self._set_thresholds(settings)
        self._networks = (identity,)
        return self

    @property
    def batch_size(self) -> int:
        """Largest useful number of images per call of `detect`."""
        return self._batch

    @property
    def input_size(self) -> tuple[int, int]:
        """Maximum width and height of the network's input, in pixels."""
        return self._width, self._height

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Objects of each image, in order, by descending score."""
        fit = Letterbox.fit_tight if self._resizable else Letterbox.fit
        boxes = [fit(image, self._card.input, self._width, self._height) for image in images]
        results = [Detections.empty()] * len(images)
        passes = _same_shape(boxes, self._pass_size)
        batches = (self._batch_of([images[i] for i in each], [boxes[i] for i in each]) for each in passes)
        for members, output in zip(passes, self._outputs(batches, len(passes)), strict=True):
            if len(output) < len(members):
                raise ModelRuntimeError(
                    f"model {self.name}", f"returned {len(output)} results for {len(members)} images"
                )
            for i, raw in zip(members, output, strict=False):
                results[i] = self._read(raw, boxes[i])
        return results

    def close(self) -> None:
        """Release memory and threads."""
        self._runtime.close()

    def _set_thresholds(self, settings: DetectSettings) -> None:
        labels = [self._card.label_of(int(number)) for number in self._numbers]
        scores = [settings.threshold(label, self._card.confidence) for label in labels]
        self._channels = Channels(self._numbers, np.array(scores, dtype=np.float32))
        self._iou = settings.iou

    def _outputs(self, batches: Iterator[npt.NDArray[np.generic]], count: int) -> Iterator[npt.NDArray[np.generic]]:
        return map(self._runtime.run, batches) if count == 1 else self._runtime.run_each(batches)

    def _batch_of(self, images: Sequence[Image], boxes: Sequence[Letterbox]) -> npt.NDArray[np.generic]:
        size = self._runtime.spec.batch or len(images)
        batch = self._buffers.next((size, 3, boxes[0].height, boxes[0].width))
        batch[len(images) :] = 0
        for image, box, out in zip(images, boxes, batch, strict=False):
            box.fill(image, self._card.input, out)
        return batch

    def _read(self, raw: npt.NDArray[np.generic], box: Letterbox) -> Detections:
        found = self._decode(raw, self._channels, box.width, box.height)
        whole = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.scores)
        boxes = box.unmap(_scaled(found.boxes, self._card.box_scale))
        # Boxes entirely inside the gray border are clipped to zero size.
        whole &= (boxes[:, 2] - boxes[:, 0] >= 1.0) & (boxes[:, 3] - boxes[:, 1] >= 1.0)
        detections = Detections(boxes, np.minimum(found.scores, 1.0), self._labels[found.picks])
        return non_maximum_suppression(detections.select(whole), self._iou)

    def _warm_up(self) -> None:
        spec = self._runtime.spec
        batch = np.zeros((spec.batch or 1, 3, self._height, self._width), dtype=spec.dtype)
        output = self._runtime.run(batch)
        expected = expected_shape(self._card.layout, self._card.classes or 0, self._width, self._height)
        fits = output.ndim == 3 and all(
            want is None or want == have for want, have in zip(expected, output.shape[1:], strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in expected)
            raise ModelCardError(
                f"model card {self._card.path or self._card.name}",
                f"layout {self._card.layout.value} with {self._card.classes} classes outputs [n, {wanted}], "
                f"the weights output {list(output.shape)}",
                "Correct 'layout' or 'classes' in the card, or use the weights it was written for",
            )


def _scaled(boxes: Boxes, scale: tuple[float, float]) -> Boxes:
    """(n, 4) xyxy with width and height multiplied about the center."""
    if scale == (1.0, 1.0):
        return boxes
    center, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    half = half * np.array(scale, np.float32)
    return np.concatenate([center - half, center + half], axis=1)


def _input_size(card: ModelCard, runtime: Runtime, settings: DetectSettings) -> tuple[int, int]:
    natural = card.input
    width, height = settings.input_size or (natural.width, natural.height)
    fixed_width = runtime.spec.width if natural.resizable else natural.width
    fixed_height = runtime.spec.height if natural.resizable else natural.height
    for what, wanted, fixed in (("width", width, fixed_width), ("height", height, fixed_height)):
        if fixed is not None and wanted != fixed:
            raise ModelCardError(
                f"model {card.name}",
                f"has a fixed input {what} of {fixed} pixels, not {wanted}",
                "Remove detect.input_size" if settings.input_size else "Correct 'input' in the card",
            )
        if wanted % natural.multiple:
            raise ModelCardError(
                f"model {card.name}",
                f"input {what} {wanted} is not a multiple of {natural.multiple}",
                "Correct detect.input_size" if settings.input_size else "Correct 'input' in the card",
            )
    return width, height


def _batch_size(runtime: Runtime, settings: DetectSettings) -> int:
    if runtime.spec.batch is not None:
        return runtime.spec.batch
    return settings.batch_size or (runtime.parallel if settings.device is Device.CPU else GPU_BATCH)


def _same_shape(boxes: Sequence[Letterbox], limit: int) -> list[list[int]]:
    """Indices grouped by input shape, at most `limit` per group."""
    shapes: dict[tuple[int, int], list[int]] = {}
    for i, box in enumerate(boxes):
        shapes.setdefault((box.width, box.height), []).append(i)
    return [members[i : i + limit] for members in shapes.values() for i in range(0, len(members), limit)]
