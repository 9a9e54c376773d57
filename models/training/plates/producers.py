"""Batches made by processes of their own, while the network trains."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from queue import Empty
from typing import Any, Final

import cv2

from models.training.sources import TrainingDataError

_TIMEOUT_S: Final = 60.0
Batch = tuple[Any, dict[str, Any]]


def produced(
    make: Callable[..., Iterator[Batch]], arguments: tuple[Any, ...], seed: int, processes: int = 2
) -> Iterator[Batch]:
    """Endless batches of ``make(*arguments, seed)``, each process with a seed of its own.

    Raises:
        TrainingDataError: a process failed or died.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=8)
    workers = [
        context.Process(target=_produce, args=(make, arguments, seed + number, queue), daemon=True)
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        while True:
            try:
                made = queue.get(timeout=_TIMEOUT_S)
            except Empty:
                if all(worker.is_alive() for worker in workers):
                    continue
                raise TrainingDataError("a process that makes batches has died; is there enough memory?") from None
            if isinstance(made, str):
                raise TrainingDataError(f"batches cannot be made: {made}")
            yield made
    finally:
        for worker in workers:
            worker.terminate()


def _produce(make: Callable[..., Iterator[Batch]], arguments: tuple[Any, ...], seed: int, queue: Any) -> None:
    cv2.setNumThreads(1)
    os.nice(1)
    try:
        for batch in make(*arguments, seed):
            queue.put(batch)
    except Exception as error:  # noqa: BLE001 - reported by the waiting process
        queue.put(str(error) or type(error).__name__)
