"""Training of the plate reader; resumes from the last epoch.

python -m models.training.plates.train --data ../shared/data --start cct_xs_v1_global.onnx --work build/training/plates
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from models.training.plates.crops import Shares, answered_scenes, cut, one_hot, real_scenes, stream
from models.training.plates.network import ALPHABET, SLOTS, build, start_from
from models.training.plates.producers import produced
from models.training.sources import Part, TrainingDataError

PLATE_CONFIG: Final = Path(__file__).parents[2] / "cards" / "plate-readers" / "viapublica_plates.yaml"


@dataclass(frozen=True)
class Plan:
    """What a training run is, besides its material."""

    epochs: int = 26
    steps: int = 100
    batch: int = 96
    rate: float = 6e-4
    shares: Shares = field(default_factory=Shares)
    label_smoothing: float = 0.01
    seed: int = 7


def _batches(data: Path, start: Path, plan: Plan, seed: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    crops = stream(real_scenes(data, Part.TRAIN), answered_scenes(data, start), plan.shares, seed)
    while True:
        pairs = [next(crops) for _ in range(plan.batch)]
        images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image, _ in pairs])
        yield images, {"plate": np.stack([answer for _, answer in pairs])}


def choosing_set(data: Path, seed: int) -> tuple[Any, dict[str, Any]]:
    """Real plates of the part for choosing, each cut four times as a detector would."""
    rng = np.random.default_rng(seed)
    scenes = real_scenes(data, Part.CHOOSE)
    cuts = [(cut(scene, rng), scene.text) for scene in scenes for _ in range(4)]
    images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image, _ in cuts])
    return images, {"plate": np.stack([one_hot(text) for _, text in cuts])}


def train(data: Path, start: Path, work: Path, plan: Plan) -> Path:
    """Train from the published weights or from the last checkpoint in `work`; returns the finished Keras file."""
    import keras
    from fast_plate_ocr.train.model.loss import cce_loss
    from fast_plate_ocr.train.model.metric import plate_acc_metric

    work.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(plan.seed)
    model = build(PLATE_CONFIG)
    start_from(model, start)
    done = _epochs_done(work)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, plan.epochs * plan.steps, alpha=0.02, warmup_target=plan.rate, warmup_steps=plan.steps
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=1e-3, clipnorm=1.0, use_ema=True, ema_momentum=0.998)
    optimizer.exclude_from_weight_decay(var_names=["bias", "dy_t", "pos_emb"])
    model.compile(
        optimizer,
        loss={"plate": cce_loss(len(ALPHABET), label_smoothing=plan.label_smoothing)},
        metrics={"plate": [plate_acc_metric(SLOTS, len(ALPHABET))]},
    )
    (work / "plan.json").write_text(json.dumps(asdict(plan), indent=1))
    model.fit(
        produced(_batches, (data, start, plan), plan.seed + 1000 * done),  # a resumed run gets fresh ones
        steps_per_epoch=plan.steps,
        epochs=plan.epochs,
        validation_data=choosing_set(data, plan.seed),
        validation_batch_size=plan.batch,
        callbacks=[
            keras.callbacks.BackupAndRestore(work / "backup", delete_checkpoint=False),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.CSVLogger(work / "log.csv", append=True),
            keras.callbacks.ModelCheckpoint(work / "last.keras"),
            keras.callbacks.TerminateOnNaN(),
        ],
        verbose=2,
    )
    finished = work / "finished.keras"
    model.save(finished)
    return finished


def _epochs_done(work: Path) -> int:
    log = work / "log.csv"
    return max(0, len(log.read_text().splitlines()) - 1) if log.is_file() else 0


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the labeled material")
    parser.add_argument("--start", type=Path, required=True, help="the published cct_xs_v1_global.onnx")
    parser.add_argument("--work", type=Path, default=Path("build/training/plates"), help="checkpoints and log")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    options = parser.parse_args()
    try:
        print(train(options.data, options.start, options.work, Plan(epochs=options.epochs, rate=options.rate)))
    except TrainingDataError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
