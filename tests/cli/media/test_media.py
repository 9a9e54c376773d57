"""`detect` and `read` on real images."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.commands import viapublica_here

pytestmark = pytest.mark.real


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_detect_gives_a_row_per_object(data_dir: Path, models_dir: Path) -> None:
    folder = data_dir / "pennfudan-street"
    with (folder / "boxes.csv").open() as truth:
        image = folder / next(csv.DictReader(truth))["file"]
    result = viapublica_here("detect", image, "--csv", "-", models=models_dir)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "file,frame,class,confidence,x1,y1,x2,y2"
    persons = [row for row in rows_of(result.stdout) if row["class"] == "person"]
    assert persons
    for row in persons:
        assert row["file"] == str(image)
        assert 0 <= float(row["x1"]) < float(row["x2"])
        assert 0.2 <= float(row["confidence"]) <= 1


def test_read_gives_the_plate_and_goes_on_after_a_broken_file(tmp_path: Path, data_dir: Path, models_dir: Path) -> None:
    with (data_dir / "openalpr-br" / "plates.csv").open() as file:
        truth = {row["file"]: row["plate_text"] for row in csv.DictReader(file)}
    images = [data_dir / "openalpr-br" / name for name in sorted(truth)[:8]]
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no image")
    result = viapublica_here("read", broken, *images, models=models_dir)
    assert result.returncode == 1
    assert "broken.jpg" in result.stderr
    read = {(Path(row["file"]).name, row["plate"]) for row in rows_of(result.stdout)}
    right = sum((Path(name).name, plate) in read for name, plate in sorted(truth.items())[:8])
    assert right >= 6
    assert {row["layout"] for row in rows_of(result.stdout)} >= {"br_old"}


def test_read_is_refused_where_plates_may_not_be_read(data_dir: Path) -> None:
    result = viapublica_here("read", data_dir / "openalpr-br", "--scope", "public-square")
    assert result.returncode == 1
    assert "art. 9" in result.stderr
    assert "viapublica anonymize" in result.stderr.partition("fix:")[2]
    assert result.stdout == ""


def test_a_clip_gives_one_row_per_vehicle(data_dir: Path, models_dir: Path) -> None:
    """Five cars show a plate that can be read; their plates were read by eye. They are no Brazilian ones."""
    clip = data_dir / "clips" / "traffic-plates-nz.mp4"
    result = viapublica_here("read", clip, "--json", "--fps", "5", models=models_dir)
    assert result.returncode == 0, result.stderr
    (note,) = [line for line in result.stderr.splitlines() if line.startswith("note:")]
    assert "1 file without a recorder's declaration, such as traffic-plates-nz.mp4" in note
    assert "by the rules of scope public-road, under the responsibility of the caller" in note
    assert "--scope" in note
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert set(rows[0]) == {"file", "frame", "plate", "layout", "confidence", "x1", "y1", "x2", "y2"}
    assert 3 <= len(rows) <= 12
    sure = [row for row in rows if row["confidence"] >= 0.5]
    assert 3 <= len(sure) <= 7, "what is in doubt stands apart"
    assert len({"KHN991", "MYK472", "LYZ663"} & {row["plate"] for row in sure}) >= 2
    assert {row["layout"] for row in sure} == {"other"}, "none is bent into a Brazilian plate with confidence"


def test_every_reading_of_a_clip_is_there_when_asked_for(data_dir: Path, models_dir: Path) -> None:
    clip = data_dir / "clips" / "traffic-plates-nz.mp4"
    result = viapublica_here("read", clip, "--fps", "2", "--per-frame", models=models_dir)
    assert result.returncode == 0, result.stderr
    assert len(rows_of(result.stdout)) > 20


def test_csv_goes_into_a_file_whole_or_not_at_all(tmp_path: Path, data_dir: Path, models_dir: Path) -> None:
    image = next((data_dir / "openalpr-br" / "images").iterdir())
    target = tmp_path / "plates.csv"
    assert viapublica_here("read", image, "--csv", target, models=models_dir).returncode == 0
    assert target.read_text().startswith("file,frame,plate,layout,confidence,x1,y1,x2,y2\n")
    nowhere = viapublica_here("read", image, "--csv", tmp_path / "no" / "plates.csv", models=models_dir)
    assert nowhere.returncode == 1
    assert "cannot be written" in nowhere.stderr


def test_a_path_that_is_not_there_is_named(tmp_path: Path, models_dir: Path) -> None:
    result = viapublica_here("detect", tmp_path / "gone.jpg", models=models_dir)
    assert result.returncode == 1
    assert "gone.jpg" in result.stderr
    assert "Traceback" not in result.stderr


def test_json_and_a_csv_file_exclude_one_another(tmp_path: Path, data_dir: Path, models_dir: Path) -> None:
    image = data_dir / "openalpr-br" / "images" / "GWT2180.jpg"
    result = viapublica_here("detect", image, "--json", "--csv", tmp_path / "a.csv", models=models_dir)
    assert result.returncode == 1
    assert "one or the other" in result.stderr


def crops_of(data_dir: Path, count: int) -> dict[str, str]:
    """Images of plates to their texts."""
    folder = data_dir.parent / "data2" / "br-plate-crops"
    with (folder / "plates.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))[:: 1500 // count][:count]
    return {str(folder / row["file"]): row["plate_text"] for row in rows}


def test_images_that_are_plates_already_give_a_row_each(data_dir: Path, models_dir: Path) -> None:
    truth = crops_of(data_dir, 20)
    result = viapublica_here("read", "--crops", *truth, "--scope", "public-road", "--json", models=models_dir)
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert set(rows[0]) == {"file", "frame", "plate", "layout", "confidence", "x1", "y1", "x2", "y2"}
    assert [row["file"] for row in rows] == [path for path in truth if path in {row["file"] for row in rows}]
    assert sum(truth[row["file"]] == row["plate"] for row in rows) >= 18
    assert "responsibility of the caller" in result.stderr
