"""Training of the detector with Ultralytics; resumes from the last epoch.

    python -m models.training.traffic.train --start yolo11n_dequantised_float.onnx --work build/training/traffic

Stages: the first epochs at 416 pixels, the others at 640, each with its own cosine schedule. No layer is frozen. To
retain the ancestor's knowledge of persons and vehicles, of which there are few images here, the loss also penalizes
deviations from the ancestor's output outside of labeled boxes (learning without forgetting). A processor
that multiplies bfloat16 does so in the network, which halves the time; losses and weights stay float32.
"""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.training.sources import TrainingDataError
from models.training.traffic.network import ARCHITECTURE, COCO_CHANNELS, build


@dataclass(frozen=True)
class Stage:
    """A part of the training.

    Attributes:
        name: of its folder of checkpoints.
        size: side of the input in pixels.
        epochs: passes over the images.
        rate: learning rate at its start.
        keeping: weight of what the ancestor says, beside Ultralytics' 0.5 for the labels' classes.
    """

    name: str
    size: int
    epochs: int
    rate: float
    keeping: float


STAGES = (
    Stage("small", 416, 2, 8e-4, 0.5),
    Stage("full", 640, 2, 4e-4, 0.5),
    Stage("last", 640, 1, 3e-4, 0.5),
    Stage("keep", 640, 2, 3e-4, 2.0),
)


def calibration(images: Path, count: int = 24) -> list[Any]:
    """The first training images, letterboxed: batch statistics come from them."""
    found = []
    for path in sorted((images / "train" / "images").glob("*.jpg"))[:count]:
        image = cv2.imread(str(path))
        if image is None:
            raise TrainingDataError(f"{path}: is not an image; make the training images again")
        canvas = np.full((640, 640, 3), 114, np.uint8)
        canvas[: image.shape[0], : image.shape[1]] = image[:640, :640]
        found.append(canvas)
    if not found:
        raise TrainingDataError(f"{images}: has no training images; run `material` first")
    return found


def _wishes(stage: Stage) -> dict[str, Any]:
    """What Ultralytics is asked for, whatever it runs on."""
    return {
        "name": stage.name,
        "exist_ok": True,
        "imgsz": stage.size,
        "epochs": stage.epochs,
        "batch": 16,
        "nbs": 16,  # a step per batch; the default gathers 64 images
        "optimizer": "AdamW",
        "lr0": stage.rate,
        "lrf": 0.05,
        "cos_lr": True,
        "warmup_epochs": 0.4,
        "warmup_bias_lr": 0.0,
        "cache": False,
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
        "save_period": 1,  # epochs are compared on the part for choosing
    }


def _trainer(overrides: dict[str, Any], keeping: float, beginning: Any, ancestor: Any, threads: int) -> Any:
    """Ultralytics' trainer, started from a network instead of from a YAML file."""
    import torch
    from ultralytics.engine import trainer
    from ultralytics.models.yolo.detect import DetectionTrainer

    on_cpu = overrides["device"] == "cpu"
    half = on_cpu and bool(torch.cpu.get_capabilities().get("avx512_bf16", False))

    class TrafficTrainer(DetectionTrainer):  # type: ignore[misc,unused-ignore]
        def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:  # noqa: ARG002
            return weights if weights is not None else beginning

        def get_dataloader(self, *args: Any, **options: Any) -> Any:
            self.args.workers = overrides["workers"]  # Ultralytics sets it to none on a processor
            return super().get_dataloader(*args, **options)

        def _setup_train(self) -> None:
            super()._setup_train()
            if on_cpu:
                torch.set_num_threads(threads)  # Ultralytics leaves one core out
                self.model.to(memory_format=torch.channels_last)
            self.model.criterion = _Loss(self.model.init_criterion(), ancestor.to(self.device), keeping, half)

        def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
            batch = super().preprocess_batch(batch)
            if on_cpu:
                batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
            return batch

    if half:
        trainer.autocast = lambda *_args, **_options: torch.autocast("cpu", dtype=torch.bfloat16)
    return TrafficTrainer(overrides=overrides)


class _Loss:
    """The usual loss in float32, and how far the network is from what its ancestor knew."""

    def __init__(self, usual: Any, ancestor: Any, keeping: float, half: bool) -> None:
        self._usual = usual
        self._keeping = keeping
        self._ancestor = ancestor.eval()
        self._ancestor.model[-1].training = True  # raw scores, not decoded boxes
        self._half = half

    def __call__(self, found: Any, batch: Any) -> Any:
        import torch

        known = len(COCO_CHANNELS)
        device = batch["img"].device.type
        with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16, enabled=self._half):
            was = self._ancestor(batch["img"])["scores"][:, :known].float().sigmoid()
        with torch.autocast(device, enabled=False):
            found = _floats(found)
            loss, items = self._usual(found, batch)
            silent = unlabeled(batch, [tuple(level.shape[2:]) for level in found["feats"]], known)[:, None]
            apart = torch.nn.functional.binary_cross_entropy_with_logits(
                found["scores"][:, :known], was, reduction="none"
            )
            apart = (apart * silent).sum() / (was * silent).sum().clamp(min=1)
            return loss + self._keeping * apart * len(batch["img"]) / len(loss), items


