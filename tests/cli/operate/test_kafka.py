"""Events through Kafka into the store, from the command line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.domain.event_schemas import schema_of
from pipeline.domain.events import Event, Kind, encode
from pipeline.sink.build import build_sink
from pipeline.sink.kafka.messages import Message
from pipeline.sink.kafka.producer import open_producer
from pipeline.sink.settings import KafkaSettings
from tests.cli.commands import viapublica, viapublica_here
from tests.event_samples import admit_all, health, one_of_each, plate_read, wait_until
from tests.servers.kafka import KafkaBroker

pytestmark = pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning")


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def config(broker: KafkaBroker, tmp_path: Path) -> Path:
    """A configuration like a city's, with an embedded store instead of a server."""
    file = tmp_path / "city.yaml"
    prefix = tmp_path.name
    file.write_text(
        f"""
cameras:
  - id: cam-1
    source: none.mp4
    scope: public-road
    areas:
      zones: [{{name: lane-1, polygon: [[0, 0], [1, 0], [1, 1]]}}]
      lines: [{{name: gantry, points: [[0, 0.5], [1, 0.5]], forward: to-center, backward: to-suburb}}]
sinks: [{{type: kafka, brokers: ["{broker.address}"], topic_prefix: {prefix}, timeout_s: 5}}]
store: {{type: chdb}}
retention:
  {{plate_reads: null, tracks: null, counts: null, line_counts: null, zone_states: null, alerts: null, health: null}}
ingest: {{session_timeout_s: 2, oldest_days: 36500, max_clock_lead_s: 2592000}}
""",
        encoding="utf-8",
    )
    return file


def kafka_of(broker: KafkaBroker, prefix: str) -> KafkaSettings:
    return KafkaSettings(brokers=(broker.address,), topic_prefix=prefix, batch_interval_s=0.05)


def test_events_pass_through_kafka_into_the_store_and_invalid_messages_become_dead_letters(
    broker: KafkaBroker, config: Path, tmp_path: Path
) -> None:
    kafka = kafka_of(broker, tmp_path.name)
    sink = build_sink(kafka, tmp_path / "engine", admit_all)
    sink.add([event for n in range(5) for event in one_of_each(n)])
    sink.flush(60)
    sink.close()
    producer = open_producer(kafka, "test")
    producer.send([Message(f"{tmp_path.name}.counts", encode(health(1)), b"cam-1", [("empty", None)])])
    producer.close()

    done = viapublica("kafka", "ingest", "--config", config, "--once", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    assert (counts["stored"], counts["dead"], counts["lag"]) == (35, 1, 0)
    found = viapublica_here("plates", "ABC1D23", "--config", config, "--json").stdout.splitlines()
    assert len(found) == 5 + 1  # and the notes

    (letters,) = [
        json.loads(line)
        for line in viapublica_here("kafka", "dead-letters", "ls", "-c", config, "--json").stdout.splitlines()
    ]
    assert (letters["topic"], letters["count"]) == (f"{tmp_path.name}.counts", 1)
    assert "it is a health" in letters["reason"]
    replay = ("kafka", "dead-letters", "replay", "--config", config)
    assert "1 dead letter sent again" in viapublica_here(*replay).stdout
    again = viapublica("kafka", "ingest", "--config", config, "--once", "--json")
    assert json.loads(again.stdout.splitlines()[-1])["dead"] == 1
    assert "1 dead letter sent again" in viapublica_here(*replay).stdout, "of two alike"

    lines = viapublica_here(
        "kafka", "tail", "alerts", "--config", config, "--from-start", "--end", "--json"
    ).stdout.splitlines()
    assert [json.loads(json.loads(line)["value"])["rule"] for line in lines] == ["camera-lost"] * 5
    limited = viapublica_here("kafka", "tail", "alerts", "--config", config, "--from-start", "--limit", "2")
    assert "only 2 messages listed, and there may be more" in limited.stderr
    few = limited.stdout
    assert few.count("camera-lost") == 2


def _send(kafka: KafkaSettings, events: list[Event], folder: Path) -> None:
    sink = build_sink(kafka, folder, admit_all)
    sink.add(events)
    sink.flush(60)
    sink.close()


def test_sighup_gives_the_ingester_the_cameras_of_a_changed_configuration(
    broker: KafkaBroker, config: Path, tmp_path: Path
) -> None:
    kafka, log = kafka_of(broker, tmp_path.name), tmp_path / "log"
    road = config.read_text(encoding="utf-8")
    command = [sys.executable, "-m", "pipeline.cli", "kafka", "ingest", "--config", str(config), "--json"]
    with log.open("w") as stderr:
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    wait_until(lambda: "ingest_reads" in log.read_text())
    _send(kafka, [plate_read(1)], tmp_path / "engine")

    config.write_text("cameras: [{id: cam-1}]\n", encoding="utf-8")
    run.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration not reloaded, nothing was changed" in log.read_text())

    _send(kafka, [plate_read(2)], tmp_path / "engine")
    config.write_text(road, encoding="utf-8")
    wait_until(lambda: len(viapublica_here("plates", "ABC1D23", "--config", config, "--json").stdout.splitlines()) == 3)

    config.write_text(road.replace("public-road", "public-square"), encoding="utf-8")
    run.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration reloaded, changed: cam-1" in log.read_text())
    _send(kafka, [plate_read(3)], tmp_path / "engine")
    wait_until(lambda: "ingest_dead_letters" in log.read_text())
    run.send_signal(signal.SIGTERM)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 0, log.read_text()
    counts = json.loads(output.splitlines()[-1])
    assert (counts["dead"], counts["refused"]) == (1, {"plates-not-allowed": 1})
    shown = viapublica_here("plates", "ABC1D23", "--config", config, "--json").stdout.splitlines()
    assert [json.loads(line)["answer"]["rows"] for line in shown] == [0], "what was stored before is withheld"


def test_wrong_topics_sinks_and_brokers_are_errors(config: Path, tmp_path: Path) -> None:
    unknown = viapublica_here("kafka", "tail", "faces", "--config", config)
    assert (unknown.returncode, "is not a topic of this program" in unknown.stderr) == (1, True)
    missing = viapublica_here("kafka", "tail", "counts", "--config", config, "--end")
    assert "does not exist" in missing.stderr
    plain = tmp_path / "plain.yaml"
    plain.write_text("cameras: [{id: a, source: x.mp4, scope: public-road}]\n", encoding="utf-8")
    assert "has no Kafka sink" in viapublica_here("kafka", "ingest", "--config", plain).stderr
    away = tmp_path / "away.yaml"
    away.write_text(re.sub(r"127.0.0.1:[0-9]+", "127.0.0.1:1", config.read_text()), encoding="utf-8")
    assert "Are the brokers running" in viapublica_here("kafka", "tail", "counts", "--config", away).stderr


@pytest.mark.parametrize("kind", Kind)
def test_the_published_schemas_are_those_of_the_code(kind: Kind) -> None:
    name, text = schema_of(kind)
    published = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / name
    assert published.read_text(encoding="utf-8") == text, "run: viapublica kafka schema --out docs/reference/schemas"
    assert text == viapublica_here("kafka", "schema", kind.value).stdout
