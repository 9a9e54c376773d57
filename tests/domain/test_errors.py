"""The exception tree is as documented."""

from __future__ import annotations

import re

import pytest

from pipeline import errors
from pipeline.errors import Backpressure, ConfigError, NotLoggedIn, PolicyError, ViapublicaError

_TREE = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ViapublicaError)
}  # fmt: skip
_BUILT_IN = {"Exception", "OSError"}


def test_the_documented_tree_shows_every_exception_and_no_other() -> None:
    assert errors.__doc__ is not None
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__)
    assert sorted(drawn) == sorted(set(_TREE) - {"ViapublicaError"})


@pytest.mark.parametrize("name", sorted(_TREE))
def test_the_documented_tree_names_built_in_base_classes(name: str) -> None:
    assert errors.__doc__ is not None
    line = next(line for line in errors.__doc__.splitlines() if re.search(rf"\b{name}\b", line))
    also = re.search(r"also (\w+)", line)
    built_in = [base.__name__ for base in _TREE[name].__bases__ if base.__module__ == "builtins"]
    assert built_in == ([also.group(1)] if also else [b for b in built_in if b in _BUILT_IN])


@pytest.mark.parametrize("refusal", [PolicyError, NotLoggedIn])
def test_code_that_expects_failures_of_files_never_catches_a_refusal(refusal: type[PolicyError]) -> None:
    assert not issubclass(refusal, OSError)


def test_an_error_message_has_subject_problem_and_fix() -> None:
    error = ConfigError("camera c1", "has no scope", "Add one")
    assert (error.subject, error.problem, error.fix) == ("camera c1", "has no scope", "Add one")
    assert str(error) == "camera c1: has no scope. Add one"
    assert str(ConfigError("camera c1", "has no scope")) == "camera c1: has no scope"
    assert Backpressure("kafka", "is full", 1.5).retry_after_s == 1.5
