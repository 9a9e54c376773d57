"""Hot-lists: recall of listed plates, wrong matches against random plates, and processor time.

python -m benchmarks.hotlists --data ../shared/data --data2 ../shared/data2 --models ../shared/models
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import string
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.plates import Sample, read_samples
from benchmarks.voting import WINDOW, degraded
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.media_files import read_image
from pipeline.domain.events import Severity
from pipeline.domain.hot_list import SearchedPlate
from pipeline.domain.people import Validity
from pipeline.domain.plate import Layout, layout_of, plate_key
from pipeline.domain.ports import CharacterProbabilities, PlateReader
from pipeline.hotlists.false_alarms import WRONG_TEXTS
from pipeline.hotlists.list_index import ListIndex
from pipeline.hotlists.plate_probability import PLATES, probable_plates
from pipeline.hotlists.settings import HotListSettings
from pipeline.lpr.build import build_reader
from pipeline.lpr.plate_crops import Quality, sharpness_of
from pipeline.lpr.plate_vote import PlateVote
from pipeline.lpr.settings import LprSettings

MEASURES = (
    "pipeline/hotlists/plate_probability.py",
    "pipeline/hotlists/false_alarms.py",
    "pipeline/hotlists/list_index.py",
    "pipeline/lpr/plate_vote.py",
    "pipeline/lpr/plate_syntax.py",
)
"""The code that the figures are of."""

CROPS = ("br-plate-crops", "br-street-plates2")
ENTRIES = 10_000
READS_PER_HOUR = 1_000_000
LEAST_DOUBT = 0.05
"""Least probability of the right character where the vote has another one: it doubts between the two."""
LEAST = 0.001
"""Least probability of texts that are counted."""


@dataclass(frozen=True)
class Vote:
    """A vote over degraded crops of a labeled plate.

    Attributes:
        truth: text of the label; text: as voted; seen: the vote's probabilities.
        found: texts of at least `LEAST`, with their probability.
    """

    truth: str
    text: str
    seen: CharacterProbabilities
    found: dict[str, float]

    @property
    def chosen(self) -> bool:
        """Whether it is of the half that thresholds are chosen on; a plate is in one half only."""
        return hashlib.sha256(plate_key(self.truth).encode()).digest()[0] % 2 == 0

    @property
    def probability(self) -> float:
        """Of the truth, in both forms, as a hot-list has it."""
        return sum(p for text, p in self.found.items() if plate_key(text) == plate_key(self.truth))

    @property
    def wrong(self) -> list[float]:
        """Probabilities of the plates that it is not."""
        by_key: dict[str, float] = {}
        for text, probability in self.found.items():
            by_key[plate_key(text)] = by_key.get(plate_key(text), 0.0) + probability
        by_key.pop(plate_key(self.truth), None)
        return list(by_key.values())

    @property
    def is_right(self) -> bool:
        return plate_key(self.text) == plate_key(self.truth)

    @property
    def is_doubted(self) -> bool:
        """Whether it is right but for one character, of which it doubts."""
        if self.is_right or len(self.text) != len(self.truth):
            return False
        places = [place for place, pair in enumerate(zip(self.text, self.truth, strict=True)) if pair[0] != pair[1]]
        if len(places) != 1:
            return False
        pad = self.seen.alphabet.index(self.seen.pad)
        used = [row for row in self.seen.values if row.argmax() != pad]
        return bool(used[places[0]][self.seen.alphabet.index(self.truth[places[0]])] >= LEAST_DOUBT)


def samples(data: Path, data2: Path) -> list[Sample]:
    """All labeled Brazilian plates."""
    found = read_samples(data)
    for name in CROPS:
        with (data2 / name / "plates.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                if row["plate_text"] and layout_of(row["plate_text"]) is not Layout.OTHER:
                    found.append(_sample(data2 / name, row))
    return found


def _sample(folder: Path, row: dict[str, str]) -> Sample:
    x, y = float(row["x"]), float(row["y"])
    box = (x, y, x + float(row["w"]), y + float(row["h"]))
    return Sample(
        folder.name, row["layout"], row["plate_text"], box, ArrayImage(read_image(folder / row["file"]).bgr())
    )


def votes(plates: Sequence[Sample], reader: PlateReader, repeats: int, seed: int = 17) -> Iterator[Vote]:
    """Votes over degraded crops; those without any reading are left out."""
    rng = np.random.default_rng(seed)
    for sample in [*plates] * repeats:
        crops = [degraded(sample, rng) for _ in range(WINDOW)]
        vote = PlateVote()
        for crop, reading in zip(crops, reader.read(crops), strict=True):
            vote.add(reading, Quality(float(crop.shape[0]), sharpness_of(crop)).weight)
        for voted in vote.plates(1)[:1]:
            yield Vote(sample.text, voted.read.text, voted.seen, probable_plates(voted.seen, LEAST))


def random_plates(rng: np.random.Generator, number: int) -> list[str]:
    """Random plates, half of each layout."""
    letters, digits = np.array(list(string.ascii_uppercase)), np.array(list(string.digits))
    found = []
    for layout in ("LLLDDDD", "LLLDLDD"):
        columns = [rng.choice(letters if place == "L" else digits, number // 2) for place in layout]
        found += ["".join(row) for row in zip(*columns, strict=True)]
    return found


def index_of(plates: Iterable[str], settings: HotListSettings | None = None) -> ListIndex:
    always = Validity(0, 2**60)
    entries = [
        SearchedPlate(entry_id=number, plate=plate, severity=Severity.WARNING, validity=always)
        for number, plate in enumerate(plates, 1)
    ]
    return ListIndex(entries, settings or HotListSettings())


def rates(found: Sequence[Vote], least: float) -> tuple[float, float, float, int]:
    """Recall of what was read right, of that with one doubt, wrong texts of a read, and their number."""
    right = [vote for vote in found if vote.is_right]
    doubted = [vote for vote in found if vote.is_right or vote.is_doubted]
    wrong = sum(one >= least for vote in found for one in vote.wrong)
    return _share(right, least), _share(doubted, least), wrong / len(found), wrong


def _share(found: Sequence[Vote], least: float) -> float:
    return sum(vote.probability >= least for vote in found) / max(len(found), 1)


def upper(count: int, reads: int) -> float:
    """Upper end of the 95 % interval of a rate of rare events (Poisson, score interval)."""
    return (count + 1.92 + 1.96 * float(np.sqrt(count + 0.96))) / reads


def processor_s(index: ListIndex, seen: Sequence[CharacterProbabilities], least_s: float = 3.0) -> float:
    """Processor seconds of one comparison."""
    done, begun = 0, time.process_time()
    while time.process_time() - begun < least_s:
        for one in seen:
            index.matches(one, 1)
        done += len(seen)
    return (time.process_time() - begun) / done


def false_hits(found: Sequence[Vote], rng: np.random.Generator, lists: int) -> tuple[int, int]:
    """Hits of lists of random plates, the plate itself apart; and the number of reads compared."""
    hits = 0
    for _ in range(lists):
        index = index_of(random_plates(rng, ENTRIES), HotListSettings(false_alarms_per_day=1000))
        for vote in found:
            hits += sum(plate_key(one.searched.plate) != plate_key(vote.truth) for one in index.matches(vote.seen, 1))
    return hits, lists * len(found)


AFTER = """
The votes are of {plates} labeled Brazilian plates, {window} crops each{more}, made smaller (18 to 32 px
high), blurred, noisy and compressed as in [the measurement of votes](voting.md). Plates, not votes, were divided into
two halves by a hash; `WRONG_TEXTS` was chosen on the first ({chosen} votes), the recalls are of the second ({judged}
votes; {right} read right, {doubted} right but for one character to which the vote gives {doubt} or more). Most of these
plates were also used to train the reader, so real streets are read worse; what a vote reads wrong without a doubt, no
list finds.

