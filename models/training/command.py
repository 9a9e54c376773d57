"""What the training commands share: trouble is told in a line, with exit status 2."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from models.training.sources import TrainingDataError
from pipeline.errors import ViapublicaError


@contextmanager
def told(parser: argparse.ArgumentParser) -> Iterator[None]:
    """End the command with the trouble's words; a mistake of the code keeps its traceback."""
    try:
        yield
    except (TrainingDataError, ViapublicaError, OSError, cv2.error) as error:
        parser.exit(2, f"{error}\n")
