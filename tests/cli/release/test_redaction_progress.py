"""Progress of a redaction: which round is rendered and verified, on a terminal and without one."""

from __future__ import annotations

import pytest

from pipeline.app.anonymize.progress import Stage
from pipeline.cli.common.console import progress
from pipeline.cli.release.redaction_progress import TerminalProgress

WORDS = ("rendering", "verifying")


class Clock:
    """Seconds that pass by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_lines_without_a_terminal_name_the_round(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with progress(clock) as bars:
        shown = TerminalProgress(bars)
        shown.start(tuple(Stage), 60)
        for done in range(1, 61):
            shown.advance(Stage.DETECT, done)
        for number in (1, 2):
            shown.begin_round(number, 5)
            for stage in (Stage.RENDER, Stage.VERIFY):
                for done in range(1, 61):
                    clock.now_s += 40 if done == 40 else 0
                    shown.advance(stage, done)
    lines = capsys.readouterr().err.splitlines()
    rounds = [f"{word}, round {number} of at most 5: 40 of 60 frames" for number in (1, 2) for word in WORDS]
    assert [line.split(", about")[0] for line in lines] == rounds


def test_bars_of_a_terminal_name_the_round_and_begin_anew() -> None:
    with progress() as bars:
        shown = TerminalProgress(bars)
        shown.start(tuple(Stage), 60)
        shown.begin_round(1, 4)
        shown.advance(Stage.VERIFY, 60)
        shown.begin_round(2, 4)
        verifying = next(task for task in bars.tasks if task.description.startswith("verifying"))
        assert (verifying.description, verifying.completed) == ("verifying, round 2 of at most 4", 0)


def test_an_anonymization_without_verification_has_no_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with progress(clock) as bars:
        shown = TerminalProgress(bars)
        shown.start((Stage.DETECT, Stage.RENDER), None)
        clock.now_s = 20
        shown.advance(Stage.RENDER, 7)
    assert capsys.readouterr().err == "rendering: 7 frames\n"
