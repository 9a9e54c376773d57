"""The table of ASVS points names tests that exist, and no point twice."""

from __future__ import annotations

import re

from tests.project.places import ROOT

PAGE = (ROOT / "docs" / "reference" / "asvs.md").read_text(encoding="utf-8")


def test_every_point_that_is_met_names_a_test_that_exists() -> None:
    met = PAGE.split("\n## Met\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d[\d., ]+) \| .* \| (.*) \|$", met, re.MULTILINE)
    assert len(rows) > 30
    for points, evidence in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", evidence)
        assert named, points
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{points}: {file}::{test}"


def test_no_point_is_both_met_and_not() -> None:
    points = re.findall(r"\d+\.\d+\.\d+", "\n".join(re.findall(r"^\| (\d[\d., ]+) \|", PAGE, re.MULTILINE)))
    assert len(points) > 60
    assert len(points) == len(set(points))
