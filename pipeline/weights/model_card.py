"""Schema of a model card: identity, license, input, output and known answers of one set of weights.

A card is a YAML file; the weights it describes are opened only after the card was validated.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path, PurePath
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from pipeline.domain.labels import Label

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]

MAX_EDGE_PX: Final = 10_000
MIN_KNOWN_SCORE: Final = 0.3
"""What even the lowest accepted score of a known answer must reach: below, a blind network would pass."""
BoxScale = Annotated[float, Field(ge=0.7, le=1.0)]
"""A factor of detected boxes: no network draws boxes so loose that less of them would still hide the object."""


def _stays_inside(file: str) -> str:
    path = PurePath(file)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{file!r} is outside the models folder; files of a card are relative to it")
    return file


RelativeFile = Annotated[str, Field(min_length=1), AfterValidator(_stays_inside)]


class Task(StrEnum):
    """Task of a model."""

    DETECT = "detect"
    READ_PLATES = "read-plates"
    LOCATE_PLATE_CORNERS = "locate-plate-corners"


class Format(StrEnum):
    """File format of the weights, which determines the runtimes that can load them."""

    ONNX = "onnx"
    OPENVINO = "openvino"
    ULTRALYTICS = "ultralytics"
    """`.pt` (a pickle: loading it runs code) and `.engine`; only when the Ultralytics backend is requested by name."""


class Layout(StrEnum):
    """Layout of the output tensor."""

    YOLO = "yolo"
    """YOLOv8/11: (batch, 4 + classes, anchors), xywh in pixels."""
    YOLOV5 = "yolov5"
    """(batch, anchors, 5 + classes), xywh in pixels, objectness × class."""
    YOLO_END_TO_END = "yolo-end-to-end"
    """YOLO26: (batch, 300, 6), xyxy in pixels, score, class; duplicates already removed."""
    YOLOX = "yolox"
    """(batch, anchors, 5 + classes), offsets on grids of strides 8, 16 and 32."""
    FAST_PLATE_OCR = "fast-plate-ocr"
    """(batch, slots, alphabet) softmax."""
    CORNER_POINTS = "corner-points"
    """(batch, 4, 2), x and y in 0 to 1 of the input: the plate's corners, clockwise from the first character's."""


_LAYOUTS_OF_ONE_TASK: Final = {
    Layout.FAST_PLATE_OCR: Task.READ_PLATES,
    Layout.CORNER_POINTS: Task.LOCATE_PLATE_CORNERS,
}
"""Layouts of other tasks than `Task.DETECT`."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CardInput(_Strict):
    """Input tensor. Its dtype (float32, float16 or uint8) is read from the weights."""

    width: int = Field(gt=0, title="Width", description="Pixels; the default width where the model takes any.")
    height: int = Field(gt=0, title="Height", description="Pixels; the default height where the model takes any.")
    multiple: int = Field(
        default=32,
        gt=0,
        title="Multiple",
        description="Other widths and heights must be a multiple of this, in pixels.",
    )
    channels: Literal["rgb", "bgr", "grayscale"] = Field(
        default="rgb", title="Channels", description="Order of the color channels."
    )
    range: Literal["0-1", "0-255"] = Field(
        default="0-1", title="Range", description="Values of black and white in the model's input."
    )
    resizable: bool = Field(
        default=True,
        title="Resizable",
        description="False where the weights declare a dynamic size and work at the card's only.",
    )
    letterbox: Literal["center", "top-left"] = Field(
        default="center", title="Letterbox", description="Position of the image in the padded input."
    )


class PlateText(_Strict):
    """Text output of a plate reader."""

    alphabet: str = Field(min_length=2, title="Alphabet", description="Characters, in the order of the output columns.")
    pad: str = Field(min_length=1, max_length=1, title="Pad", description="Character that stands for an empty slot.")
    max_slots: int = Field(gt=0, title="Slots", description="Maximum length of the text, in characters.")
    keep_aspect_ratio: bool = Field(
        default=False, title="Keep aspect", description="Pad the crop to the shape of the input; otherwise stretch it."
    )
    interpolation: Literal["nearest", "linear", "cubic", "area", "lanczos4"] = Field(
        default="linear", title="Interpolation", description="Method for scaling crops."
    )

    @model_validator(mode="after")
    def _pad_is_a_character(self) -> Self:
        if len(set(self.alphabet)) != len(self.alphabet):
            raise ValueError("the alphabet contains a character twice")
        if self.pad not in self.alphabet:
            raise ValueError(f"the pad {self.pad!r} is not in the alphabet")
        return self


