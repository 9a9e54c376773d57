"""Known-answer test: a network is used on a machine only after it gave the right answers there.

A model card names images with the objects or the text in them. Each combination of weights, backend, device, threads
and input size is tested once before its first use; the verdict is stored in the user's cache folder under a key of
everything that the answers depend on. ``backend: auto`` selects the fastest backend that passes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec
import structlog

from pipeline import __version__
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity, RejectedBackend
from pipeline.errors import KnownAnswerFailed, ModelCardError, ModelRuntimeError
from pipeline.inference.device import Backend, Device
from pipeline.inference.machine_fingerprint import fingerprint
from pipeline.storage.atomic import atomic_file, unique_partial
from pipeline.storage.folders import private_folder
from pipeline.weights.catalog import ModelCard

_TEST_VERSION: Final = 2
"""Incremented when the test changes, which invalidates stored verdicts."""
Opened = TypeVar("Opened")
_log = structlog.get_logger(__name__)
_ENVIRONMENT: Final = "VIAPUBLICA_CACHE"
"""Environment variable that replaces the folder of verdicts in the user's cache folder."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Opened]):
    """One way to run a network.

    Attributes:
        backend: the library.
        open: loads the network with it.
    """

    backend: Backend
    open: Callable[[], Opened]


@dataclass(frozen=True, slots=True)
class Use:
    """Intended use of a network; its answers may depend on each field.

    Attributes:
        card: its model card.
        device: the hardware.
        threads: processor threads.
        input_size: width and height in pixels, None for those of the card.
    """

    card: ModelCard
    device: Device
    threads: int
    input_size: tuple[int, int] | None = None


class _Verdict(msgspec.Struct, frozen=True):
    about: str
    passed: bool
    reason: str


def open_tested(
    use: Use,
    candidates: Sequence[Candidate[Opened]],
    answers_wrong: Callable[[Opened], Sequence[str]],
    *,
    close: Callable[[Opened], None],
) -> tuple[Opened, NetworkIdentity]:
    """The first candidate that passes the network's known-answer test.

    Args:
        use: the network and its intended use.
        candidates: fastest first; a single one if the backend is configured by name.
        answers_wrong: describes the wrong answers of a loaded network; empty if it passes.
        close: releases the resources of a failing candidate.

    Raises:
        ModelCardError: the card has no known answers.
        KnownAnswerFailed: no candidate passes.
        ModelError, MissingComponent: the last candidate cannot be loaded, or the files do not match the card.
    """
    if not use.card.known_answers:
        close(candidates[0].open())  # errors of the weights themselves take precedence
        raise ModelCardError(
            f"model card {use.card.path or use.card.name}",
            "has no known answers, so the network cannot be tested on this machine",
            f"Record them with: viapublica models record-answers {use.card.path or use.card.name} IMAGE",
        )
    rejected: list[RejectedBackend] = []
    for candidate in candidates:
        try:
            tested = _tested(use, candidate, answers_wrong, close)
        except ModelRuntimeError as error:
            if candidate is candidates[-1]:
                raise
            tested = _Verdict(about=use.card.name, passed=False, reason=error.problem)
        if not isinstance(tested, _Verdict):
            return tested, NetworkIdentity(
                name=use.card.name,
                weights_sha256=use.card.sha256,
                card_sha256=use.card.digest,
                backend=candidate.backend.value,
                device=use.device.value,
                labels=frozenset(Label.from_word(word) for word in use.card.labels.values()),
                rejected=tuple(rejected),
            )
        rejected.append(RejectedBackend(candidate.backend.value, tested.reason))
        _log.warning(
            "network_failed_known_answer_test",
            model=use.card.name,
            backend=candidate.backend.value,
            device=use.device.value,
            reason=tested.reason,
        )
    wrong = "; ".join(f"{one.backend}: {one.reason}" for one in rejected)
    raise KnownAnswerFailed(
        f"model {use.card.name}",
        f"gives wrong answers on this machine ({wrong})",
        "Set backend: auto, or use another model; `viapublica models test` lists the combinations that pass",
    )


def forget_verdicts(model: str) -> None:
    """Delete the stored verdicts of a model, so that it is tested again.

    Raises:
        OSError: one cannot be deleted.
    """
    for path in cache_folder().glob("*.json"):
        if path.name.startswith((f"{model}-{Backend.ONNXRUNTIME}-", f"{model}-{Backend.OPENVINO}-")):
            path.unlink(missing_ok=True)


def _tested(
    use: Use,
    candidate: Candidate[Opened],
    answers_wrong: Callable[[Opened], Sequence[str]],
    close: Callable[[Opened], None],
) -> Opened | _Verdict:
    """The loaded network, or the verdict that it fails."""
    path = _verdict_path(use, candidate.backend)
    known = _read(path)
    if known is not None and not known.passed:
        return known
    opened = candidate.open()
    if known is not None:
        return opened
    try:
        wrong = answers_wrong(opened)
    except BaseException:
        close(opened)
        raise
    verdict = _Verdict(about=path.stem, passed=not wrong, reason="; ".join(wrong))
    _write(path, verdict)
    if wrong:
        close(opened)
        return verdict
    return opened


def _verdict_path(use: Use, backend: Backend) -> Path:
    dependencies: Mapping[str, object] = {
        "test": _TEST_VERSION,
        "viapublica": __version__,
        "card": use.card.digest,
        "weights": use.card.sha256,
        "companions": [companion.sha256 for companion in use.card.companions],
        "backend": backend.value,
        "device": use.device.value,
        "threads": use.threads,
        "input_size": use.input_size,
        "machine": fingerprint(backend, use.device),
    }
    key = hashlib.sha256(msgspec.json.encode(dependencies, order="sorted")).hexdigest()
    return cache_folder() / f"{use.card.name}-{backend.value}-{key[:32]}.json"


def cache_folder() -> Path:
    """The folder of results about this machine: verdicts and autotunings."""
    chosen = os.environ.get(_ENVIRONMENT)
    if chosen:
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    base = Path(cache) if cache else Path(os.path.expanduser("~")) / ".cache"  # noqa: PTH111 (never raises)
    return base / "viapublica" / "known-answers"


def read_owned(path: Path) -> bytes | None:
    """Content of a file of the cache folder; None if there is none, or if another user could have written it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if status.st_uid != os.getuid() or status.st_mode & 0o022:
                return None
            return file.read()
    except OSError:
        return None


def write_owned(path: Path, data: bytes) -> None:
    """Store a file in the cache folder; if that fails, the next start repeats the test or measurement."""
    try:
        private_folder(path.parent)
        with atomic_file(path, sync=False, partial=unique_partial(path)) as file:
            file.write(data)
    except OSError as error:
        _log.info("result_not_stored", folder=str(path.parent), reason=error.strerror)


def _read(path: Path) -> _Verdict | None:
    """The stored verdict; None if there is none that can be trusted."""
    try:
        verdict = msgspec.json.decode(read_owned(path) or b"", type=_Verdict)
    except msgspec.MsgspecError:
        return None
    return verdict if verdict.about == path.stem else None  # a renamed file is about something else


def _write(path: Path, verdict: _Verdict) -> None:
    write_owned(path, msgspec.json.encode(verdict))
