"""Error reporting of the training commands: one line and exit status 2."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from models.training.sources import TrainingDataError
from pipeline.errors import ViapublicaError


@contextmanager
def reported_errors(parser: argparse.ArgumentParser) -> Iterator[None]:
    """End the command with the message of an expected error; other exceptions keep their traceback."""
    try:
        yield
    except (TrainingDataError, ViapublicaError, OSError, cv2.error) as error:
        parser.exit(2, f"{error}\n")
