"""Who looks at a finished release: detectors other than the one that chose its covers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.detect.two_scale_detector import open_two_scale_detector
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import Detector

OURS: Final = ("viapublica_check_int8", "viapublica_traffic")
"""Our second network, and the first one for what the second one covered. Both were taught on the same images."""
LEAST: Final = 0.2


class DetectorEnsemble:
    """Several detectors as one; each finds what it was made for.

    Attributes:
        names: of the detectors, which are those of their model cards.
        independent: whether none of them is the one that chose the covers.
    """

    batch_size = 1

    def __init__(self, detectors: Sequence[Detector], *, independent: bool) -> None:
        self._detectors = tuple(detectors)
        self.names = tuple(detector.name for detector in detectors)
        self.independent = independent

    @property
    def name(self) -> str:
        """All names."""
        return "+".join(self.names)

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """All networks."""
        return tuple(network for detector in self._detectors for network in detector.networks)

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """What any of them finds in each image."""
        found = [detector.detect(images) for detector in self._detectors]
        return [Detections.concatenate(parts) for parts in zip(*found, strict=True)]

    def close(self) -> None:
        """Give back memory and threads."""
        for detector in self._detectors:
            detector.close()


def open_verification_detectors(
    names: Sequence[str], covering: str, models_dir: Path | None, *, besides: bool = False
) -> DetectorEnsemble:
    """Detectors for the check.

    Args:
        names: of model cards, which look at their own size; none for our second network, which looks closely.
        covering: card of the detector that chose the covers.
        models_dir: folder with weights.
        besides: those that are named look besides our second network, not in its place.

    Raises:
        ModelError: a card cannot be used.
    """
    named = [build_detector(DetectSettings(model=name, confidence=LEAST), models_dir) for name in names]
    if named and not besides:
        return DetectorEnsemble(named, independent=covering not in names)
    ours = DetectSettings(model=next(name for name in OURS if name != covering), confidence=LEAST)
    return DetectorEnsemble([open_two_scale_detector(ours, models_dir), *named], independent=covering not in names)
