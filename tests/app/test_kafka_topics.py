"""The Kafka sink that a command works with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.kafka_topics import kafka_sink_of
from pipeline.config.load import parse_config
from pipeline.config.settings import Config
from pipeline.errors import ConfigError

_PATH = Path("city.yaml")


def config(sinks: str) -> Config:
    return parse_config(f"cameras: [{{id: a, source: x.mp4, scope: public-road}}]\nsinks: [{sinks}]\n", _PATH)


def test_the_only_kafka_sink_needs_no_name() -> None:
    assert kafka_sink_of(config("{type: jsonl}, {type: kafka, name: bus}"), _PATH, None).name == "bus"


def test_of_several_kafka_sinks_one_is_named() -> None:
    two = config("{type: kafka, name: north}, {type: kafka, name: south}")
    assert kafka_sink_of(two, _PATH, "south").name == "south"
    with pytest.raises(ConfigError, match="Choose one: north or south"):
        kafka_sink_of(two, _PATH, None)


@pytest.mark.parametrize(("name", "problem"), [(None, "no Kafka sink"), ("bus", "no Kafka sink 'bus'")])
def test_a_missing_kafka_sink_is_an_error(name: str | None, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        kafka_sink_of(config("{type: jsonl}"), _PATH, name)
