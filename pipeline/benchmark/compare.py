"""Comparison with other programs on the same clips and weights, in one run: each in its own environment, in turn."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline import __version__
from pipeline.benchmark import peers
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.repeats import Progress, Spread, interleaved
from pipeline.benchmark.stages import FileRuns
from pipeline.errors import MissingComponent, ViapublicaError
from pipeline.weights.catalog import load_card, verify_plate_config, verify_weights

_PROGRAMS: Final = Path(peers.__file__).parent
_MODEL: Final = "viapublica_traffic"
_READER: Final = "viapublica_plates"
_LONGEST_S: Final = 1800


class Peer(msgspec.Struct, frozen=True):
    """A program that is compared with viapublica.

    Attributes:
        name: of its environment's folder; title: in tables.
        program: file name in `pipeline/benchmark/peers`.
        packages: that its environment needs.
    """

    name: str
    title: str
    program: str
    packages: tuple[str, ...]

    def python(self, environments: Path) -> Path:
        """The interpreter of its environment.

        Raises:
            MissingComponent: there is none.
        """
        found = environments / self.name / "bin" / "python"
        if not found.exists():
            raise MissingComponent(f"peer {self.name}", f"there is no {found}", self.how_to_install(environments))
        return found

    def how_to_install(self, environments: Path) -> str:
        """The command that makes its environment."""
        folder = environments / self.name
        packages = " ".join(f"'{package}'" for package in self.packages)
        return f"python3 -m venv {folder} && {folder}/bin/pip install {packages}"


PEERS: Final = (
    Peer(
        "ultralytics",
        "Ultralytics stream tracking, OpenVINO, same weights",
        "ultralytics_tracking.py",
        ("ultralytics>=8.3", "openvino>=2025.0", "lap>=0.5.12"),
    ),
    Peer(
        "fast-alpr",
        "fast-alpr loop, ONNX Runtime, same weights",
        "fast_alpr_loop.py",
        ("fast-alpr[onnx]>=0.3",),
    ),
)


class Compared(msgspec.Struct, frozen=True):
    """One program's figures.

    Attributes:
        fps: video frames per second; cpu_ms: processor milliseconds per frame.
        found: what it found, in its own words; version: of the program.
    """

    title: str
    fps: Spread
    cpu_ms: Spread
    found: str
    version: str


def compare(
    clips: Sequence[Path],
    cases: Mapping[str, Workload],
    environments: Path,
    *,
    names: Sequence[str],
    threads: int,
    repeats: int,
    progress: Progress,
) -> list[Compared]:
    """Run viapublica and its peers on the same clips, in turn.

    Args:
        clips: the videos.
        cases: ways to run viapublica, by title.
        environments: folder of the peers' environments.
        names: peers to be compared.
        threads: processor threads of each program's network.
        repeats: counted runs of each program.
        progress: receives what is measured.

    Raises:
        MissingComponent: the environment of a peer is missing.
        ViapublicaError: a peer failed, or a network cannot be used.
    """
    chosen = [peer for peer in PEERS if peer.name in names]
    pythons = peer_pythons(environments, names)
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder:
        own = {title: FileRuns(Path(folder) / str(n), clips, work) for n, (title, work) in enumerate(cases.items())}
        runs = {peer.title: _PeerRun(peer, pythons[peer.name], clips, cases, threads) for peer in chosen}
        measures: dict[str, Callable[[], float]] = {title: each.run for title, each in own.items()}
        speeds = interleaved(measures | {title: run.run for title, run in runs.items()}, repeats, progress)
    version = f"viapublica {__version__}"
    ours = [Compared(name, speeds[name], each.cpu_ms(repeats), each.found(), version) for name, each in own.items()]
    return ours + [run.compared(speeds[title], repeats) for title, run in runs.items()]


def peer_pythons(environments: Path, names: Sequence[str]) -> dict[str, Path]:
    """The Python of each peer, by name.

    Raises:
        MissingComponent: the environment of a peer is missing.
    """
    return {peer.name: peer.python(environments) for peer in PEERS if peer.name in names}


class _PeerRun:
    """Runs of one peer."""

    def __init__(
        self, peer: Peer, python: Path, clips: Sequence[Path], cases: Mapping[str, Workload], threads: int
    ) -> None:
        self._peer = peer
        models = next(iter(cases.values())).models
        self._words = [str(python), str(_PROGRAMS / peer.program), *_weights(peer, models), "--threads", str(threads)]
        self._clips = [str(clip) for clip in clips]
        self._results: list[dict[str, Any]] = []

    def run(self) -> float:
        """Frames per second of one run; loading is not counted."""
        with tempfile.TemporaryDirectory(prefix="viapublica-peer-") as folder:
            words = [*self._words, *(["--folder", folder] if self._peer.name == "ultralytics" else []), *self._clips]
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=_LONGEST_S, cwd=folder, env=_environment()
            )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ViapublicaError(
                f"peer {self._peer.name}", f"failed ({last})", "Check its environment, or name other peers with --peer"
            )
        result = json.loads(done.stdout.strip().splitlines()[-1])
        self._results.append(result)
        return float(result["frames"] / result["seconds"])

    def compared(self, fps: Spread, repeats: int) -> Compared:
        """Figures of the counted runs."""
        counted = self._results[-repeats:]
        cpu_ms = Spread.of([1000 * result["cpu_s"] / result["frames"] for result in counted])
        return Compared(self._peer.title, fps, cpu_ms, counted[-1]["found"], counted[-1]["version"])


def _weights(peer: Peer, models: Path | None) -> list[str]:
    """Options that name the shipped weights."""
    card, reader = load_card(_MODEL, models), load_card(_READER, models)
    weights = ["--weights", str(verify_weights(card, models))]
    if peer.name == "ultralytics":
        return [*weights, "--names", json.dumps(card.labels)]
    plate = next(channel for channel, word in card.labels.items() if word == "plate")
    readers = [
        "--reader",
        str(verify_weights(reader, models)),
        "--reader-config",
        str(verify_plate_config(reader, models)),
    ]
    return [*weights, "--channel", str(plate), *readers]


def _environment() -> dict[str, str]:
    """Without what this process' Python would hand on to another one."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
