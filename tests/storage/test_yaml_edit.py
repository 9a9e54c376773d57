"""Values of one entry of a list change in a YAML text; every other byte and every other comment stays."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.storage.yaml_document import BadDocument, parse_yaml
from pipeline.storage.yaml_edit import set_values

SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
TEXT = """\
# head
cameras:
  - id: gate   # main
    source: "rtsp://h/1"
    masks: # each a polygon
      # the house
      - [[0.00, 0.10], [0.18, 0.12], [0.16, 0.55]] # masks[0]: the windows
      - [[0.80, 0.00], [1.00, 0.00], [1.00, 0.35]] # masks[1]: the balcony
    areas:
      drawn_for: 1280x720 # the sub-stream
      zones:
        - name: lane-1 # toward the suburb
          kind: lane
          polygon: [[0.30, 0.40], [0.38, 0.40], [0.30, 1.0]]
    scope: public-road

  # the second one
  - {id: yard, source: b.mp4}   # last
sinks: [] # none
"""
MASKS = [[[0.0, 0.1], [0.18, 0.12], [0.16, 0.55]], [[0.8, 0.0], [1.0, 0.0], [1.0, 0.35]]]


def _entry(text: str, index: int) -> Any:
    return parse_yaml(text)["cameras"][index]


def _changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_a_moved_mask_changes_its_line_only() -> None:
    after = set_values(TEXT, "cameras", 0, {"masks": [MASKS[0], SQUARE]})
    assert _changed_lines(TEXT, after) == (
        ["      - [[0.80, 0.00], [1.00, 0.00], [1.00, 0.35]] # masks[1]: the balcony"],
        ["      - [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]       # masks[1]: the balcony"],
    )


def test_a_removed_mask_takes_its_comment_and_leaves_the_others() -> None:
    after = set_values(TEXT, "cameras", 0, {"masks": [MASKS[1]]})
    removed, added = _changed_lines(TEXT, after)
    assert added == []
    assert removed == ["      - [[0.00, 0.10], [0.18, 0.12], [0.16, 0.55]] # masks[0]: the windows"]


def test_lists_that_become_empty_stay_valid() -> None:
    after = set_values(TEXT, "cameras", 0, {"masks": [], "areas": {"drawn_for": "1280x720", "zones": []}})
    assert _entry(after, 0)["masks"] == []
    assert _entry(after, 0)["areas"]["zones"] == []
    assert "# the sub-stream" in after
    assert set_values(after, "cameras", 0, {"masks": MASKS})


def test_a_zone_changes_by_its_name_and_another_is_added() -> None:
    lane = {"name": "lane-1", "kind": "lane", "polygon": SQUARE}
    walk = {"name": "walk", "kind": "sidewalk", "polygon": SQUARE[::-1]}
    after = set_values(TEXT, "cameras", 0, {"areas": {"drawn_for": "1280x720", "zones": [walk, lane]}})
    removed, added = _changed_lines(TEXT, after)
    assert removed == ["          polygon: [[0.30, 0.40], [0.38, 0.40], [0.30, 1.0]]"]
    assert added == [
        "        - name: walk",
        "          kind: sidewalk",
        "          polygon: [[0.9, 0.9], [0.9, 0.1], [0.1, 0.1]]",
        "          polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]",
    ]
    assert "- name: lane-1 # toward the suburb" in after


def test_keys_that_are_missing_are_added_at_the_end_of_the_entry() -> None:
    points = [{"x": 0.1, "y": 0.2, "x_m": 3.0, "y_m": 4.0}]
    after = set_values(TEXT, "cameras", 0, {"ignore": [SQUARE], "calibration": {"points": points}})
    assert _changed_lines(TEXT, after) == (
        [],
        [
            "    ignore:",
            "      - [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]",
            "    calibration:",
            "      points:",
            "        - {x: 0.1, y: 0.2, x_m: 3.0, y_m: 4.0}",
        ],
    )


@pytest.mark.parametrize(
    ("text", "index"),
    [
        (TEXT, 1),
        (TEXT.replace("\n", "\r\n"), 0),
        (TEXT.replace("      - [[", "    - [["), 0),
        ("cameras:\n- id: a\n  masks: []\n  source: b", 0),
        ("cameras:\n- id: a\n  source: b", 0),
        ("cameras: [{id: a, masks: [[[0, 0], [1, 1], [0, 1]]]}]\n", 0),
    ],
)
def test_every_layout_holds_the_values_and_keeps_its_other_lines(text: str, index: int) -> None:
    values = {"masks": [SQUARE], "areas": {"zones": [{"name": "a", "kind": "other", "polygon": SQUARE}]}}
    after = set_values(text, "cameras", index, values)
    found = _entry(after, index)
    assert found["masks"] == [SQUARE]
    assert found["areas"]["zones"][0]["polygon"] == SQUARE
    assert ("\r\n" in after) == ("\r\n" in text)
    assert set_values(after, "cameras", index, values) == after


def test_a_value_that_an_alias_shares_is_left_to_the_person() -> None:
    text = "cameras:\n- id: a\n  masks: &m\n  - [[0, 0], [1, 1], [0, 1]]\n- id: b\n  masks: *m\n"
    with pytest.raises(BadDocument, match="no automatic change"):
        set_values(text, "cameras", 0, {"masks": []})