def unlabeled(batch: Any, levels: Sequence[tuple[int, int]], known: int) -> Any:
    """Which cells lie outside of all labeled boxes of the first `known` classes.

    Args:
        batch: Ultralytics' own: boxes as shares of the image, (n, 4) xywh, with class and image of each.
        levels: rows and columns of each level of the network's output.
        known: classes that count.

    Returns:
        (images, cells) of 0 and 1, the cells in the order of the network's output.
    """
    import torch

    centers = torch.cat(
        [
            torch.cartesian_prod((torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns).flip(1)
            for rows, columns in levels
        ]
    ).to(batch["img"].device)
    free = torch.ones(len(batch["img"]), len(centers), device=centers.device)
    for image, label, (x, y, width, height) in zip(batch["batch_idx"], batch["cls"], batch["bboxes"], strict=True):
        if label.item() < known:
            near = (centers - torch.stack([x, y])).abs() <= torch.stack([width, height]) / 2
            free[int(image), near.all(dim=1)] = 0.0
    return free


def _floats(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _floats(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return type(found)(_floats(value) for value in found)
    return found.float()


def train(
    start: Path,
    work: Path,
    stages: Sequence[Stage],
    *,
    device: str,
    seed: int,
    workers: int,
    architecture: str = ARCHITECTURE,
    images: Path | None = None,
    begin: Path | None = None,
    hours: float | None = None,
    threads: int | None = None,
) -> Path:
    """Run or resume all stages; returns the last checkpoint.

    Args:
        start: the ancestor, of which the training keeps what it knew.
        work: folder of checkpoints.
        stages: what is run, one after the other.
        device: ``cpu`` or the number of a GPU.
        seed: of all chance.
        workers: processes that load images.
        architecture: Ultralytics' name of what `start` is.
        images: what `material` made, by default in `work`.
        begin: an earlier generation to go on from, as it was before its scores were shifted.
        hours: time for each stage instead of its number of epochs; the learning rate falls to its end.
        threads: of a processor, by default all; two trainings on one each wait less where others compute too.

    Raises:
        TrainingDataError: there are no training images, or a file is not of that network.
    """
    import torch

    images = images or work / "images"
    table = images / "data.yaml"
    if not table.is_file():
        raise TrainingDataError(f"{table}: is not there; run `material` first")

    ancestor = build(start, calibration(images), architecture)
    checkpoint = None
    for stage in stages:
        folder = work / "runs" / stage.name
        last = folder / "weights" / "last.pt"
        finished = folder / "finished"
        if finished.is_file():
            checkpoint = last
            continue
        settings = _wishes(stage) | {
            "model": str(last) if last.is_file() else architecture,
            "resume": str(last) if last.is_file() else False,
            "data": str(table),
            "project": str((work / "runs").resolve()),
            "seed": seed,
            "device": device,
            "workers": workers,
            "amp": device != "cpu",
            "time": hours,
        }
        if checkpoint is not None:
            beginning = torch.load(checkpoint, map_location="cpu", weights_only=False)["model"].float()
        else:
            beginning = build(begin, calibration(images), architecture) if begin else copy.deepcopy(ancestor)
        for parameter in beginning.parameters():
            parameter.requires_grad = True
        _trainer(settings, stage.keeping, beginning, ancestor, threads or os.cpu_count() or 1).train()
        finished.touch()
        checkpoint = last
    return work / "runs" / stages[-1].name / "weights" / "last.pt"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--start", type=Path, required=True, help="yolo11n_dequantised_float.onnx")
    parser.add_argument("--begin", type=Path, help="an earlier generation to go on from; by default --start itself")
    parser.add_argument("--architecture", default=ARCHITECTURE, help="Ultralytics' name of what --start is")
    parser.add_argument("--work", type=Path, default=Path("build/training/traffic"))
    parser.add_argument("--images", type=Path, help="what `material` made, where it is not in --work")
    parser.add_argument("--device", default="cpu", help="cpu, or the number of a GPU")
    parser.add_argument(
        "--epochs",
        type=int,
        nargs=len(STAGES),
        default=[stage.epochs for stage in STAGES],
        help="of each stage; 0 leaves it out",
    )
    parser.add_argument("--hours", type=float, help="time for each stage that has epochs, instead of their number")
    parser.add_argument("--threads", type=int, help="of the processor; by default all")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    wanted = [replace(stage, epochs=epochs) for stage, epochs in zip(STAGES, options.epochs, strict=True)]
    try:
        print(
            train(
                options.start,
                options.work,
                [stage for stage in wanted if stage.epochs],
                device=options.device,
                seed=options.seed,
                workers=options.workers,
                architecture=options.architecture,
                images=options.images,
                begin=options.begin,
                hours=options.hours,
                threads=options.threads,
            )
        )
    except TrainingDataError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
