"""Detector settings with the backend and threads that are fastest on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from pipeline.detect.build import backends_for, build_detector
from pipeline.detect.image_region import WholeImage
from pipeline.detect.settings import DetectSettings
from pipeline.domain.ports import Detector
from pipeline.errors import ViapublicaError
from pipeline.inference.autotuning import (
    Autotuning,
    Measured,
    Speed,
    Variant,
    autotuning_key,
    clearly_faster,
    measure_in_turn,
    store_autotuning,
    stored_autotuning,
)
from pipeline.inference.device import Backend, Device
from pipeline.inference.machine_fingerprint import fingerprint, usable_cores
from pipeline.weights.catalog import ModelCard, load_card

ENVIRONMENT: Final = "VIAPUBLICA_AUTOTUNE"
"""Environment variable that switches autotuning off (``off``)."""
_SIZE: Final = (720, 1280)
_log = structlog.get_logger(__name__)


def autotuned(settings: DetectSettings, models_dir: Path | None = None) -> DetectSettings:
    """The settings with the fastest backend and threads of this machine where they state none.

    Args:
        settings: a stated backend and stated threads are obeyed.
        models_dir: the configuration's folder of models.

    Raises:
        ModelCardError: the card cannot be read.
    """
    result = autotune(settings, models_dir)
    if result is None or result.chosen == result.default:
        return settings
    changes: dict[str, object] = {"threads": result.chosen.threads}
    if result.chosen.backend is not result.default.backend:  # else `auto` finds it, and reports rejected backends
        changes["backend"] = result.chosen.backend
    return settings.model_copy(update=changes)


def autotune(settings: DetectSettings, models_dir: Path | None = None) -> Autotuning | None:
    """Measurements for these settings, stored or made now.

    None if there is no choice: all is stated, a GPU or a second network is configured, only one variant exists, none
    can be used, or autotuning is off.

    Raises:
        ModelCardError: the card cannot be read.
    """
    if os.environ.get(ENVIRONMENT) == "off" or settings.device is not Device.CPU or settings.plate_model is not None:
        return None
    card = load_card(settings.model, models_dir)
    backends = backends_for(card, settings)
    numbers = () if "threads" in settings.model_fields_set else numbers_of_threads(settings.threads, usable_cores())
    if len(backends) + len(numbers) < 2:
        return None
    key = _key(card, settings, backends)
    if stored := stored_autotuning(card.name, key):
        return stored
    _log.info("autotuning", model=card.name, reason="first start on this machine")
    trial = _Trial(settings, models_dir)
    try:
        trial.run(backends, numbers)
    finally:
        trial.close()
    if trial.best is None:
        return None
    result = Autotuning(key, trial.measured, trial.best)
    store_autotuning(card.name, result)
    return result


def numbers_of_threads(default: int, cores: int) -> list[int]:
    """Numbers beside the default: its doublings up to the number of cores, or the cores if they are fewer."""
    if cores < default:
        return [cores]
    return [number for number in (default << power for power in range(1, 9)) if number <= cores]


class _Trial:
    """Variants measured against the best one so far, which stays loaded."""

    def __init__(self, settings: DetectSettings, models_dir: Path | None) -> None:
        self._settings = settings
        self._models_dir = models_dir
        self._loaded: Detector | None = None
        self._found: dict[Variant, Measured] = {}
        self._frame = WholeImage(np.random.default_rng(0).integers(0, 256, (*_SIZE, 3), dtype=np.uint8))
        self.best: Variant | None = None

    @property
    def measured(self) -> list[Measured]:
        """All variants, in the order of measurement."""
        return list(self._found.values())

    def run(self, backends: Sequence[Backend], numbers: Sequence[int]) -> None:
        """The backends, then further threads with the best of them for as long as they help."""
        for backend in backends:
            self._challenge(Variant(backend, self._settings.threads))
        for threads in numbers:
            if self.best is None or not self._challenge(Variant(self.best.backend, threads)):
                return

    def close(self) -> None:
        """Release the best variant."""
        if self._loaded is not None:
            self._loaded.close()

    def _challenge(self, variant: Variant) -> bool:
        """Measure a variant; whether it is the best from now on."""
        changes = {"backend": variant.backend, "threads": variant.threads}
        try:
            detector = build_detector(self._settings.model_copy(update=changes), self._models_dir)
        except ViapublicaError as error:
            self._found[variant] = Measured(variant, None, error.problem)
            return False
        try:
            won = self._wins(variant, detector)
        except ViapublicaError as error:
            self._found[variant] = Measured(variant, None, error.problem)
            won = False
        loser = self._loaded if won else detector
        if loser is not None:
            loser.close()
        if won:
            self.best, self._loaded = variant, detector
        return won

    def _wins(self, variant: Variant, detector: Detector) -> bool:
        """Measure a loaded variant in turn with the best one so far, if there is one."""
        images = [self._frame] * detector.batch_size
        calls: list[Callable[[], object]] = [lambda: detector.detect(images)]
        best, loaded = self.best, self._loaded
        if best is None or loaded is None:
            (speeds,) = measure_in_turn(calls)
            self._note(variant, speeds, len(images))
            return True
        challenger, incumbent = measure_in_turn([*calls, lambda: loaded.detect(images)])
        self._note(variant, challenger, len(images))
        self._note(best, incumbent, len(images))
        return clearly_faster(challenger, incumbent, equal_threads=variant.threads == best.threads)

    def _note(self, variant: Variant, speeds: Sequence[Speed], frames: int) -> None:
        found = [one.per_frame(frames) for one in speeds]
        before = self._found.get(variant)
        if before is not None and before.per_frame is not None:
            found.append(before.per_frame)
        self._found[variant] = Measured(variant, Speed.best(found))


def _key(card: ModelCard, settings: DetectSettings, backends: Sequence[Backend]) -> str:
    return autotuning_key(
        {
            "card": card.digest,
            "weights": card.sha256,
            "input_size": settings.input_size,
            "threads": settings.threads if "threads" in settings.model_fields_set else None,
            "batch": settings.batch_size,
            "cores": usable_cores(),
            "machine": {backend.value: fingerprint(backend, settings.device) for backend in backends},
        }
    )
