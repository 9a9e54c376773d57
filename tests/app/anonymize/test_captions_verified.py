"""The date of a camera in a declared area is readable after the verification too, in a real clip."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.manual_regions import ManualRegions
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_job import RedactionJob, run_job
from pipeline.app.anonymize.redaction_networks import NetworkChoice, open_networks
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.frame import BgrImage
from pipeline.domain.redaction import OverlayText

pytestmark = [pytest.mark.real, pytest.mark.soak]
AREA = ((0.0, 0.0), (0.46, 0.0), (0.46, 0.1), (0.0, 0.1))


def dated(source: Path, target: Path) -> Path:
    """Twenty-eight frames of a shopping street, twelve a second, with the date that a camera draws."""
    taken = [frame.image.bgr().copy() for frame in FileVideo(source, DecodeSettings(), start_s=2, end_s=5).frames()]
    how = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "bgr24",
        "-s",
        "1280x720",
        "-r",
        "12",
        "-i",
        "-",
        "-c:v",
        "libx264",
        "-crf",
        "18",
    ]
    drawn = []
    for number, image in enumerate(taken[: 28 * 2 : 2]):
        text = f"2026-11-22 08:00:{number // 12:02d}"
        drawn.append(cv2.putText(image, text, (14, 46), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (255, 255, 255), 3, cv2.LINE_AA))
    command = ["ffmpeg", "-v", "error", *how, "-pix_fmt", "yuv420p", str(target)]
    subprocess.run(command, input=b"".join(image.tobytes() for image in drawn), check=True)
    return target


def images(path: Path) -> list[BgrImage]:
    return [frame.image.bgr().copy() for frame in FileVideo(path, DecodeSettings()).frames()]


def test_the_date_stays_readable_after_verification(data_dir: Path, tmp_path: Path) -> None:
    clip = dated(data_dir / "clips" / "people-walking.mp4", tmp_path / "dated.mp4")
    with open_networks(AnonymizeSettings(), NetworkChoice(verify=True)) as networks:
        for areas in ((AREA,), ()):
            video = FileVideo(clip, DecodeSettings())
            job = RedactionJob(video, AnonymizeSettings(), OverlayText("SSP-MT"), ManualRegions(), None, (), areas)
            result = run_job(job, tmp_path / "redacted.mp4", networks, Silent())
            kept = [
                float((np.abs(one[18:52, 20:420].astype(int) - other[18:52, 20:420]) < 40).mean())
                for one, other in zip(images(clip), images(tmp_path / "redacted.mp4"), strict=True)
            ]
            assert result.plan.captions.polygons == areas
            assert result.problems == ()
            if areas:
                assert min(kept) > 0.95, "no mask in any frame"
            else:
                assert min(kept) < 0.9, "elsewhere the verification finds the date, and it is masked"
