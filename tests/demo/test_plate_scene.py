"""The rendered scene: a valid video, the same each time, whose cars and plates are detected and read."""

from __future__ import annotations

import hashlib
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.demo.camera_model import PoleCamera
from pipeline.demo.car_mesh import plate_corners
from pipeline.demo.plate_image import HEIGHT_MM, WIDTH_MM, render_plate
from pipeline.demo.plate_scene import images, render
from tests.cli.commands import viapublica_here


def test_the_clip_is_h264_of_the_size_rate_and_length_asked_for(tmp_path: Path) -> None:
    clip = render(tmp_path / "scene.mp4", plates=["BRA2E19"], seconds=1.0, fps=4, size=(320, 180))
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 320, 180)
        assert video.average_rate == 4
        assert len(list(container.decode(video))) == 4
        assert not container.streams.audio


def test_the_same_seed_gives_the_same_images() -> None:
    def digest(seed: int) -> str:
        shown = images(plates=["BRA2E19"], seconds=0.5, fps=4, size=(320, 180), seed=seed)
        return hashlib.sha256(b"".join(image.tobytes() for image in shown)).hexdigest()

    assert digest(7) == digest(7)
    assert digest(7) != digest(8)


def test_a_car_changes_the_image_and_drives_away() -> None:
    first, *_, last = images(plates=["ABC1234"], seconds=4.0, fps=1, size=(320, 180))
    assert float(np.abs(first.astype(int) - last.astype(int)).mean()) > 3


@pytest.mark.parametrize(
    ("plates", "seconds", "size"), [([], 1.0, (320, 180)), (["A"], 0.0, (320, 180)), (["A"], 1.0, (321, 180))]
)
def test_impossible_scenes_are_rejected(
    plates: list[str], seconds: float, size: tuple[int, int], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="even size"):
        render(tmp_path / "scene.mp4", plates=plates, seconds=seconds, size=size)
    assert not list(tmp_path.iterdir())


def test_a_mercosul_plate_has_a_blue_band_and_a_gray_one_has_none() -> None:
    mercosul, gray = render_plate("bra2e19"), render_plate("ABC-1234")
    assert mercosul.shape == gray.shape == (260, 800, 3)
    blue, _, red = mercosul[20, 200].tolist()
    assert blue > red + 80
    assert int(np.ptp(gray[60, 30])) < 20
    assert render_plate("A").shape[1] / render_plate("A").shape[0] == pytest.approx(WIDTH_MM / HEIGHT_MM)


def test_another_text_is_another_plate_image() -> None:
    assert (render_plate("BRA2E19") != render_plate("BRA2E18")).any()


def test_the_camera_projects_near_objects_lower_and_larger() -> None:
    camera = PoleCamera((1280, 720))
    near, far = (camera.project(plate_corners(0.0, y_m)) for y_m in (7.0, 30.0))
    assert near[:, 1].mean() > far[:, 1].mean()
    assert np.ptp(near[:, 0]) / np.ptp(far[:, 0]) == pytest.approx(30 / 7, rel=0.1)
    assert np.ptp(near[:, 0]) == pytest.approx(0.4 / 7 * 1.3 * 1280, rel=0.1)


@pytest.mark.real
def test_the_third_party_weights_find_and_read_both_layouts(tmp_path: Path, models_dir: Path) -> None:
    plates = ["BRA2E19", "ABC1234"]
    clip = render(tmp_path / "scene.mp4", plates=plates, seconds=3.5, fps=8)
    done = viapublica_here("read", clip, "--json", models=models_dir)
    assert done.returncode == 0, done.stderr
    assert all(plate in done.stdout for plate in plates), done.stdout


@pytest.mark.real
def test_the_network_detects_the_drawn_car(tmp_path: Path, models_dir: Path) -> None:
    clip = render(tmp_path / "scene.mp4", plates=["BRA2E19"], seconds=3.0, fps=2)
    done = viapublica_here("detect", clip, "--csv", "-", models=models_dir)
    assert done.returncode == 0, done.stderr
    words = [line.split(",")[2] for line in islice(done.stdout.splitlines(), 1, None)]
    assert words.count("car") >= 3, done.stdout
