"""Whole plates read exactly: the peer's plain reading, our reading of labeled boxes, and from the image to the text.

python -m benchmarks.plates --data ../shared/data --models ../shared/models
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from fast_plate_ocr import LicensePlateRecognizer
from fast_plate_ocr.core.process import resize_image

from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.media_files import read_image
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import CharacterProbabilities, PlateReader
from pipeline.lpr.build import build_reader
from pipeline.lpr.plate_crops import plate_crop
from pipeline.lpr.plate_syntax import decode
from pipeline.lpr.settings import LprSettings
from pipeline.weights.catalog import load_card, verify_plate_config, verify_weights

MEASURES = (
    "pipeline/lpr",
    "pipeline/detect",
    "pipeline/inference",
)
"""The code that the figures are of."""

SETS = ("openalpr-br", "br-phone-plates")
PEER = LprSettings(model="cct_xs_v1_global", margin_x=0.03, margin_y=0.05)
"""The margins with which the collector of the data measured the peer."""


@dataclass
class Sample:
    """An upright image with its labeled plate; box is xyxy in pixels."""

    folder: str
    layout: str
    text: str
    box: tuple[float, float, float, float]
    image: ArrayImage


def read_samples(data: Path) -> list[Sample]:
    samples = []
    for folder in SETS:
        with (data / folder / "plates.csv").open(newline="") as file:
            samples += [_sample(data / folder, row) for row in csv.DictReader(file)]
    return samples


def _sample(folder: Path, row: dict[str, str]) -> Sample:
    image = read_image(folder / row["file"]).bgr()
    x1, y1 = float(row["x"]), float(row["y"])
    x2, y2 = x1 + float(row["w"]), y1 + float(row["h"])
    for _ in range(int(row.get("rotate_cw_to_upright") or 0) // 90):
        x1, y1, x2, y2 = image.shape[0] - y2, x1, image.shape[0] - y1, x2
        image = np.ascontiguousarray(np.rot90(image, -1))
    return Sample(folder.name, row["layout"], row["plate_text"], (x1, y1, x2, y2), ArrayImage(image))


class Plain:
    """The peer as documented in its manual: one stretched crop, the most probable character of each slot."""

    def __init__(self, models: Path) -> None:
        card = load_card(PEER.model, models)
        self._recognizer = LicensePlateRecognizer(
            onnx_model_path=verify_weights(card, models),
            plate_config_path=verify_plate_config(card, models),
            device="cpu",
        )

    def seen(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        config = self._recognizer.config
        rgb = [cv2.cvtColor(crop, cv2.COLOR_BGR2RGB) for crop in crops]
        batch = np.stack([resize_image(crop, config.img_height, config.img_width, "rgb") for crop in rgb])
        (values,) = self._recognizer.model.run([self._recognizer.plate_output_name], {"input": batch})
        shape = (len(crops), config.max_plate_slots, len(config.alphabet))
        return [CharacterProbabilities(v, config.alphabet, config.pad_char) for v in values.reshape(shape)]

    def texts(self, crops: Sequence[BgrImage]) -> list[str]:
        return [str(self._recognizer.run_one(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)).plate) for crop in crops]


def decoded(readings: Sequence[CharacterProbabilities]) -> list[str]:
    reads = [decode(seen) for seen in readings]
    return ["" if read is None else read.text for read in reads]


def hits(read: Sequence[str], truth: Sequence[str]) -> list[bool]:
    return [text == meant for text, meant in zip(read, truth, strict=True)]


def end_to_end(samples: Sequence[Sample], models: Path, reader: PlateReader) -> tuple[list[bool], int, list[Sample]]:
    """Whether each image's plate is among its readings; total readings; images without a detected plate."""
    detector, settings = build_detector(DetectSettings(), models), LprSettings()
    right, total, blind = [], 0, []
    for sample in samples:
        boxes = detector.detect([sample.image])[0].labeled(Label.PLATE).boxes
        read = decoded(reader.read([plate_crop(sample.image, box, settings) for box in boxes]))
        right.append(sample.text in read)
        total += len(read)
        if not read:
            blind.append(sample)
    return right, total, blind