class Companion(_Strict):
    """Another file that the weights require, such as the `.bin` of an OpenVINO model."""

    file: RelativeFile = Field(title="File", description="Path beside the card or in a models folder.")
    sha256: Sha256 = Field(title="SHA-256", description="64 hexadecimal digits of the file.")


Point = tuple[float, float]
"""x, y in pixels."""


class KnownObject(_Strict):
    """An object that a detector must find in a known-answer image."""

    label: str = Field(title="Label", description="One of the card's labels.")
    box: tuple[float, float, float, float] = Field(
        title="Box", description="Left, top, right and bottom edge in pixels of the image."
    )
    score: Fraction = Field(title="Score", description="Score of a correctly working network, 0-1.")

    @model_validator(mode="after")
    def _box_has_extent(self) -> Self:
        left, top, right, bottom = self.box
        if not (0 <= left < right < MAX_EDGE_PX and 0 <= top < bottom < MAX_EDGE_PX):
            raise ValueError("box must be [left, top, right, bottom] in pixels, left < right, top < bottom")
        return self


class KnownAnswer(_Strict):
    """An image with the objects, the text or the corners that the network must find in it."""

    file: RelativeFile = Field(title="File", description="Image: path beside the card or in a models folder.")
    sha256: Sha256 = Field(title="SHA-256", description="64 hexadecimal digits of the image file.")
    tolerance: float = Field(
        default=0.1,
        gt=0.0,
        le=0.3,
        title="Tolerance",
        description="Maximum deviation from the recorded score, 0-1; of corners: as a fraction of the plate's width.",
    )
    objects: tuple[KnownObject, ...] = Field(
        default=(), title="Objects", description="All objects that a detector finds with a score above 0.5."
    )
    text: str | None = Field(default=None, title="Text", description="Text that a plate reader reads.")
    confidence: Fraction | None = Field(
        default=None, title="Confidence", description="Of the weakest character, with a correctly working network, 0-1."
    )
    corners: tuple[Point, Point, Point, Point] | None = Field(
        default=None,
        title="Corners",
        description="The plate's corners in pixels, clockwise from the one left above the first character.",
    )

    @model_validator(mode="after")
    def _has_one_kind_of_answer(self) -> Self:
        if sum((bool(self.objects), self.text is not None, self.corners is not None)) != 1:
            raise ValueError("a known answer has either 'objects', 'text' or 'corners'")
        if any(known.score - self.tolerance < MIN_KNOWN_SCORE for known in self.objects):
            raise ValueError(f"objects need a score of at least {MIN_KNOWN_SCORE} and the tolerance")
        if self.confidence is not None and self.confidence - self.tolerance < MIN_KNOWN_SCORE:
            raise ValueError(f"'text' needs a confidence of at least {MIN_KNOWN_SCORE} and the tolerance")
        if (self.text is None) != (self.confidence is None):
            raise ValueError("'text' and 'confidence' must be set together")
        return self

    @property
    def task(self) -> Task:
        """Task of the networks that give such an answer."""
        if self.corners is not None:
            return Task.LOCATE_PLATE_CORNERS
        return Task.DETECT if self.objects else Task.READ_PLATES


