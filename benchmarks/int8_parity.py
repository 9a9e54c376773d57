"""Our detectors in float and in 8 bits on every runtime and instruction set that can be forced here.

    python -m benchmarks.int8_parity --data ../shared/data --models ../shared/models

Each row of the table is a process of its own: the instruction set is chosen by an environment variable that oneDNN,
which OpenVINO computes with, reads once. That it took effect is seen in the names of the kernels.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.training.figures import shown
from models.training.sources import Part, Sample, everything
from models.training.traffic.evaluate import evaluate
from models.training.traffic.network import CLASSES
from models.training.traffic.teachers import CardTeacher
from pipeline.benchmark.results_page import machine, markdown, write_table
from pipeline.detect.network_detector import NetworkDetector
from pipeline.detect.settings import DetectSettings
from pipeline.inference.device import Backend
from pipeline.inference.runtime import InputSpec
from pipeline.weights.catalog import load_card, read_weights

MEASURES = (
    "pipeline/detect/network_detector.py",
    "pipeline/detect/output_decoders.py",
    "pipeline/detect/letterbox.py",
    "pipeline/detect/nms.py",
    "pipeline/inference",
)
"""The code that the figures are of."""

PAIRS: Final = (
    ("viapublica_traffic", "viapublica_traffic_int8"),
    ("viapublica_check", "viapublica_check_int8"),
)
"""The float network and the same in 8 bits."""
GROUPS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "plates": (("br-street-plates", "plate"),),
    "persons": (("coco-val-people-vehicles", "person"), ("pets09-s2l1/pedestrians.avi", "person")),
    "vehicles": (("coco-val-people-vehicles", "vehicle"),),
}
"""What is counted together: sets and their label."""
THREADS: Final = 2
_ISA: Final = "ONEDNN_MAX_CPU_ISA"


@dataclass(frozen=True)
class Way:
    """How a network is run.

    Attributes:
        words: for the table.
        backend: who runs it.
        isa: the highest instruction set oneDNN may use, empty for all of the machine's.
        precision: what OpenVINO computes in where nothing is quantized, empty for its own choice.
    """

    words: str
    backend: Backend
    isa: str = ""
    precision: str = ""


WAYS: Final = (
    Way("ONNX Runtime", Backend.ONNXRUNTIME),
    Way("OpenVINO, as installed", Backend.OPENVINO),
    Way("OpenVINO, AVX-512 VNNI", Backend.OPENVINO, "AVX512_CORE_VNNI", "f32"),
    Way("OpenVINO, AVX-512 without VNNI", Backend.OPENVINO, "AVX512_CORE", "f32"),
    Way("OpenVINO, AVX2 VNNI", Backend.OPENVINO, "AVX2_VNNI", "f32"),
    Way("OpenVINO, AVX2", Backend.OPENVINO, "AVX2", "f32"),
)
"""Without the bfloat16 units that a lesser processor lacks, so float32 is asked for there."""


class Forced:
    """OpenVINO with a given precision; a `pipeline.inference.runtime.Runtime`."""

    spec = InputSpec(None, None, None, np.float32)
    names: Mapping[int, str] = {}
    parallel = 1

    def __init__(self, weights: bytes, precision: str) -> None:
        import openvino

        core = openvino.Core()
        config = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": "NO"}
        if precision:
            config["INFERENCE_PRECISION_HINT"] = precision
        self._compiled: Any = core.compile_model(core.read_model(weights, b""), "CPU", config)
        self._request: Any = self._compiled.create_infer_request()

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """See `Runtime`."""
        return np.array(self._request.infer([batch])[self._compiled.output(0)])

    def run_each(self, batches: Iterable[npt.NDArray[np.generic]]) -> Iterator[npt.NDArray[Any]]:
        """See `Runtime`."""
        return map(self.run, batches)

    def close(self) -> None:
        """See `Runtime`."""
        self._request = None

    def kernels(self) -> str:
        """The convolutions' instruction sets and number formats, and how many of each."""
        found: Counter[str] = Counter()
        for node in self._compiled.get_runtime_model().get_ops():
            info = node.get_rt_info()
            if _text(info, "layerType") == "Convolution":
                words = _text(info, "primitiveType").split("_")
                found[f"{next((w for w in words if w.startswith(('avx', 'sse', 'uni'))), 'other')} {words[-1]}"] += 1
        return ", ".join(f"{count} {name}" for name, count in found.most_common())


def _text(info: Any, key: str) -> str:
    if key not in info:
        return ""
    return str(getattr(info[key], "value", info[key]))