def two_lines(samples: Sequence[Sample]) -> list[tuple[str, BgrImage]]:
    """Motorcycle plates made of real ones: horizontal old plates cut between letters and digits, and stacked."""
    made = []
    for sample in samples:
        x1, y1, x2, y2 = sample.box
        if sample.layout != "br_old" or not 2.6 <= (x2 - x1) / (y2 - y1) <= 4.2:
            continue
        crop = plate_crop(sample.image, sample.box, PEER)
        width = crop.shape[1]
        halves = (crop[:, : round(0.46 * width)], crop[:, round(0.44 * width) :])
        stacked = np.vstack([cv2.resize(half, (200, 85)) for half in halves])
        made.append((sample.text, np.asarray(stacked, np.uint8)))
    return made


def row_of(name: str, samples: Sequence[Sample], right: Sequence[bool]) -> list[str]:
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for sample, hit in zip(samples, right, strict=True):
        counts[sample.folder, sample.layout].append(hit)
        if sample.folder == "br-phone-plates":
            counts[sample.folder, "all"].append(hit)
    keys = [(SETS[0], "br_old"), (SETS[1], "br_old"), (SETS[1], "br_mercosul"), (SETS[1], "all")]
    shown = [f"{sum(counts[key])}/{len(counts[key])}" for key in keys]
    return [name, *shown, f"{np.mean(counts[keys[-1]]):.3f}"]


AFTER = """"Any" counts an image as correct if its labeled plate is among the readings of it ({total} readings in
{images} images; further plates in view are mostly other cars', unlabeled). In {blind} images no plate was found.

**Our detector and our reader were trained on four fifths of these plates**; for their accuracy on the others see
`models/plates/README.md` and `benchmarks/results/networks.md`.

Margins, the two tilts that are tried, and the odds of syntax were chosen on these same images, and the detector's
`box_scale` on others: expect less on new ones. Syntax alone changes few plates here, because the reader was trained on
plates of many countries, Brazil among them; the gain of variants of narrow crops is the tilted plates of phone images.

Two-line plates: the data has no legible one, so {made} were made from horizontal old plates of both sets, cut between
letters and digits and stacked. Plain reading: {plain_two}; ours (lines joined again, the most confident variant is
used): {ours_two}. That tests the joining, not the reading of real motorcycle plates, whose type and band differ.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/plates.md"))
    options = parser.parse_args()
    samples = read_samples(options.data)
    truth = [sample.text for sample in samples]
    plain, reader, settings = Plain(options.models), build_reader(LprSettings(), options.models), LprSettings()
    peer_crops = [plate_crop(sample.image, sample.box, PEER) for sample in samples]
    our_crops = [plate_crop(sample.image, sample.box, settings) for sample in samples]
    found, total, blind = end_to_end(samples, options.models, reader)
    rows = [
        row_of("labeled box, plain fast-plate-ocr (peer)", samples, hits(plain.texts(peer_crops), truth)),
        row_of("… with our syntax", samples, hits(decoded(plain.seen(peer_crops)), truth)),
        row_of("… and tilted plates set upright (our reader)", samples, hits(decoded(reader.read(peer_crops)), truth)),
        row_of("… with the margins set for found boxes", samples, hits(decoded(reader.read(our_crops)), truth)),
        row_of("end to end: image to text, any", samples, found),
    ]
    made = two_lines(samples)
    words, crops = [text for text, _ in made], [crop for _, crop in made]
    plain_two, ours_two = sum(hits(plain.texts(crops), words)), sum(hits(decoded(reader.read(crops)), words))
    write_table(
        options.out,
        "Plates read",
        f"Whole plates exactly right, card `{settings.model}`, single images (no vote), phone images turned "
        f"upright. {machine()} `python -m benchmarks.plates`.",
        measures=MEASURES,
        columns=["reading", "openalpr-br old", "br-phone old", "br-phone Mercosul", "br-phone all", "share"],
        rows=rows,
        after=AFTER.format(
            total=total,
            images=len(samples),
            blind=len(blind),
            made=len(made),
            plain_two=f"{plain_two}/{len(made)}",
            ours_two=f"{ours_two}/{len(made)}",
        ),
    )


if __name__ == "__main__":
    main()
