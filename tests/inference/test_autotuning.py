"""The default is replaced by a clearly faster variant only, and the result is stored for its machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.inference.autotuning import (
    ROUNDS,
    Autotuning,
    Measured,
    Speed,
    Variant,
    autotuning_key,
    clearly_faster,
    measure_in_turn,
    store_autotuning,
    stored_autotuning,
)
from pipeline.inference.device import Backend

OPENVINO = Variant(Backend.OPENVINO, 2)
ONNX = Variant(Backend.ONNXRUNTIME, 2)


@pytest.mark.parametrize(
    ("challenger_ms", "faster"),
    [
        ([16.0, 16.0, 16.0, 16.0], True),
        ([16.0, 16.0, 17.5, 16.0], False),
        ([1.0, 1.0, 1.0, 20.0], False),
        ([17.0, 17.0, 17.0, 17.0], False),
    ],
)
def test_a_variant_that_is_not_faster_in_every_round_does_not_replace_another(
    challenger_ms: list[float], faster: bool
) -> None:
    challenger = [Speed(one, one) for one in challenger_ms]
    assert clearly_faster(challenger, [Speed(20.0, 20.0)] * 4, equal_threads=True) is faster


def test_a_backend_that_a_busy_machine_let_wait_is_not_replaced() -> None:
    # Elapsed times were seen with ten programs per core; without them they are close to the processor times.
    openvino, onnx = [Speed(46.4, 16.2)] * 4, [Speed(23.5, 23.1)] * 4
    assert not clearly_faster(onnx, openvino, equal_threads=True)
    assert clearly_faster(onnx, openvino, equal_threads=False), "more threads save no processor time"


class Clock:
    """Time that passes only in calls; threads work half of it."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.calls: list[str] = []

    def __call__(self) -> Speed:
        return Speed(self.now_ms, self.now_ms / 2)

    def call(self, name: str, durations_ms: list[float]) -> None:
        self.now_ms += durations_ms[self.calls.count(name) % len(durations_ms)]
        self.calls.append(name)


def test_calls_alternate_and_the_shortest_of_each_round_counts_without_its_first() -> None:
    clock = Clock()
    # A warming call and three timed ones per round; of the second call, all but one per round are disturbed.
    found = measure_in_turn(
        [lambda: clock.call("a", [90.0, 25.0, 50.0, 25.0]), lambda: clock.call("b", [0.0, 50.0, 12.0, 50.0])], clock
    )
    assert found == [[Speed(25.0, 12.5)] * ROUNDS, [Speed(12.0, 6.0)] * ROUNDS]
    assert "".join(clock.calls) == "aaaabbbb" * ROUNDS


def test_a_result_is_stored_for_its_key_and_read_by_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIAPUBLICA_CACHE", str(tmp_path))
    key = autotuning_key({"cores": 2})
    assert key != autotuning_key({"cores": 4})
    assert stored_autotuning("street", key) is None
    result = Autotuning(key, [Measured(OPENVINO, None, "fails"), Measured(ONNX, Speed(20.0, 31.5))], ONNX)
    store_autotuning("street", result)
    assert stored_autotuning("street", key) == result
    assert result.default == ONNX
    assert stored_autotuning("street", autotuning_key({"cores": 4})) is None
    (file,) = tmp_path.iterdir()
    file.chmod(0o666)
    assert stored_autotuning("street", key) is None
    file.chmod(0o600)
    file.write_bytes(b"{")
    assert stored_autotuning("street", key) is None
