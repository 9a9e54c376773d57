"""Image of a requested exemption, without which no second person can confirm it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2

from pipeline.anonymize.exemption_stills import exemption_still, frames_of_region
from pipeline.anonymize.manual_regions import Region
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.redaction_run import redact_image
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.logging_setup import configure_logging
from pipeline.app.release.release_networks import open_release_networks
from pipeline.app.release.release_source import open_source
from pipeline.decode.lazy_images import image_of
from pipeline.errors import ReleaseError
from pipeline.storage.folders import private_folder
from pipeline.storage.output_file import opened_folder


@dataclass(frozen=True, slots=True)
class ExemptionImageRequest:
    """The exemption to show.

    Attributes:
        number: of the disclosure; exemption_id: of it.
        by: the person who wants to see it.
        source: the original file; config: the configuration that records the camera.
    """

    number: str
    exemption_id: int
    by: str
    source: Path | None = None
    config: Path | None = None


def make_exemption_image(request: ExemptionImageRequest, register: AuditedRegister) -> Path:
    """Write the image of an exemption beside the register, for this user only, and enter it in the journal.

    It shows the region unredacted at the begin, in the middle and at the end of its span, and in the frame that
    differs most from the usual; everything else is redacted.

    Returns:
        The PNG file.

    Raises:
        ViapublicaError: the exemption is unknown, or the requested video cannot be read or redacted.
    """
    configure_logging("warning", "auto")
    found = register.get(request.number)
    region = Region.model_validate(register.exemption(request.number, request.exemption_id).region)
    settings = AnonymizeSettings(multi_view=True)
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(opened_folder(private_folder(register.exemption_images)))
        except OSError as error:
            raise ReleaseError(
                str(register.exemption_images), f"cannot be written ({error.strerror})", "Fix its permissions"
            ) from error
        source = stack.enter_context(open_source(found, request.source, request.config, request.by, folder))
        frames = frames_of_region(source.video, region)
        networks = stack.enter_context(open_release_networks(settings, ()))
        text = found.request.overlay.numbered(found.number, default_institution="")
        redacted = [image_of(redact_image(one.image, networks.detectors, settings, text)[0]).bgr() for one in frames]
        still = exemption_still(frames, redacted, region)
    content = cv2.imencode(".png", still)[1].tobytes()
    return register.exemption_shown(request.number, request.exemption_id, content, request.by)
