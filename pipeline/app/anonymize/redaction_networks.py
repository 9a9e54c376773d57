"""The networks of a redaction: the detector pool that chooses the masks, and the verifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.verification import Verifier, open_verifier
from pipeline.detect.detector_pool import DetectorPool, open_detector_pool
from pipeline.detect.settings import DetectSettings
from pipeline.inference.machine_fingerprint import usable_cores
from pipeline.weights.pinned_networks import NetworkDigests, digests_of


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """Model cards of a redaction.

    Attributes:
        model: of the detector that chooses the masks; None for the default.
        models_dir: folder of weights.
        verify: whether the redacted video is verified.
        check_models: of verification detectors; none for the default one.
        in_addition: `check_models` are used besides the default one, not in its place.
    """

    model: str | None = None
    models_dir: Path | None = None
    verify: bool = False
    check_models: tuple[str, ...] = ()
    in_addition: bool = False


@dataclass(frozen=True, slots=True)
class RedactionNetworks:
    """Opened networks.

    Attributes:
        detectors: choose the masks.
        verifier: checks the redacted video; None without verification.
    """

    detectors: DetectorPool
    verifier: Verifier | None

    @property
    def digests(self) -> Mapping[str, NetworkDigests]:
        """Name of each network to the SHA-256 of its card and weights, taken from the bytes that were opened."""
        verifying = self.verifier.networks if self.verifier else ()
        return digests_of((*self.detectors.networks, *verifying))


@contextmanager
def open_networks(
    settings: AnonymizeSettings, choice: NetworkChoice, *, copies: int | None = None
) -> Iterator[RedactionNetworks]:
    """Open the networks.

    Args:
        settings: of masks.
        choice: which networks.
        copies: of the detector that run at the same time; one per core by default.

    Raises:
        ModelError, MissingComponent: a network cannot be used.
    """
    given = {"confidence": settings.masks.min_score, **({"model": choice.model} if choice.model else {})}
    with ExitStack() as stack:
        detectors = open_detector_pool(
            DetectSettings.model_validate(given),
            choice.models_dir,
            copies or usable_cores(),
            multi_view=settings.multi_view,
        )
        stack.callback(detectors.close)
        verifier = None
        if choice.verify:
            verifier = open_verifier(
                choice.check_models,
                detectors.name,
                choice.models_dir,
                in_addition=choice.in_addition,
            )
            stack.callback(verifier.close)
        yield RedactionNetworks(detectors, verifier)
