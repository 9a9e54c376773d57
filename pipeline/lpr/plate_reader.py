"""fast-plate-ocr as a `PlateReader`: character probabilities of any number of crops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, get_args

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage
from pipeline.domain.network import NetworkIdentity
from pipeline.domain.ports import CharacterProbabilities
from pipeline.errors import ModelCardError, ModelRuntimeError
from pipeline.inference.device import Backend
from pipeline.lpr.crop_variants import last_views_of, views_of
from pipeline.lpr.ocr_network import last_line, open_network
from pipeline.lpr.settings import LprSettings
from pipeline.weights.catalog import ModelCard, Task, load_card

DOUBT: Final = 0.35
"""A crop whose weakest character is less sure is looked at in ways that its shape does not suggest."""
LARGEST_PX: Final = 640
"""Longest side of a crop that is worth turning about; larger ones are made as small first."""
LEAST_CHARACTERS: Final = 5
"""A look that shows fewer is taken only if no other shows as many: no Brazilian plate has under seven."""


class FastPlateReader:
    """Implements `pipeline.domain.ports.PlateReader`. One thread at a time."""

    def __init__(self, card: ModelCard, settings: LprSettings, backend: Backend, models_dir: Path | None) -> None:
        """Open verified weights.

        Args:
            card: see `load_reader_card`.
            settings: device, threads and batch size.
            backend: what runs the network; never ``auto``.
            models_dir: the configuration's folder of weights.

        Raises:
            ModelCardError, ModelIntegrityError: the card or the weights cannot be used.
            ModelRuntimeError: the runtime refuses them.
        """
        assert card.plate is not None  # noqa: S101 (see `load_reader_card`)
        self._card = card
        self._text = card.plate
        self._networks: tuple[NetworkIdentity, ...] = ()
        self._batch_size = settings.batch_size
        self._network = open_network(card, settings, backend, models_dir)
        _compare(card, self._network.config)
        slots = self._run([np.zeros((32, 100, 3), np.uint8)]).shape[1:]
        wanted = (self._text.max_slots, len(self._text.alphabet))
        if slots != wanted:
            raise ModelCardError(
                f"model {card.name}",
                f"gives {slots[0]} slots of {slots[1]} characters, its card says {wanted[0]} of {wanted[1]}",
                "Correct 'plate' in the card",
            )

    @property
    def name(self) -> str:
        """Name of the card."""
        return self._card.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The network, once it was tested."""
        return self._networks

    def identified(self, identity: NetworkIdentity) -> FastPlateReader:
        """This reader, which passed its known-answer test."""
        self._networks = (identity,)
        return self

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        """Probabilities of each crop; of the several ways to look at one (`views_of`) the surest."""
        if not crops:
            return []
        crops = [_fit(crop) for crop in crops]
        chosen = [max(seen, key=self.sureness) for seen in self._seen([views_of(crop) for crop in crops])]
        doubtful = [
            n for n, values in enumerate(chosen) if not self.sureness(values)[0] or values.max(axis=1).min() < DOUBT
        ]
        left = {number: views for number in doubtful if (views := last_views_of(crops[number]))}
        for number, seen in zip(left, self._seen(list(left.values())), strict=True):
            chosen[number] = max(chosen[number], *seen, key=self.sureness)
        return [CharacterProbabilities(v, self._text.alphabet, self._text.pad) for v in chosen]

    def _seen(self, views: Sequence[Sequence[BgrImage]]) -> list[list[npt.NDArray[np.float32]]]:
        """Probabilities of every view of every crop, all in the same passes."""
        if not views:
            return []
        values = iter(self._run([view for several in views for view in several]))
        return [[next(values) for _ in several] for several in views]

    def _run(self, crops: Sequence[BgrImage]) -> npt.NDArray[np.float32]:
        """(n, slots, alphabet) probabilities."""
        from fast_plate_ocr.core.process import preprocess_image, resize_image

        config = self._network.config
        gray = config.image_color_mode == "grayscale"
        code = cv2.COLOR_BGR2GRAY if gray else cv2.COLOR_BGR2RGB
        resized = [
            resize_image(
                cv2.cvtColor(crop, code),
                config.img_height,
                config.img_width,
                image_color_mode=config.image_color_mode,
                keep_aspect_ratio=config.keep_aspect_ratio,
                interpolation_method=config.interpolation,
                padding_color=config.padding_color,
            )
            for crop in crops
        ]
        parts = []
        try:
            for start in range(0, len(resized), self._batch_size):
                batch = preprocess_image(np.stack(resized[start : start + self._batch_size]))
                output = np.asarray(self._network.run(batch), np.float32)
                parts.append(output.reshape(len(batch), self._text.max_slots, -1))
        except Exception as error:  # the binding's exceptions have no common base but Exception
            raise ModelRuntimeError(f"model {self.name}", f"reading failed ({last_line(error)})") from error
        return np.concatenate(parts)

    def sureness(self, values: npt.NDArray[np.float32]) -> tuple[bool, float]:
        """Whether there is a text at all, then the mean log of the surest character of each slot.

        A network may be sure that there is nothing to read, as of a plate that lies on its side: that is no reading.
        """
        nothing = self._text.alphabet.index(self._text.pad)
        text = int((values.argmax(axis=1) != nothing).sum())
        return text >= LEAST_CHARACTERS, float(np.log(np.maximum(values.max(axis=1), 1e-6)).mean())


def load_reader_card(name: str, models_dir: Path | None) -> ModelCard:
    """The card of a plate reader.

    Raises:
        ModelCardError: there is none, or it is for something else.
    """
    card = load_card(name, models_dir)
    if card.task is not Task.READ_PLATES or card.plate is None or card.plate_config is None:
        raise ModelCardError(f"model {card.name}", f"is for {card.task.value}, not for reading plates")
    return card


def _fit(crop: BgrImage) -> BgrImage:
    """A crop no larger than a reader can use.

    Raises:
        ValueError: it is no image: BGR, three channels of uint8, at least one pixel.
    """
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or not crop.size:
        raise ValueError(
            f"a crop of shape {crop.shape}, {crop.dtype}, is no image of a plate: (height, width, 3), uint8, BGR"
        )
    scale = LARGEST_PX / max(crop.shape[:2])
    if scale >= 1:
        return crop
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def _compare(card: ModelCard, config: Any) -> None:
    """The card and the plate's configuration must say the same, or plates would be read wrong without a word.

    Raises:
        ModelCardError: naming what differs, or what the library does not know.
    """
    from fast_plate_ocr.core.types import ImageColorMode, ImageInterpolation

    assert card.plate is not None  # noqa: S101 - checked by the caller
    for what, value, known in (
        ("interpolation", config.interpolation, get_args(ImageInterpolation)),
        ("image_color_mode", config.image_color_mode, get_args(ImageColorMode)),
    ):
        if value not in known:
            raise ModelCardError(
                f"model {card.name}", f"its plate configuration has {what} {value!r}", f"Use one of {', '.join(known)}"
            )
    for what, said, other in (
        ("alphabet", card.plate.alphabet, config.alphabet),
        ("pad", card.plate.pad, config.pad_char),
        ("max_slots", card.plate.max_slots, config.max_plate_slots),
        ("input.width", card.input.width, config.img_width),
        ("input.height", card.input.height, config.img_height),
    ):
        if said != other:
            raise ModelCardError(
                f"model {card.name}",
                f"its {what} is {said!r} in the card and {other!r} in its plate configuration",
                "Correct the one that is wrong",
            )
