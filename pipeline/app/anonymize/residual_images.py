"""Images and regions of residual detections, for the person who decides about a video that was not released.

The images show unredacted people: they lie in a folder that only this user may read, which should be removed after
the decision.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from pipeline.anonymize.residual_detections import ResidualDetection
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize.redaction_job import RedactedVideo
from pipeline.app.anonymize.verification import open_redacted
from pipeline.domain.video import Video
from pipeline.errors import ReleaseError

_RED: Final = (40, 40, 220)
_EXTENSION_S: Final = 0.5
_MARGIN: Final = 0.15
_MAX_LISTED: Final = 5
REGIONS: Final = "regions.yaml"


def refusal(result: RedactedVideo, name: str, partial: Path, folder: Path) -> ReleaseError:
    """The error for a video that must not be released; its residual detections are saved.

    Args:
        result: of the redaction; name: of the intended file.
        partial: the file it is in; folder: for images of residual detections.
    """
    residual = result.verification.residual if result.verification else ()
    begin_s = float(result.detections.times_s[0])
    places = "; ".join(
        f"{one.label.word} from {one.first_s - begin_s:.1f} to {one.last_s - begin_s:.1f} s"
        for one in residual[:_MAX_LISTED]
    )
    problem = f"is not written: {'; '.join(result.problems)}" + (f" ({places})" if places else "")
    if not residual:
        return ReleaseError(
            name,
            problem,
            "Use --style fill; where detectors miss known objects, a brighter video or another --check-model; where "
            "masks hide too little, redact those persons with --regions",
        )
    regions = save_residual_images(residual, open_redacted(partial), result.detections, folder)
    return ReleaseError(
        name,
        problem,
        f"Check the images in {folder}, then redact those regions with --regions {regions}, or leave the seconds out",
    )


def save_residual_images(
    residual: Sequence[ResidualDetection], video: Video, detections: VideoDetections, folder: Path
) -> Path:
    """Write an image of each object, and a file of regions that redact them; an older folder is replaced.

    Args:
        residual: unmasked objects.
        video: the redacted one.
        detections: for its times and size.
        folder: to write.

    Returns:
        The file of regions.

    Raises:
        ReleaseError: it cannot be written.
        SourceError: the video cannot be read.
    """
    try:
        if folder.is_dir() and (folder / REGIONS).is_file():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        _write(folder / REGIONS, _regions(residual, detections).encode())
        wanted = {one.best_frame: number for number, one in enumerate(residual)}
        with closing(video.frames()) as frames:
            for index, frame in enumerate(frames):
                if index in wanted:
                    one = residual[wanted[index]]
                    image = frame.image.bgr().copy()
                    x1, y1, x2, y2 = (round(value) for value in one.box)
                    cv2.rectangle(image, (x1, y1), (x2, y2), _RED, max(2, image.shape[1] // 400))
                    at_s = float(detections.times_s[index] - detections.times_s[0])
                    name = f"{wanted[index] + 1:03d}-{one.label.word}-{at_s:.1f}s.png"
                    _write(folder / name, cv2.imencode(".png", image)[1].tobytes())
    except OSError as error:
        raise ReleaseError(
            str(folder), f"cannot be written ({error.strerror})", "Remove it, or choose another place"
        ) from error
    return folder / REGIONS


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _regions(residual: Sequence[ResidualDetection], detections: VideoDetections) -> str:
    """YAML; the spans are those of the objects, a little longer."""
    lines = ["# Check the images, delete what is not to be redacted, and give this file with --regions.", "redact:"]
    for one in residual:
        begin_s = max(0.0, one.first_s - float(detections.times_s[0]) - _EXTENSION_S)
        end_s = one.last_s - float(detections.times_s[0]) + _EXTENSION_S
        x1, y1, x2, y2 = one.box
        dx, dy = _MARGIN * (x2 - x1), _MARGIN * (y2 - y1)
        shares = np.array([x1 - dx, y1 - dy, x2 + dx, y2 + dy]) / ([detections.width, detections.height] * 2)
        box = ", ".join(f"{value:.3f}" for value in np.clip(shares, 0, 1))
        lines.append(
            f"  - {{from: {begin_s:.2f}, to: {end_s:.2f}, box: [{box}], why: residual {one.label.word} detection}}"
        )
    return "\n".join(lines) + "\n"
