"""Plate reader over fast-plate-ocr networks: character probabilities of plate crops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import CharacterProbabilities
from pipeline.errors import ModelCardError, ModelRuntimeError
from pipeline.inference.device import Backend
from pipeline.lpr.corner_network import CornerNetwork
from pipeline.lpr.ocr_network import last_line, open_network
from pipeline.lpr.rectification import TWO_LINE_ASPECT, rectified_views, side_by_side, turned
from pipeline.lpr.settings import LprSettings
from pipeline.weights.catalog import ModelCard, Task, check_task, load_card

RETRY_BELOW: Final = 0.35
"""If the weakest character of a crop is below this, the crop is read turned to either side and upside down as well."""
SURE: Final = 0.9
"""Crops of level plates are read rectified as well if the weakest character is below this."""
LEVEL_ASPECT: Final = 2.5
"""Crops narrower than this may show a plate that is not level, and are read rectified as well."""
MAX_CROP_PX: Final = 640
"""Maximum side of a crop; larger ones are scaled down before they are rectified."""
MIN_CHARACTERS: Final = 5
"""Views with fewer characters are used only if no other has as many: no Brazilian plate has fewer than seven."""


class FastPlateReader:
    """Implements `pipeline.domain.ports.PlateReader`. One thread at a time.

    Each crop is read as it is and, unless it surely shows a level plate, rectified, and its upper half beside its lower
    one where it may have two lines; the reader's confidence decides.
    """

    def __init__(self, card: ModelCard, settings: LprSettings, backend: Backend, models_dir: Path | None) -> None:
        """Load verified weights.

        Args:
            card: see `load_reader_card`.
            settings: device, threads and batch size.
            backend: library that runs the network; never ``auto``.
            models_dir: the configuration's folder of models.

        Raises:
            ModelCardError, ModelIntegrityError: the card or the weights cannot be used.
            ModelRuntimeError: the runtime rejects them.
        """
        assert card.plate is not None  # noqa: S101 (see `load_reader_card`)
        self._card = card
        self._text = card.plate
        self._networks: tuple[NetworkIdentity, ...] = ()
        self._corners: CornerNetwork | None = None
        self._batch_size = settings.batch_size
        self._network = open_network(card, settings, backend, models_dir)
        _compare(card, self._network.config)
        slots = self._run([np.zeros((32, 100, 3), np.uint8)]).shape[1:]
        wanted = (self._text.max_slots, len(self._text.alphabet))
        if slots != wanted:
            raise ModelCardError(
                f"model {card.name}",
                f"outputs {slots[0]} slots of {slots[1]} characters, its card states {wanted[0]} of {wanted[1]}",
                "Correct 'plate' in the card",
            )

    @property
    def name(self) -> str:
        """Name of the card."""
        return self._card.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """This network and the corner network; empty before the known-answer test."""
        return self._networks

    def completed(self, identity: NetworkIdentity, corners: CornerNetwork | None) -> FastPlateReader:
        """This reader, with the identity under which it passed its known-answer test, and its corner network."""
        self._corners = corners
        self._networks = (identity, *(corners.networks if corners else ()))
        return self

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        """Probabilities of each crop: those of its most confident view."""
        if not crops:
            return []
        crops = [_fit(crop) for crop in crops]
        chosen = list(self._run(crops))
        self._rectify(
            chosen,
            {n: [crops[n]] for n, values in enumerate(chosen) if _narrow(crops[n]) or self._doubts(values, SURE)},
        )
        self._join_lines(chosen, crops)
        self._rectify(
            chosen, {n: turned(crops[n]) for n, values in enumerate(chosen) if self._doubts(values, RETRY_BELOW)}
        )
        return [CharacterProbabilities(v, self._text.alphabet, self._text.pad) for v in chosen]

    def _rectify(self, chosen: list[npt.NDArray[np.float32]], crops: Mapping[int, Sequence[BgrImage]]) -> None:
        """Replace what was chosen by more confident rectified views of `crops`, if there is a corner network."""
        if self._corners is None or not crops:
            return
        corners = iter(self._corners.locate([crop for several in crops.values() for crop in several]))
        views = {
            n: [view for crop in several for view in rectified_views(crop, next(corners))]
            for n, several in crops.items()
        }
        for n, outputs in zip(views, self._outputs(list(views.values())), strict=True):
            chosen[n] = max(chosen[n], *outputs, key=self.confidence) if outputs else chosen[n]

    def _join_lines(self, chosen: list[npt.NDArray[np.float32]], crops: Sequence[BgrImage]) -> None:
        """Replace what is doubted of narrow crops by more confident halves side by side.

        The corners of a two-line plate may be those of one line.
        """
        narrow = [
            n
            for n, values in enumerate(chosen)
            if crops[n].shape[1] < TWO_LINE_ASPECT * crops[n].shape[0] and self._doubts(values, SURE)
        ]
        if self._corners is None or not narrow:
            return
        for n, output in zip(narrow, self._run([side_by_side(crops[n]) for n in narrow]), strict=True):
            chosen[n] = max(chosen[n], output, key=self.confidence)

    def _doubts(self, values: npt.NDArray[np.float32], limit: float) -> bool:
        return not self.confidence(values)[0] or float(values.max(axis=1).min()) < limit

    def _outputs(self, views: Sequence[Sequence[BgrImage]]) -> list[list[npt.NDArray[np.float32]]]:
        """Probabilities of every view of every crop, batched together."""
        flat = [view for several in views for view in several]
        values = iter(self._run(flat) if flat else ())
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
            raise ModelRuntimeError(f"model {self.name}", f"plate reading failed ({last_line(error)})") from error
        return np.concatenate(parts)

    def confidence(self, values: npt.NDArray[np.float32]) -> tuple[bool, float]:
        """Sort key of views: whether there is a text, then the mean log probability of each slot's best character.

        A network may be certain that there is nothing to read, as with a plate on its side; that must not win.
        """
        pad = self._text.alphabet.index(self._text.pad)
        characters = int((values.argmax(axis=1) != pad).sum())
        return characters >= MIN_CHARACTERS, float(np.log(np.maximum(values.max(axis=1), 1e-6)).mean())


def load_reader_card(name: str, models_dir: Path | None) -> ModelCard:
    """Load the card of a plate reader.

    Raises:
        ModelCardError: no card has this name, or its task is another one.
    """
    card = load_card(name, models_dir)
    check_task(card, Task.READ_PLATES)
    if card.plate is None or card.plate_config is None:
        raise ModelCardError(f"model {card.name}", "lacks 'plate' or 'plate_config'")
    return card


def _narrow(crop: BgrImage) -> bool:
    return bool(crop.shape[1] < LEVEL_ASPECT * crop.shape[0])


def _fit(crop: BgrImage) -> BgrImage:
    """A crop no larger than a reader can use.

    Raises:
        ValueError: it is not (height, width, 3) uint8 with at least one pixel.
    """
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or not crop.size:
        raise ValueError(
            f"a crop of shape {crop.shape}, {crop.dtype}, is no image of a plate: (height, width, 3), uint8, BGR"
        )
    scale = MAX_CROP_PX / max(crop.shape[:2])
    if scale >= 1:
        return crop
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def _compare(card: ModelCard, config: Any) -> None:
    """Check that the card agrees with the reader's configuration; a difference would cause silent misreads.

    Raises:
        ModelCardError: a value differs, or the library does not support it.
    """
    from fast_plate_ocr.core.types import ImageColorMode, ImageInterpolation

    assert card.plate is not None  # noqa: S101 - checked by the caller
    for what, value, known in (
        ("interpolation", config.interpolation, get_args(ImageInterpolation)),
        ("image_color_mode", config.image_color_mode, get_args(ImageColorMode)),
    ):
        if value not in known:
            raise ModelCardError(
                f"model {card.name}",
                f"its plate configuration has the unsupported {what} {value!r}",
                f"Use one of {', '.join(known)}",
            )
    for what, stated, other in (
        ("alphabet", card.plate.alphabet, config.alphabet),
        ("pad", card.plate.pad, config.pad_char),
        ("max_slots", card.plate.max_slots, config.max_plate_slots),
        ("input.width", card.input.width, config.img_width),
        ("input.height", card.input.height, config.img_height),
    ):
        if stated != other:
            raise ModelCardError(
                f"model {card.name}",
                f"{what} is {stated!r} in the card and {other!r} in its plate configuration",
                "Correct the wrong one",
            )
