from __future__ import annotations

import pytest

from pipeline.inference.device_errors import device_error


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0", "driver is too old"),
        ("BFCArena: Failed to allocate memory for requested buffer of size 52428800", "out of memory"),
        ("CUDA failure 2: out of memory ; GPU=0 ; hostname=node", "out of memory"),
        ("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", "out of memory"),
        ("CUDA failure 46: CUDA-capable device(s) is/are busy or unavailable", "in use by another program"),
        ("CUDA failure 100: no CUDA-capable device is detected", "does not answer"),
        ("CUDA failure 719: unspecified launch failure", "does not answer"),
        ("libcudnn.so.9: cannot open shared object file: No such file or directory", "library is missing"),
    ],
)
def test_messages_of_runtimes_become_clear_words(message: str, problem: str) -> None:
    known = device_error(message)
    assert known is not None
    assert problem in known.problem
    assert known.fix


@pytest.mark.parametrize("message", ["Got invalid dimensions for input: images", "CUDA failure 250: something else"])
def test_an_unknown_message_is_not_guessed_at(message: str) -> None:
    assert device_error(message) is None