class ForcedTeacher(CardTeacher):
    """A card's network in OpenVINO with a given precision."""

    def __init__(self, card: str, models: Path, precision: str) -> None:
        described = load_card(card, models)
        self.name, self.labels = card, frozenset(described.labels.values())
        self.runtime = Forced(read_weights(described, models), precision)
        self._detector = NetworkDetector(described, self.runtime, DetectSettings(model=card, confidence=0.15))


def held_out(data: Path) -> list[Sample]:
    """The labeled images that the tables count."""
    wanted = {source for sets in GROUPS.values() for source, _ in sets}
    return [
        sample for sample in everything(data) if sample.part is Part.JUDGE and sample.boxes and sample.source in wanted
    ]


def measure(card: str, way: Way, data: Path, models: Path) -> dict[str, Any]:
    """Counts per group, median milliseconds per image, and the kernels that were used; in this process."""
    teacher: CardTeacher
    kernels = "-"
    if way.backend is Backend.OPENVINO:
        teacher = forced = ForcedTeacher(card, models, way.precision)
        kernels = forced.runtime.kernels()
    else:
        teacher = CardTeacher(card, CLASSES, models, backend=way.backend)
    result = evaluate(held_out(data), teacher)
    counts = {}
    for group, sets in GROUPS.items():
        scores = [score for key in sets if (score := result.scores.get(key))]
        counts[group] = [sum(getattr(s, what) for s in scores) for what in ("right", "labeled", "found")]
    return {"counts": counts, "ms": statistics.median(result.milliseconds), "kernels": kernels}


def apart(card: str, way: Way, options: argparse.Namespace) -> dict[str, Any]:
    """`measure` in a process of its own, with the instruction set that the way asks for."""
    command = [sys.executable, "-m", "benchmarks.int8_parity", "--data", options.data, "--models", options.models]
    environment = {**os.environ, **({_ISA: way.isa} if way.isa else {})}
    command += ["--measure", card, str(WAYS.index(way))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{card}, {way.words}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def row(card: str, way: Way, measured: Mapping[str, Any], reference: Mapping[str, Any]) -> list[str]:
    """A line of the table; `reference` is the float network in ONNX Runtime."""
    cells = [f"`{card}`", way.words]
    for group, (right, labeled, found) in measured["counts"].items():
        base_right, base_labeled, base_found = reference["counts"][group]
        recall = 100 * (right / max(1, labeled) - base_right / max(1, base_labeled))
        precision = 100 * (right / max(1, found) - base_right / max(1, base_found))
        cells += [shown(right, labeled), f"{right / max(1, found):.3f}", f"{recall:+.1f} / {precision:+.1f}"]
    return [*cells, f"{measured['ms']:.0f}", measured["kernels"]]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/int8_parity.md"))
    parser.add_argument("--measure", nargs=2, metavar=("CARD", "WAY"), help="one row, as JSON; for the command itself")
    options = parser.parse_args()
    if options.measure:
        card, number = options.measure
        print(json.dumps(measure(card, WAYS[int(number)], Path(options.data), Path(options.models))))
        return
    rows = []
    for pair in PAIRS:
        reference: dict[str, Any] = {}
        for card in pair:
            for way in WAYS:
                measured = apart(card, way, options)
                reference = reference or measured
                rows.append(row(card, way, measured, reference))
                print(" | ".join(rows[-1]), flush=True)
    write(options.out, rows)


def write(out: Path, rows: Sequence[Sequence[str]]) -> None:
    """The page."""
    columns = ["network", "run by"]
    for group in GROUPS:
        columns += [f"{group} found", "precision", "recall / precision against float, points"]
    sets = [[group, ", ".join(source for source, _ in found)] for group, found in GROUPS.items()]
    write_table(
        out,
        "8 bits against float, on every runtime",
        "Held-out images only, score 0.25, IoU 0.5, share found with its 95 % interval; against the float network in "
        f"ONNX Runtime, in points. {THREADS} threads, median milliseconds per image. Precision of plates counts "
        "every box on no label as wrong, and not every plate of those images has one. Each row is a process of its "
        f"own. Where an instruction set is named, `{_ISA}` caps oneDNN at it and OpenVINO is asked for float32, as a "
        "processor of that kind would compute; the last column has the convolutions' kernels as OpenVINO names them. "
        "Other work ran on the machine: times of different rows say little. "
        f"{machine()} `python -m benchmarks.int8_parity`.",
        measures=MEASURES,
        columns=[*columns, "ms", "kernels"],
        rows=rows,
        after=f"## What is counted\n\n{markdown(['group', 'sets'], sets)}",
    )


if __name__ == "__main__":
    main()
