"""An entry is added to a list of a YAML text, and every other byte stays."""

from __future__ import annotations

import pytest

from pipeline.storage.yaml_document import BadDocument, parse_yaml
from pipeline.storage.yaml_insert import append_entry

ENTRY = {"id": "praca", "name": "Praça: da Sé # 1", "masks": [[[0, 0.5], [1, 1], [0, 1]]], "source": "rtsp://h/${X}"}

BLOCK = """\
# head
version: 1   # layout
cameras: # all of them
  - id: gate
    source: "rtsp://h/1"   # main
    # analyze_fps: 5

  # the second one
  - {id: yard, source: b.mp4}   # last
    # its comment

# where events go
sinks:
- type: jsonl
"""


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        BLOCK.replace("\n", "\r\n"),
        "cameras:\n- id: a\n  source: b\n# end\nsinks: []\n",
        "cameras:\n- id: a\n  source: b",
        "cameras:\n  - id: a\n    name: |\n      long\n      text\nsinks: []\n",
        "cameras:\n  - id: a\n    masks: [[[0, 0],\n      [1, 1]]]\n\nsinks: []\n",
        "cameras:\n  - id: a\n    name:\nsinks: []\n",
        "cameras: [{id: a, source: b}, {id: c, source: d},] # end\nsinks: []\n",
        "cameras: [{id: a}, {id: c}  # why\n  ]\nsinks: []\n",
        "cameras: []\n",
        "sinks: []\n",
        "cameras:\n  - id: a\n    surroundings:\n      - temple\n      - clinic\nsinks: []\n",
    ],
)
def test_the_entry_is_last_and_everything_else_stays(text: str) -> None:
    after = append_entry(text, "cameras", ENTRY)
    before, tree = parse_yaml(text), parse_yaml(after)
    assert dict(tree["cameras"][-1]) == ENTRY
    assert list(tree["cameras"])[:-1] == list(before.get("cameras") or [])
    assert {key: value for key, value in tree.items() if key != "cameras"} == {
        key: value for key, value in before.items() if key != "cameras"
    }
    lines = after.splitlines(keepends=True)
    assert [line for line in text.splitlines(keepends=True)[:-1] if line not in lines] == [] or "[" in text
    for comment in (part for line in text.splitlines() if "#" in line for part in [line[line.index("#") :]]):
        assert comment in after


def test_comments_stay_with_what_they_stand_before() -> None:
    after = append_entry(BLOCK, "cameras", ENTRY)
    assert after.index("# its comment") < after.index("id: praca") < after.index("# where events go")


@pytest.mark.parametrize("text", ["cameras: 1\n", "x: &a {id: b}\ncameras:\n  - id: c\n  - *a\n", "cameras: {a: b}\n"])
def test_a_layout_that_allows_no_insertion_is_refused_with_the_text_to_add(text: str) -> None:
    with pytest.raises(BadDocument) as caught:
        append_entry(text, "cameras", ENTRY)
    assert "- id: praca" in caught.value.fix
