"""Mistakes in a configuration come with their line and a suggestion; good ones are completed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.config.load import parse_config
from pipeline.config.schema import explain, json_schema, keys_at
from pipeline.config.settings import Config
from pipeline.domain.camera import Scope
from pipeline.errors import ConfigError

GOOD = """\
version: 1
cameras:
  - id: gate
    source: video.mp4
    scope: public-road
  - id: live
    source: rtsp://user:${PASSWORD}@10.0.0.7/1
    scope: public-square
sinks:
  - type: jsonl
    path: events.jsonl
"""
_SECOND_MASK_BAD = """\
    scope: public-square
    masks:
      - [[0, 0], [1, 0], [1, 1]]
      - [[0, 0], [100, 0], [1, 1]]
"""
_FEW_CORNERS = """\
    scope: public-square
    ignore:
      - [[0, 0], [1, 0]]
"""
PATH = Path("/etc/viapublica/city.yaml")


def parse(text: str) -> Config:
    return parse_config(text, PATH, {"PASSWORD": "s3cret"})


def mistake(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


def test_a_good_file_is_completed() -> None:
    config = parse(GOOD)
    assert config.cameras[0].source == "/etc/viapublica/video.mp4"
    assert config.cameras[1].source == "rtsp://user:s3cret@10.0.0.7/1"
    assert config.cameras[0].scope is Scope.PUBLIC_ROAD
    assert config.data_dir == Path("/etc/viapublica/data")


def test_no_text_shows_a_password() -> None:
    assert "s3cret" not in repr(parse(GOOD).cameras[1])
    assert "s3cret" not in repr(parse(GOOD))


@pytest.mark.parametrize(
    ("bad", "line", "words"),
    [
        (GOOD.replace("source: video", "sauce: video"), 4, "Did you mean 'source'?"),
        (GOOD.replace("public-road", "public-raod"), 5, "Did you mean 'public-road'?"),
        (GOOD.replace("    scope: public-road\n", ""), 3, "declares no public-space scope"),
        (GOOD.replace("path: events", "pth: events"), 11, "Did you mean 'path'?"),
        (GOOD.replace("id: live", "id: gate"), 2, "camera id 'gate' is used more than once"),
        (GOOD.replace("type: jsonl", "type: jsonlines"), 10, "jsonl"),
        (GOOD.replace("id: gate", "id: a/b"), 3, "cameras[0].id"),
        (GOOD.replace("${PASSWORD}", "${NOBODY}"), 7, "export NOBODY"),
        (GOOD.replace("version: 1", "version: 2"), 1, "version"),
        (
            GOOD.replace("    scope: public-square\n", _SECOND_MASK_BAD),
            11,
            "cameras[1].masks[1] of camera live: corner 2, (100.0, 0.0), lies outside 0 to 1: corners are fractions",
        ),
        (
            GOOD.replace("    scope: public-square\n", _FEW_CORNERS),
            10,
            "cameras[1].ignore[0] of camera live: a polygon",
        ),
        ("cameras: []\n", 1, "cameras"),
        (GOOD + "cameras: []\n", 12, "duplicate key"),
        (GOOD.replace("version: 1", "version: [1"), 2, ""),
    ],
)
def test_a_mistake_is_found_with_line_and_suggestion(bad: str, line: int, words: str) -> None:
    text = mistake(bad)
    assert f"{PATH}:{line}" in text
    assert words in text


def test_all_mistakes_are_reported_at_once() -> None:
    text = mistake(GOOD.replace("source: video", "sauce: video").replace("public-square", "square"))
    assert "3 mistakes" in text
    assert ":4:" in text
    assert ":8:" in text


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_rejected(text: str) -> None:
    assert "mapping" in mistake(text)


def test_secrets_are_not_repeated_in_errors() -> None:
    assert "s3cret" not in mistake(GOOD.replace("public-square", "square"))


def test_a_missing_file_a_folder_and_an_image_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="folder"):
        load_config(tmp_path)
    binary = tmp_path / "image.yaml"
    binary.write_bytes(b"\xff\xd8\xff\xe0\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(binary)


def test_the_schema_has_every_key_with_its_meaning() -> None:
    assert {"id", "source", "scope"} <= set(keys_at(Config, ("cameras", 0)))
    assert "path" in keys_at(Config, ("sinks", 0, "jsonl"))
    assert json_schema(Config)["additionalProperties"] is False
    for key, type_name, _, meaning in explain(Config):
        assert meaning, f"{key} has no title or description"
        assert type_name, key


def test_every_number_of_the_schema_has_an_upper_bound() -> None:
    schema = json_schema(Config)
    unbounded = [
        f"{name}.{key}"
        for name, part in [("", schema), *schema["$defs"].items()]
        for key, described in part.get("properties", {}).items()
        for kind in [described, *described.get("anyOf", [])]
        if kind.get("type") in {"number", "integer"}
        and not {"maximum", "exclusiveMaximum", "const", "enum"} & kind.keys()
    ]
    assert unbounded == []


SECRET = "S3CRETpw"
LOGIN = f"rtsp://user:{SECRET}@10.0.0.1/x"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"cameras:\n- id: a\n  source: {LOGIN}\n  source: {LOGIN}2\n", 4),
        (f'cameras: ["{LOGIN}"]\n', 1),
        (f"cameras: {LOGIN}\n", 1),
        (f"cameras: [{{id: '{LOGIN}', source: x}}]\n", 1),
        (f"cameras: {{'{LOGIN}': 1}}\n", 1),
        (f"'{LOGIN}': 1\n", 1),
        (GOOD + f'  - {{type: clickhouse, login: "user:{SECRET}"}}\n', 12),
        (GOOD + f"  - {{type: clickhouse, login: {{user:{SECRET}}}}}\n", 12),
        (GOOD + f"  - {{type: clickhouse, port: {SECRET}}}\n", 12),
        (GOOD + f'  - {{type: kafka, brokers: ["user:{SECRET}@host"]}}\n', 12),
        (GOOD + f"  - {{type: 'kafka://user:{SECRET}@host'}}\n", 12),
        (GOOD + f"  - {{type: chdb, path: 'http://u:{SECRET}@h/?x'}}\n", 12),
        (GOOD + f"password: *{SECRET}\n", 12),
        (GOOD + f"password: &{SECRET} x\nold: &{SECRET} y\n", 12),
        (GOOD + f"password: !{SECRET}!x y\n", 12),
        (GOOD + f"password: !!int {SECRET}\n", 12),
        (GOOD + "login: 8120456\n".replace("8120456", "0x" + "7" * 9000), 12),
    ],
)
def test_no_mistake_repeats_what_may_be_a_password(text: str, line: int) -> None:
    message = mistake(text)
    assert f"{PATH}:{line}: " in message
    assert SECRET not in message
    assert len(message) < 1000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("public-road", "public-raod"), "(it is 'public-raod')"),
        (GOOD + "  - {type: kafak}\n", "(it is 'kafak'); there are 'chdb', "),
        (GOOD + "engine: {queue_frames: 0}\n", "(it is 0)"),
    ],
)
def test_a_value_that_can_be_no_password_is_repeated(text: str, words: str) -> None:
    assert words in mistake(text)


def test_a_path_that_cannot_be_made_absolute_names_its_camera() -> None:
    for source in ("~nobody-has-this-name/x.mp4", '"x\\0y.mp4"'):
        text = mistake(GOOD.replace("source: video.mp4", f"source: {source}"))
        assert f"{PATH}:4: cameras[0].source of camera gate: " in text
    assert f"{PATH}:12: data_dir: " in mistake(GOOD + "data_dir: ~nobody-has-this-name\n")


def test_a_loop_of_links_fails_only_its_camera(tmp_path: Path) -> None:
    (tmp_path / "video.mp4").symlink_to(tmp_path / "video.mp4")
    config = parse_config(GOOD, tmp_path / "city.yaml", {"PASSWORD": "x"})
    assert config.cameras[0].source == str(tmp_path / "video.mp4")


def test_a_mistake_in_a_merged_mapping_has_a_line() -> None:
    merged = "cameras:\n- &a {id: a, source: x, scope: public-road, sauce: 1}\n- {<<: *a, id: b}\n"
    text = mistake(merged)
    assert f"{PATH}:2: cameras[0].sauce" in text
    assert f"{PATH}:3: cameras[1].sauce" in text


def test_a_file_without_end_is_not_read_forever(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="longer than"):
        load_config(Path("/dev/zero"))
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(ConfigError, match="longer than"):
        load_config(huge)


def test_all_missing_variables_are_reported_at_once_and_queries_need_no_cameras_password(tmp_path: Path) -> None:
    text = (
        "cameras: [{id: a, source: 'rtsp://u:${PASSWORD}@h/x', scope: public-road}]\n"
        "sinks: [{type: kafka, brokers: ['${BROKER}']}]\n"
    )
    with pytest.raises(ConfigError, match="lacks the variables PASSWORD and BROKER"):
        parse_config(text, tmp_path / "c.yaml", {})
    with pytest.raises(ConfigError, match="lacks the variable BROKER"):
        parse_config(text, tmp_path / "c.yaml", {}, for_queries=True)
    config = parse_config(text, tmp_path / "c.yaml", {"BROKER": "kafka:9092"}, for_queries=True)
    assert config.cameras[0].source == "rtsp://u:@h/x"


def test_keys_in_lists_are_explained_without_their_brackets() -> None:
    assert list(explain(Config, "cameras.masks")) == list(explain(Config, "cameras[].masks"))
    assert next(row[0] for row in explain(Config, "cameras.masks")) == "cameras[].masks"


def test_a_file_that_this_user_may_not_read_says_what_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipeline.config.load.read_text", closed)
    with pytest.raises(ConfigError, match=r"Permission denied.*chgrp GROUP .*my\.yaml and chmod 640"):
        load_config(tmp_path / "my.yaml")