"Wrong texts" are texts that a read is not and that reach the probability; with a list of n of the {space:,.0f} plates
that a random vehicle may bear, each read gives n / {space:,.0f} times as many false alarms.

**Random lists**: {lists} lists of {entries:,} random plates, {reads:,} comparisons at the threshold
{random_threshold:g}: {random_hits} false hits, {random_million:.0f} of a million reads; the formula expects
{random_expected:.2f} from the wrong texts of these reads.

**Processor time**: {micro:.0f} µs for a comparison with {entries:,} entries, {micro_long:.0f} µs with 100,000: one
million reads per hour take {share:.1%} of one core.
"""


def recall_rows(chosen: Sequence[Vote], judged: Sequence[Vote]) -> list[list[str]]:
    """A row per limit of probability: recall of the second half of the plates, wrong texts of both."""
    rows = []
    for least, stated in WRONG_TEXTS:
        of_right, of_doubted, _, _ = rates(judged, least)
        first, second = (sum(one >= least for vote in half for one in vote.wrong) for half in (chosen, judged))
        print(least, stated, rates(chosen, least), upper(first, len(chosen)), rates(judged, least))
        rows.append(
            [
                f"{least:g}",
                f"{of_right:.4f}",
                f"{of_doubted:.4f}",
                f"{first / len(chosen):.4f} (≤ {upper(first, len(chosen)):.4f})",
                f"{second / len(judged):.4f}",
                f"{stated:g}",
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--data2", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/hotlists.md"))
    parser.add_argument("--repeats", type=int, default=1, help="Votes of each plate.")
    options = parser.parse_args()
    plates = samples(options.data, options.data2)
    found = list(votes(plates, build_reader(LprSettings(), options.models), options.repeats))
    chosen, judged = [vote for vote in found if vote.chosen], [vote for vote in found if not vote.chosen]
    rows = recall_rows(chosen, judged)
    rng = np.random.default_rng(5)
    index, long = (index_of(random_plates(rng, number)) for number in (ENTRIES, 10 * ENTRIES))
    seen = [vote.seen for vote in found]
    used, used_long = processor_s(index, seen), processor_s(long, seen)
    lists = 100
    hits, reads = false_hits(judged, rng, lists)
    threshold = index_of(random_plates(rng, ENTRIES), HotListSettings(false_alarms_per_day=1000)).threshold
    expected = reads * ENTRIES / PLATES * rates(judged, threshold.probability)[2]
    write_table(
        options.out,
        "Hot-lists: recall, wrong matches, processor time",
        f"Votes of plates compared with lists. {machine()} `python -m benchmarks.hotlists`.",
        measures=MEASURES,
        columns=[
            "least probability",
            "found of those read right",
            "found of those right within one doubted character",
            "wrong texts of a read, first half",
            "second half",
            "stated",
        ],
        rows=rows,
        after=AFTER.format(
            plates=len(plates),
            more=f", {options.repeats} times" if options.repeats > 1 else "",
            window=WINDOW,
            chosen=len(chosen),
            judged=len(judged),
            right=sum(vote.is_right for vote in judged),
            doubted=sum(vote.is_doubted for vote in judged),
            doubt=LEAST_DOUBT,
            space=PLATES,
            lists=lists,
            entries=ENTRIES,
            reads=reads,
            random_threshold=threshold.probability,
            random_hits=hits,
            random_expected=expected,
            random_million=hits / reads * 1e6,
            micro=used * 1e6,
            micro_long=used_long * 1e6,
            share=used * READS_PER_HOUR / 3600,
        ),
    )


if __name__ == "__main__":
    main()
