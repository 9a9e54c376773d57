"""`viapublica camera test`, `snapshot`, `discover` and `add`."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.app.cameras.redacted_image import present_image, snapshot_overlay
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.domain.redaction import OverlayText
from pipeline.record.recorded_declaration import declarations_of
from tests.cli.commands import viapublica_here
from tests.servers.onvif import OnvifCamera
from tests.servers.ports import free_port
from tests.servers.rtsp import encode_loop
from tests.servers.web import WebServer

CITY = "cameras:\n  - {id: gate, source: gate.h264, scope: public-square, masks: [[[0, 0], [0.2, 0], [0, 0.2]]]}\n"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    encode_loop(tmp_path / "gate.h264", size=(320, 240))
    path = tmp_path / "city.yaml"
    path.write_text(CITY + "sinks: [{type: jsonl}]\n")
    return path


def test_a_camera_of_the_configuration_is_tested(city: Path) -> None:
    done = viapublica_here("camera", "test", "gate", "--config", city, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["codec"], found["width"], found["height"]) == ("h264", 320, 240)
    shown = viapublica_here("camera", "test", "gate", "--config", city)
    assert "320 × 240" in shown.stdout


def test_an_unknown_camera_is_answered_with_the_closest(city: Path) -> None:
    done = viapublica_here("camera", "test", "gat", "--config", city)
    assert done.returncode == 1
    assert "Did you mean 'gate'?" in done.stderr


def test_an_address_takes_its_password_from_a_variable(tmp_path: Path) -> None:
    encode_loop(tmp_path / "video.h264", size=(320, 240))
    with av.open(str(tmp_path / "video.h264")) as raw, av.open(str(tmp_path / "video.mkv"), "w") as out:
        stream = out.add_stream_from_template(raw.streams.video[0])
        for number, packet in enumerate(raw.demux(video=0)):
            if packet.size:
                packet.stream, packet.pts, packet.dts = stream, number * 40, number * 40
                out.mux(packet)
    with WebServer(tmp_path) as server:
        words = ("camera", "test", server.url("private/video.mkv"), "--user", "user", "--seconds", "0.5")
        done = viapublica_here(*words, "--password-env", "PW", "--json", environ={"PW": "password"})
        assert done.returncode == 0, done.stderr
        wrong = viapublica_here(*words, "--password-env", "PW", environ={"PW": "S3CRET"})
        assert wrong.returncode == 1
        assert "refuses the user name or password" in wrong.stderr
        assert "S3CRET" not in wrong.stdout + wrong.stderr
        assert "names no variable of the environment" in viapublica_here(*words, "--password-env", "NONE").stderr


@pytest.mark.real
def test_a_snapshot_masks_persons_and_the_private_ground(data_dir: Path, tmp_path: Path, models_dir: Path) -> None:
    import cv2

    city = tmp_path / "city.yaml"
    square = "[[0, 0], [0.3, 0], [0.3, 0.3], [0, 0.3]]"
    source = data_dir / "clips" / "people-walking.mp4"
    city.write_text(f"cameras: [{{id: praca, source: {source}, scope: public-square, masks: [{square}]}}]\n")
    target = tmp_path / "praca.png"
    words = ("camera", "snapshot", "praca", "--config", city, "--out", target)
    done = viapublica_here(*words, "--json", models=models_dir)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["privacy_masks"] == 1
    assert found["redacted"].get("person", 0) > 3
    image = np.asarray(cv2.imread(str(target)))
    height, width = image.shape[:2]
    # Black, or the gray of a person's mask that reaches into it.
    assert image[: int(height * 0.25), : int(width * 0.25)].max() < 60
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".partial"] == []
    assert [one.camera.scope for one in declarations_of(target, is_clip=False)] == ["public-square"]

    gridded = tmp_path / "grid.png"
    done = viapublica_here(
        "camera", "snapshot", "praca", "--config", city, "--out", gridded, "--grid", "--json", models=models_dir
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["redacted"] == found["redacted"], "the grid is drawn after the redaction"
    drawn = np.asarray(cv2.imread(str(gridded))).astype(int)
    edge = drawn[int(height * 0.12) : int(height * 0.18), int(width * 0.3)].mean(axis=0)
    assert edge[2] > edge[0] + 60, "the mask is outlined"


def test_a_snapshot_needs_a_declared_camera(city: Path) -> None:
    done = viapublica_here("camera", "snapshot", "rtsp://admin:S3CRET@127.0.0.1/1", "--config", city, "--out", "x.jpg")
    assert done.returncode == 1
    assert "an address is not a camera" in done.stderr
    assert "S3CRET" not in done.stderr
    assert "ends with .gif" in viapublica_here("camera", "snapshot", "gate", "--config", city, "--out", "x.gif").stderr


def test_discovery_lists_cameras_and_an_empty_answer_is_no_success() -> None:
    with OnvifCamera({"main": "rtsp://h/1"}) as camera:
        done = viapublica_here("camera", "discover", "--host", camera.discovery, "--timeout", "0.5", "--json")
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(done.stdout)
        assert (found["host"], found["name"]) == (camera.host, "Praça")
    none = viapublica_here("camera", "discover", "--host", f"127.0.0.1:{free_port()}", "--timeout", "0.2")
    assert none.returncode == 1
    assert "no ONVIF camera answered" in none.stderr
    assert "UDP port 3702" in none.stderr
    assert "give --host" not in none.stderr, "it was given"
    assert "camera add --source" in none.stderr


def test_a_camera_is_added_by_onvif_without_its_password(city: Path) -> None:
    with OnvifCamera({"sub": "rtsp://10.9.9.9/sub", "main": "rtsp://10.9.9.9/main"}) as camera:
        words = ["--onvif", camera.host, "--user", "admin", "--password-env", "PW", "--scope", "public-road"]
        where = ["--config", str(city), "--no-test", "--json"]
        done = viapublica_here("camera", "add", "portao", *words, *where, environ={"PW": "p@ss/w#1"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["camera"]["source"] == "rtsp://127.0.0.1/main"
    added = load_config(city, {"PW": "p@ss/w#1"}).cameras[1]
    assert added.source == "rtsp://admin:p%40ss%2Fw%231@127.0.0.1/main"
    assert "p@ss" not in city.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["b"], "--source or --onvif, --scope: missing"),
        (["b", "--source", "rtsp://u:S3CRET@h/1", "--scope", "public-road"], "contains a login"),
        (["praça", "--source", "b.mp4", "--scope", "public-road"], "'praca'"),
        (["b", "--source", "rtsp://127.0.0.1:9/x", "--scope", "public-road"], "nothing listens on port 9"),
        (["gate", "--source", "gate.h264", "--scope", "public-road", "--no-test"], "used more than once"),
        (["b", "--source", "gate.h264", "--scope", "public-road", "--no-test"], "same source, and differ in scope"),
        (["b", "--source", "http:/h/1", "--scope", "public-road", "--no-test"], "is not followed by //"),
    ],
)
def test_what_cannot_be_added_leaves_the_file_as_it_was(city: Path, words: list[str], message: str) -> None:
    before = city.read_text()
    done = viapublica_here("camera", "add", *words, "--config", city)
    assert done.returncode == 1
    assert message in done.stderr
    assert "S3CRET" not in done.stderr
    assert city.read_text() == before


def test_a_person_at_a_terminal_is_asked(city: Path) -> None:
    answers = {
        "Name of the place": "Praça da Sé",
        "Id": "",
        "Address": "rtsp://127.0.0.1:9/x",
        "Public space": "public-square",
        "Sensitive place": "temple",
        "User name": "admin",
        "Password": "p@ss",
    }
    command = [sys.executable, "-m", "pipeline.cli", "camera", "add", "--config", str(city), "--no-test"]
    ours, theirs = pty.openpty()
    # Without a terminal of its own, the question for the password comes on standard error too.
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        os.close(theirs)
        assert process.stderr is not None
        for question, answer in answers.items():
            read = b""
            # What is typed before the echo is off is discarded; the space after the colon comes once it is.
            ready = b": " if question == "Password" else b":"
            while question.encode() not in read or not read.endswith(ready):
                byte = process.stderr.read(1)
                assert byte, read.decode()
                read += byte
            os.write(ours, f"{answer}\n".encode())
        rest = process.stderr.read().decode()
    os.close(ours)
    assert process.returncode == 0, rest
    added = load_config(city, {}).cameras[1]
    assert (added.id, added.name, added.user) == ("praca-da-se", "Praça da Sé", "admin")
    secret = city.parent / "secrets" / "praca-da-se"
    assert secret.read_text() == "p@ss\n"
    assert secret.stat().st_mode & 0o777 == 0o600


def test_ids_of_cameras_are_completed(city: Path) -> None:
    words = f"viapublica camera test --config {city} g"
    environ = {"_VIAPUBLICA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "5"}
    assert viapublica_here(environ=environ).stdout.split() == ["gate"]


def test_the_overlay_of_a_snapshot_has_the_time_of_the_configured_zone_with_its_offset() -> None:
    camera = {"id": "praca", "source": "rtsp://192.0.2.1/1", "scope": "public-square", "name": "Praça da Matriz"}
    config = Config.model_validate({"zone": "America/Cuiaba", "institution": "SSP-MT", "cameras": [camera]})
    overlay = snapshot_overlay(config, config.cameras[0], 1_795_341_720_000)
    assert overlay == OverlayText("SSP-MT", "Praça da Matriz", "2026-11-22 06:02:00 -04:00")


def test_recorded_video_and_images_are_not_stamped_with_the_present_time(tmp_path: Path) -> None:
    video = {"id": "a", "source": str(encode_loop(tmp_path / "a.h264")), "scope": "public-square", "name": "Praça"}
    stated = video | {"id": "b", "start_time": "2026-11-22T06:02:00-04:00"}
    config = Config.model_validate({"zone": "America/Cuiaba", "cameras": [video, stated]})
    times = [present_image(config, camera)()[1] for camera in config.cameras]
    assert times == [None, 1_795_341_720_000]
    assert snapshot_overlay(config, config.cameras[0], None).parts() == ["Praça"]
