"""Trains the detector with Ultralytics; resumable: run it again and it goes on from its last epoch.

    python -m models.training.traffic.train --start yolo11n_dequantised_float.onnx --work build/training/traffic

Two stages: most epochs at 416 pixels, the last ones at 640, each with a cosine schedule of its own. No layer is frozen.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.training.sources import TrainingDataError
from models.training.traffic.network import build


@dataclass(frozen=True)
class Stage:
    """A part of the training: name, side of the input in pixels, epochs, learning rate at its start."""

    name: str
    size: int
    epochs: int
    rate: float


STAGES = (Stage("small", 416, 4, 1.5e-3), Stage("full", 640, 2, 4e-4))


def calibration(pictures: Path, count: int = 24) -> list[Any]:
    """The first training pictures, letterboxed: batch statistics come from them."""
    found = []
    for path in sorted((pictures / "train" / "images").glob("*.jpg"))[:count]:
        image = cv2.imread(str(path))
        if image is None:
            raise TrainingDataError(f"{path}: is not a picture; make the training pictures again")
        canvas = np.full((640, 640, 3), 114, np.uint8)
        canvas[: image.shape[0], : image.shape[1]] = image[:640, :640]
        found.append(canvas)
    if not found:
        raise TrainingDataError(f"{pictures}: has no training pictures; run `material` first")
    return found


def _wishes(stage: Stage) -> dict[str, Any]:
    """What Ultralytics is asked for, whatever it runs on."""
    return {
        "name": stage.name,
        "exist_ok": True,
        "imgsz": stage.size,
        "epochs": stage.epochs,
        "batch": 16,
        "optimizer": "AdamW",
        "lr0": stage.rate,
        "lrf": 0.05,
        "cos_lr": True,
        "warmup_epochs": 0.5,
        "weight_decay": 5e-4,
        "mosaic": 0.7,
        "close_mosaic": 1,
        "scale": 0.5,
        "degrees": 4.0,
        "translate": 0.1,
        "fliplr": 0.5,
        "hsv_v": 0.3,
        "hsv_s": 0.4,
        "plots": False,
        "val": False,
        "save_period": -1,
    }


def train(start: Path, work: Path, stages: tuple[Stage, ...], *, device: str, seed: int, workers: int) -> Path:
    """Run or resume all stages; returns the last checkpoint."""
    import torch
    from ultralytics.models.yolo.detect import DetectionTrainer

    table = work / "pictures" / "data.yaml"
    if not table.is_file():
        raise TrainingDataError(f"{table}: is not there; run `material` first")

    class TrafficTrainer(DetectionTrainer):  # type: ignore[misc,unused-ignore]
        """Starts from our network, or from the stage before, instead of from a YAML file."""

        beginning: Any = None

        def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:  # noqa: ARG002
            return weights if weights is not None else self.beginning

    checkpoint = None
    for stage in stages:
        folder = work / "runs" / stage.name
        last = folder / "weights" / "last.pt"
        finished = folder / "finished"
        if finished.is_file():
            checkpoint = last
            continue
        settings = _wishes(stage) | {
            "model": str(last) if last.is_file() else "yolo11n.yaml",
            "resume": str(last) if last.is_file() else False,
            "data": str(table),
            "project": str(work / "runs"),
            "seed": seed,
            "device": device,
            "workers": workers,
            "amp": device != "cpu",
        }
        trainer = TrafficTrainer(overrides=settings)
        if checkpoint is not None:
            trainer.beginning = torch.load(checkpoint, map_location="cpu", weights_only=False)["model"].float()
        else:
            trainer.beginning = build(start, calibration(work / "pictures"))
        for parameter in trainer.beginning.parameters():
            parameter.requires_grad = True
        trainer.train()
        finished.touch()
        checkpoint = last
    return work / "runs" / stages[-1].name / "weights" / "last.pt"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--start", type=Path, required=True, help="yolo11n_dequantised_float.onnx")
    parser.add_argument("--work", type=Path, default=Path("build/training/traffic"))
    parser.add_argument("--device", default="cpu", help="cpu, or the number of a GPU")
    parser.add_argument("--epochs", type=int, nargs=2, default=[stage.epochs for stage in STAGES], help="of each stage")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    stages = tuple(Stage(s.name, s.size, epochs, s.rate) for s, epochs in zip(STAGES, options.epochs, strict=True))
    try:
        print(
            train(
                options.start, options.work, stages, device=options.device, seed=options.seed, workers=options.workers
            )
        )
    except TrainingDataError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
