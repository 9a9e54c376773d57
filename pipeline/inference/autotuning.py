"""Autotuning: the backend and threads that are fastest on this machine, measured once and stored.

Two variants are measured in turn, round by round (ABAB), so that other work on the machine disturbs both. The default
is replaced only by a variant that is faster by a margin in every round; in doubt it stays. With equal threads it must
need less processor time as well: on a busy machine elapsed time depends on which threads the kernel lets wait.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from pipeline import __version__
from pipeline.inference.device import Backend
from pipeline.inference.known_answer import cache_folder, read_owned, write_owned

_VERSION: Final = 1
"""Incremented when the measurement changes, which invalidates stored results."""
MARGIN: Final = 0.15
"""Share of the time per frame by which a variant must be faster than the one it replaces."""
ROUNDS: Final = 4
_REPEATS: Final = 3
"""Timed calls per round, of which the shortest counts: other work only makes calls longer."""
_log = structlog.get_logger(__name__)


class Variant(msgspec.Struct, frozen=True):
    """One way to run a network.

    Attributes:
        backend: the library.
        threads: processor threads.
    """

    backend: Backend
    threads: int

    def text(self) -> str:
        """``openvino, 2 threads``."""
        return f"{self.backend.value}, {'1 thread' if self.threads == 1 else f'{self.threads} threads'}"


class Speed(msgspec.Struct, frozen=True):
    """Duration of one call, or of one frame in it, in milliseconds.

    Attributes:
        elapsed_ms: by the clock.
        processor_ms: of all threads of this process together.
    """

    elapsed_ms: float
    processor_ms: float

    @classmethod
    def best(cls, speeds: Sequence[Speed]) -> Speed:
        """The least of each."""
        return cls(min(one.elapsed_ms for one in speeds), min(one.processor_ms for one in speeds))

    def per_frame(self, frames: int) -> Speed:
        """Of each of a batch of frames, rounded."""
        return Speed(round(self.elapsed_ms / frames, 1), round(self.processor_ms / frames, 1))


class Measured(msgspec.Struct, frozen=True):
    """A variant on this machine.

    Attributes:
        variant: what was measured.
        per_frame: the shortest of all calls; None if it cannot be used.
        problem: why it cannot be used.
    """

    variant: Variant
    per_frame: Speed | None
    problem: str = ""

    def text(self) -> str:
        """``openvino, 2 threads: 20.5 ms per frame (31.2 ms of processor time)``."""
        if self.per_frame is None:
            return f"{self.variant.text()}: cannot be used ({self.problem})"
        speed = self.per_frame
        return f"{self.variant.text()}: {speed.elapsed_ms:g} ms per frame ({speed.processor_ms:g} ms of processor time)"


class Autotuning(msgspec.Struct, frozen=True):
    """Measurements on this machine and the choice that follows from them.

    Attributes:
        about: key of everything that the speed depends on.
        measured: variants in the order of measurement; the first usable one is the default.
        chosen: the variant that is used.
    """

    about: str
    measured: list[Measured]
    chosen: Variant

    @property
    def default(self) -> Variant:
        """The variant that is used without a measurement."""
        return next(one.variant for one in self.measured if one.per_frame is not None)


def measure_in_turn(
    calls: Sequence[Callable[[], object]], clock: Callable[[], Speed] | None = None
) -> list[list[Speed]]:
    """Per call, its best speed in each round; the calls alternate within a round.

    Args:
        calls: run the variants.
        clock: elapsed and processor time since a fixed moment; None for those of this process.
    """
    found: list[list[Speed]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, speeds in zip(calls, found, strict=True):
            call()  # warms the caches that the other one has filled
            speeds.append(Speed.best([_measured(call, clock or _now) for _ in range(_REPEATS)]))
    return found


def clearly_faster(challenger: Sequence[Speed], incumbent: Sequence[Speed], *, equal_threads: bool) -> bool:
    """Whether the challenger is faster by `MARGIN` in every round; with equal threads also in processor time."""
    limit = 1 - MARGIN
    return all(
        one.elapsed_ms < limit * other.elapsed_ms
        and (not equal_threads or one.processor_ms < limit * other.processor_ms)
        for one, other in zip(challenger, incumbent, strict=True)
    )


def autotuning_key(dependencies: Mapping[str, object]) -> str:
    """Key of an autotuning: changes with anything that it depends on, and with this version of viapublica."""
    everything = {"autotuning": _VERSION, "viapublica": __version__, **dependencies}
    return hashlib.sha256(msgspec.json.encode(everything, order="sorted")).hexdigest()[:32]


def stored_autotuning(model: str, key: str) -> Autotuning | None:
    """The result of an earlier start; None if there is none, or if another user could have written it."""
    data = read_owned(cache_folder() / _file(model, key))
    with suppress(msgspec.MsgspecError):
        found = msgspec.json.decode(data or b"", type=Autotuning)
        return found if found.about == key else None
    return None


def store_autotuning(model: str, result: Autotuning) -> None:
    """Store a result; if that fails, the next start measures again."""
    write_owned(cache_folder() / _file(model, result.about), msgspec.json.encode(result))
    measured = [one.text() for one in result.measured]
    _log.info("autotuned", model=model, chosen=result.chosen.text(), measured=measured)


def _now() -> Speed:
    return Speed(1000 * time.perf_counter(), 1000 * time.process_time())


def _measured(call: Callable[[], object], clock: Callable[[], Speed]) -> Speed:
    before = clock()
    call()
    after = clock()
    return Speed(after.elapsed_ms - before.elapsed_ms, after.processor_ms - before.processor_ms)


def _file(model: str, key: str) -> str:
    return f"{model}-autotuning-{key}.json"
