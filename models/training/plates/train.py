"""Training of the plate reader; resumes from the last epoch.

python -m models.training.plates.train --data ../shared/data --start cct_xs_v1_global.onnx --work build/training/plates
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty
from typing import Any, Final

import cv2
import numpy as np

from models.training.plates.crops import cut, real_scenes, stream
from models.training.plates.network import ALPHABET, SLOTS, build, start_from
from models.training.sources import TrainingDataError

_PATIENCE_S: Final = 20.0
PLATE_CONFIG: Final = Path(__file__).parents[2] / "cards" / "plate-readers" / "viapublica_plates.yaml"


@dataclass(frozen=True)
class Plan:
    """What a training run is, besides its material."""

    epochs: int = 48
    steps: int = 100
    batch: int = 96
    rate: float = 8e-4
    real_share: float = 0.5
    label_smoothing: float = 0.01
    seed: int = 7


def one_hot(text: str) -> Any:
    """(slots, alphabet) of a text, padded at its end."""
    padded = text.ljust(SLOTS, "_")
    return np.eye(len(ALPHABET), dtype=np.float32)[[ALPHABET.index(character) for character in padded]]


def _produce(data: Path, plan: Plan, seed: int, queue: Any) -> None:
    cv2.setNumThreads(1)
    os.nice(1)
    try:
        crops = stream(real_scenes(data, validation=False), plan.real_share, seed)
        while True:
            pairs = [next(crops) for _ in range(plan.batch)]
            images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image, _ in pairs])
            queue.put((images, np.stack([one_hot(text) for _, text in pairs])))
    except Exception as error:  # noqa: BLE001 - reported by the waiting process
        queue.put(str(error) or type(error).__name__)


def batches(data: Path, plan: Plan, first_epoch: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Endless batches, made by two processes; a resumed run gets fresh ones."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=8)
    seeds = [plan.seed + 1000 * first_epoch + number for number in range(2)]
    workers = [context.Process(target=_produce, args=(data, plan, seed, queue), daemon=True) for seed in seeds]
    for worker in workers:
        worker.start()
    try:
        while True:
            try:
                made = queue.get(timeout=_PATIENCE_S)
            except Empty:
                if all(worker.is_alive() for worker in workers):
                    continue
                raise TrainingDataError("a process that makes crops has died; is there enough memory?") from None
            if isinstance(made, str):
                raise TrainingDataError(f"crops cannot be made: {made}")
            images, texts = made
            yield images, {"plate": texts}
    finally:
        for worker in workers:
            worker.terminate()


def validation_set(data: Path, seed: int) -> tuple[Any, dict[str, Any]]:
    """Held-out real plates, each cut four times as a detector would."""
    rng = np.random.default_rng(seed)
    scenes = real_scenes(data, validation=True)
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
        batches(data, plan, done),
        steps_per_epoch=plan.steps,
        epochs=plan.epochs,
        validation_data=validation_set(data, plan.seed),
        validation_batch_size=plan.batch,
        callbacks=[
            keras.callbacks.BackupAndRestore(work / "backup", delete_checkpoint=False),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.CSVLogger(work / "log.csv", append=True),
            keras.callbacks.ModelCheckpoint(work / "last.keras"),
            keras.callbacks.TerminateOnNaN(),
        ],
        verbose="auto",
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
