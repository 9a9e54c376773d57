"""Several detectors as one: the verification detectors of a redacted video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.detect.build import build_detector
from pipeline.detect.multi_view_detector import open_multi_view_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import Detector

DEFAULT_MODELS: Final = ("viapublica_check_int8", "viapublica_traffic")
"""The second network, and the first one for masks that the second one chose. Both were trained on the same images."""
MIN_SCORE: Final = 0.2
FAINT_SCORE: Final = 0.05
"""From which `DetectorEnsemble.faint` reports detections; they count beside those of other networks only."""


class DetectorEnsemble:
    """Several detectors as one; each finds the labels of its card.

    Attributes:
        detectors: the detectors.
        names: of their model cards.
        independent: whether none of them chose the masks.
        min_score: least score of what is reported.
    """

    batch_size = 1

    def __init__(self, detectors: Sequence[Detector], *, independent: bool, min_score: float = MIN_SCORE) -> None:
        self.min_score = min_score
        self.detectors = tuple(detectors)
        self.names = tuple(detector.name for detector in detectors)
        self.independent = independent

    @property
    def name(self) -> str:
        """All names."""
        return "+".join(self.names)

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The networks of all detectors."""
        return tuple(network for detector in self.detectors for network in detector.networks)

    @property
    def faint(self) -> DetectorEnsemble:
        """The same detectors, with faint detections; closed with this one."""
        return DetectorEnsemble(self.detectors, independent=self.independent, min_score=FAINT_SCORE)

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """The detections of all detectors in each image."""
        found = [detector.detect(images) for detector in self.detectors]
        together = [Detections.concatenate(parts) for parts in zip(*found, strict=True)]
        return [one.select(one.scores >= self.min_score) for one in together]

    def close(self) -> None:
        """Give back memory and threads."""
        for detector in self.detectors:
            detector.close()


def open_verification_detectors(
    models: Sequence[str], masking_model: str, models_dir: Path | None, *, in_addition: bool = False
) -> DetectorEnsemble:
    """Open detectors other than the one that chose the masks.

    Args:
        models: model cards, which run at their own size; none for the default one, which is a multi-view detector.
        masking_model: card of the detector that chose the masks.
        models_dir: folder of weights.
        in_addition: the given models are used besides the default one, not in its place.

    Raises:
        ModelError: a card cannot be used.
    """
    alone = DetectSettings(confidence=FAINT_SCORE, batch_size=1)
    given = [build_detector(alone.model_copy(update={"model": name}), models_dir) for name in models]
    independent = all(masking_model != detector.name for detector in given)
    if given and not in_addition:
        return DetectorEnsemble(given, independent=independent)
    default = next(name for name in DEFAULT_MODELS if name != masking_model)
    settings = alone.model_copy(update={"model": default})
    return DetectorEnsemble([open_multi_view_detector(settings, models_dir), *given], independent=independent)