class ModelCard(_Strict):
    """One set of weights: identity, origin, input and meaning of the output."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", title="Name", description="File name of the card without suffix."
    )
    task: Task = Field(title="Task", description="Task of the model.")
    format: Format = Field(title="Format", description="File format of the weights.")
    layout: Layout = Field(title="Layout", description="Layout of the output tensor.")
    file: RelativeFile = Field(title="File", description="Weights: path beside the card or in a models folder.")
    sha256: Sha256 = Field(title="SHA-256", description="64 hexadecimal digits of the weights file.")
    companions: tuple[Companion, ...] = Field(
        default=(), title="Companions", description="Other files that the weights require."
    )
    plate_config: Companion | None = Field(
        default=None,
        title="Plate config",
        description="Configuration file of the plate reader's library, where it requires one.",
    )
    license: str = Field(
        min_length=1, title="License", description="License of the weights, as stated by their source."
    )
    source: str = Field(min_length=1, title="Source", description="Origin of the weights.")
    description: str = Field(min_length=1, title="Description", description="One sentence for readers.")
    input: CardInput = Field(title="Input", description="Input tensor.")
    classes: int | None = Field(
        default=None, gt=0, title="Classes", description="Number of classes in the output, decoded or not."
    )
    labels: dict[int, str] = Field(
        default_factory=dict,
        title="Labels",
        description="Output channel (from 0) to label; other channels are not decoded.",
    )
    confidence: Fraction = Field(
        default=0.25, title="Confidence", description="Default score threshold, 0-1; objects below it are dropped."
    )
    box_scale: tuple[BoxScale, BoxScale] = Field(
        default=(1.0, 1.0),
        title="Box scale",
        description="Factors of width and height of detected boxes about their center, for networks that were trained "
        "with loose boxes.",
    )
    plate: PlateText | None = Field(default=None, title="Plate text", description="Text output of a plate reader.")
    known_answers: tuple[KnownAnswer, ...] = Field(
        default=(),
        title="Known answers",
        description="Images with a known answer; a network is used on a machine only after it passed them there.",
    )

    _path: Path | None = PrivateAttr(default=None)
    _digest: str = PrivateAttr(default="")

    @property
    def path(self) -> Path | None:
        """The card's own file, or None for a card made in memory."""
        return self._path

    @property
    def digest(self) -> str:
        """SHA-256 of the card's file, 64 hexadecimal digits; empty for a card made in memory."""
        return self._digest

    @field_validator("labels")
    @classmethod
    def _labels_are_known(cls, labels: dict[int, str]) -> dict[int, str]:
        known = [label.word for label in Label]
        for channel, word in labels.items():
            if channel < 0:
                raise ValueError(f"channel {channel} is negative")
            if word not in known:
                raise ValueError(f"channel {channel}: {word!r} is not a label; labels are {', '.join(known)}")
        return labels

    @model_validator(mode="after")
    def _task_has_its_sections(self) -> Self:
        if self.task is not _LAYOUTS_OF_ONE_TASK.get(self.layout, Task.DETECT):
            raise ValueError(f"layout {self.layout.value} does not fit task {self.task.value}")
        if self.task is Task.READ_PLATES and self.plate is None:
            raise ValueError("task read-plates needs the section 'plate'")
        if self.task is Task.DETECT and (self.classes is None or not self.labels):
            raise ValueError("task detect needs 'classes' and 'labels'")
        if self.classes is not None and self.labels and max(self.labels) >= self.classes:
            raise ValueError(f"'labels' names channel {max(self.labels)}, the output has {self.classes} classes")
        return self

    @model_validator(mode="after")
    def _known_answers_fit(self) -> Self:
        for answer in self.known_answers:
            if self.task is not answer.task:
                raise ValueError(f"the known answer {answer.file} does not fit task {self.task.value}")
            for known in answer.objects:
                if known.label not in {label.word for label in Label}:
                    raise ValueError(f"the known answer {answer.file}: {known.label!r} is not a label")
        return self

    @model_validator(mode="after")
    def _openvino_has_its_weights(self) -> Self:
        if self.format is Format.OPENVINO and sum(c.file.endswith(".bin") for c in self.companions) != 1:
            raise ValueError("format openvino needs exactly one .bin file among its 'companions'")
        return self

    def label_of(self, channel: int) -> Label:
        """The label of an output channel.

        Raises:
            KeyError: the channel is not decoded.
        """
        return Label.from_word(self.labels[channel])
