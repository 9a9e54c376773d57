"""Steps before a camera runs."""

from __future__ import annotations

from pipeline.config.camera_settings import CameraSettings
from pipeline.console.catalogues import source
from pipeline.console.steps import Step, steps
from pipeline.domain.camera_registration import RegisteredCamera


def steps_of(configured: CameraSettings | None, registered: RegisteredCamera | None) -> tuple[Step, ...]:
    """The steps of a camera: configuration, registration, approval by another person, masks and zones."""
    drawn = configured is not None and bool(configured.masks or configured.areas.zones or configured.areas.lines)
    return steps(
        (
            (source("Endereço"), configured is not None),
            (source("Cadastro"), registered is not None),
            (source("Autorização"), registered is not None and registered.approved_ms is not None),
            (source("Máscaras e zonas"), drawn),
        )
    )
