"""The tables of ASVS points name tests and files that exist, and each point of levels 1 and 2 once."""

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


# Last point of each section with points of level 1 or 2; those of level 3 among them.
_SECTIONS = """
    1.1.2 1.2.9 1.3.11 1.4.3 1.5.2 2.1.3 2.2.3 2.3.4 2.4.1 3.2.2 3.3.4 3.4.6 3.5.5 3.7.2 4.1.3 4.2.1 4.3.2 4.4.4 5.1.1
    5.2.3 5.3.2 5.4.3 6.1.3 6.2.12 6.3.4 6.4.4 6.5.5 6.6.3 6.8.4 7.1.3 7.2.4 7.3.2 7.4.5 7.5.2 7.6.2 8.1.2 8.2.3 8.3.1
    8.4.1 9.1.3 9.2.4 10.1.2 10.2.2 10.3.4 10.4.11 10.5.5 10.6.2 10.7.3 11.1.2 11.2.3 11.3.3 11.4.4 11.5.1 11.6.1
    12.1.3 12.2.2 12.3.4 13.1.1 13.2.5 13.3.2 13.4.5 14.1.2 14.2.4 14.3.3 15.1.3 15.2.3 15.3.7 16.1.1 16.2.5 16.3.4
    16.4.3 16.5.3 17.1.1 17.2.4 17.3.2
""".split()


def test_each_point_of_levels_1_and_2_stands_in_one_table() -> None:
    expected = {
        f"{section}.{number}"
        for section, _, last in (end.rpartition(".") for end in _SECTIONS)
        for number in range(1, int(last) + 1)
    }
    points = re.findall(r"\d+\.\d+\.\d+", "\n".join(re.findall(r"^\| (\d[\d., ]+) \|", PAGE, re.MULTILINE)))
    assert sorted(points) == sorted(set(points))
    assert set(points) == expected
    assert len(expected) == 253


def test_what_is_met_by_construction_names_a_file_that_exists() -> None:
    table = PAGE.split("\n## Met by construction\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| \d.* \| `([\w./-]+)` \|$", table, re.MULTILINE)
    assert len(named) == len(re.findall(r"^\| \d", table, re.MULTILINE))
    assert not [name for name in named if not (ROOT / name).is_file()]
