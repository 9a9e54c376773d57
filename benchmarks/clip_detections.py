"""Detections of clips at five frames per second, computed once and stored: rules are measured on them.

    python -m benchmarks.clip_detections --data ../shared/data ../shared/data2 --models ../shared/models --out FOLDER

Each clip is detected three times: as it is, darkened and brightened, as clouds and dusk do. The files hold boxes,
scores and labels, no image.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_detector
from pipeline.detect.close_up_detector import CloseUpDetector
from pipeline.detect.image_region import WholeImage
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Frame
from pipeline.domain.ports import Detector

FPS: Final = 5.0
LIGHTS: Final[Mapping[str, float]] = {"as it is": 1.0, "darkened": 0.55, "brightened": 1.4}
_ENDINGS: Final = {".mp4", ".avi"}


@dataclass(frozen=True)
class DetectedClip:
    """Detections of one clip.

    Attributes:
        name: of the clip and the light.
        width, height: of its images.
        frames: detections of each frame, `FPS` per second.
    """

    name: str
    width: int
    height: int
    frames: list[Detections]

    @property
    def seconds(self) -> float:
        return len(self.frames) / FPS

    def backward(self) -> DetectedClip:
        """The clip played backward."""
        return replace(self, frames=self.frames[::-1])

    def write(self, path: Path) -> None:
        joined = Detections.concatenate(self.frames)
        np.savez_compressed(
            path,
            size=np.array([self.width, self.height]),
            counts=np.array([len(frame) for frame in self.frames]),
            boxes=joined.boxes,
            scores=joined.scores,
            labels=joined.labels,
        )

    @classmethod
    def read(cls, path: Path) -> DetectedClip:
        with np.load(path) as file:
            ends = np.cumsum(file["counts"])
            parts = zip(ends - file["counts"], ends, strict=True)
            boxes, scores, labels = file["boxes"], file["scores"], file["labels"]
            frames = [Detections(boxes[a:b], scores[a:b], labels[a:b]) for a, b in parts]
            width, height = file["size"].tolist()
        return cls(path.stem, width, height, frames)


def frames_of(path: Path) -> Iterator[Frame]:
    """The frames of a clip at five per second."""
    yield from open_source(path.stem, str(path), settings=DecodeSettings(), analyze_fps=FPS).frames()


def lit(pixels: BgrImage, gain: float) -> BgrImage:
    """An image in another light, with the noise of a camera in the dark."""
    if gain == 1.0:
        return pixels
    changed = pixels.astype(np.float32) * gain
    if gain < 1.0:
        changed += np.random.default_rng(1).normal(0, 5, pixels.shape)
    return np.asarray(np.clip(changed, 0, 255), np.uint8)


def detected(name: str, images: Sequence[npt.NDArray[np.uint8]], detector: Detector) -> DetectedClip:
    """The detections of some images."""
    height, width = images[0].shape[:2]
    return DetectedClip(name, width, height, [detector.detect([WholeImage(image)])[0] for image in images])


def open_detector(models: Path | None) -> Detector:
    """The shipped networks, on one thread."""
    return CloseUpDetector(build_detector(DetectSettings(threads=1), models))


def clips_in(folders: Sequence[Path]) -> list[Path]:
    """The clips of the data folders."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in _ENDINGS)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, nargs="+", required=True, help="folders that hold the clips")
    arguments.add_argument("--models", type=Path)
    arguments.add_argument("--out", type=Path, required=True, help="folder of the stored detections")
    arguments.add_argument("--lights", nargs="*", default=list(LIGHTS), choices=list(LIGHTS))
    options = arguments.parse_args()
    detector = open_detector(options.models)
    options.out.mkdir(exist_ok=True)
    for light in options.lights:
        for path in clips_in(options.data):
            target = options.out / f"{path.stem}-{light.replace(' ', '_')}.npz"
            if not target.exists():
                images = [lit(frame.image.bgr(), LIGHTS[light]) for frame in frames_of(path)]
                detected(target.stem, images, detector).write(target)
                print(target.stem, len(images), flush=True)


if __name__ == "__main__":
    main()
