"""YAML of strangers is read within limits, and what is wrong with it has a line."""

from __future__ import annotations

import time

import pytest

from pipeline.storage.yaml_document import DEEPEST, BadDocument, line_of, parse_yaml


def problem_in(text: str) -> BadDocument:
    with pytest.raises(BadDocument) as caught:
        parse_yaml(text)
    return caught.value


def test_aliases_that_multiply_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    begin = time.process_time()
    assert "100000 values" in problem_in("\n".join(lines)).problem
    assert time.process_time() - begin < 1


def test_merges_that_multiply_are_refused_at_once() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    assert "100000 values" in problem_in("\n".join(lines)).problem


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: " + "[" * 5000, 2, "levels deep"),
        ("a: 1\nb: " + "{a: " * 5000, 2, "levels deep"),
        ("a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100)), DEEPEST - 2, "levels deep"),
        ("a: &a [*a]", 1, "itself part of"),
        ("a: &a\n  b: *a", 2, "itself part of"),
        ("a: 1\nb: x\0y", 2, "#x0000"),
        ("a: 1\nb: 2026-13-45T00:00:00Z", 2, "no timestamp"),
        ("a: 1\nb: !!int abc", 2, "no int"),
        ("a: 1\nb: !!bool 3", 2, "no bool"),
        ("a: 1\nb: !!timestamp abcdef", 2, "timestamp from …"),
        ("a: 1\nb: 0x" + "f" * 9000, 2, "no int"),
        ("a: 1\nb: " + "9" * 9000, 2, "no int"),
        ("a: 1\na: 2", 2, "duplicate key 'a'"),
        ("a: 1\n'a b c': 2\n'a b c': 2", 3, "duplicate key: "),
        ("a: *nothing", 1, "undefined alias …"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: [1", 1, "expected"),
        ("- a", 0, "not a mapping"),
        ("a: '" + "x" * (1 << 20) + "'", 0, "longer than 1 MiB"),
    ],
)
def test_what_is_wrong_has_a_line_and_words(text: str, line: int, words: str) -> None:
    error = problem_in(text)
    assert words in error.problem
    assert error.line == line


def test_aliases_within_reason_are_read() -> None:
    tree = parse_yaml("a: &a {b: 1, c: [1, 2]}\nd: *a\ne: {<<: *a, b: 2}\nf: &a x\ng: *a")
    assert tree["d"] == {"b": 1, "c": [1, 2]}
    assert tree["e"]["c"] == [1, 2]
    assert tree["g"] == "x"


def test_lines_of_what_has_none_are_those_around_it() -> None:
    tree = parse_yaml("a: 1\nb: !tag [x]\nc: &c {d: 1}\ne:\n  <<: *c\n  f: 1\ng: [\n  1,\n  2]")
    assert line_of(tree, ("b", 0)) == 2
    assert line_of(tree, ("e", "d")) == 4
    assert line_of(tree, ("e", "f")) == 6
    assert line_of(tree, ("g", 1)) == 9
    assert line_of(tree, ("g", 7)) == 7
    assert line_of(tree, ()) == 1
