"""Vote over the character probabilities of many crops of one plate.

Texts are not compared. Each crop's log-probabilities are added, weighted by the crop's quality (a logarithmic opinion
pool). Three rules keep one bad crop from deciding:

- probabilities are floored, so that a crop which is sure of the wrong character can cost the right one only so much;
- the sum grows with the square root of the votes, since crops of one track repeat one another's mistakes;
- a crop whose text differs from the earlier ones starts a candidate of its own: the track may have passed to
  another car, and a blend of two plates is neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.plate import PlateRead
from pipeline.domain.ports import CharacterProbabilities
from pipeline.lpr.plate_syntax import decode

MIN_PROBABILITY: Final = 0.02
"""Minimum probability a crop may give a character: at most a factor 50 against it."""
SAME_PLATE: Final = 0.5
"""Crops of one plate agree in at least this share of characters; two plates at random agree in about a tenth."""
MAX_CANDIDATES: Final = 6
SPARE: Final = 2
"""Empty slots on either side: a crop that lost its first character, or read a screw as one, can be shifted to where it
fits without losing characters at the edge."""
_SHIFTS: Final = (0, -1, 1, -2, 2)
MAX_EVIDENCE: Final = 4.0
"""Crops of one track repeat one another's mistakes: however many there are, they count as no more than this many
independent ones (with the square root: more than 16 good crops add no certainty)."""
MANY_VOTES: Final = 50
"""Crops after which a plate that is not certain will not be, unless its crops become better."""
SECOND_CONFIDENCE: Final = 0.5
"""Minimum confidence of a further plate on a track: misreadings of one blurred plate also come in groups."""

_Slots = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlateObservation:
    """Time and place of one plate crop.

    Attributes:
        ts_ms: milliseconds since 1970 UTC.
        frame: index in the stream.
        box: xyxy of the plate, pixels of the image.
    """

    ts_ms: int
    frame: int
    box: tuple[float, float, float, float]


_UNKNOWN: Final = PlateObservation(0, 0, (0.0, 0.0, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Reading:
    """One plate of a track, and the observations it rests on.

    Attributes:
        read: text, layout, confidence, votes.
        first, last: the earliest and the latest of its crops.
        best: the crop with the most weight.
        seen: probabilities of the vote.
    """

    read: PlateRead
    first: PlateObservation
    last: PlateObservation
    best: PlateObservation
    seen: CharacterProbabilities


@dataclass(eq=False)
class _Candidate:
    """Votes that mean one plate: sum of weighted log-probabilities (slots with spare ones, alphabet)."""

    logs: _Slots
    weight: float
    votes: int
    first: PlateObservation
    last: PlateObservation
    best: PlateObservation
    best_weight: float

    def absorb(self, other: _Candidate) -> None:
        """Add the votes of another candidate for the same plate."""
        self.logs = self.logs + other.logs
        self.weight += other.weight
        self.votes += other.votes
        self.first = min(self.first, other.first, key=lambda observation: observation.ts_ms)
        self.last = max(self.last, other.last, key=lambda observation: observation.ts_ms)
        if other.best_weight >= self.best_weight:
            self.best, self.best_weight = other.best, other.best_weight

    def pooled(self) -> _Slots:
        """Probabilities (slots, alphabet)."""
        scaled = self.logs * (min(np.sqrt(max(self.weight, 1.0)), MAX_EVIDENCE) / self.weight)
        scaled -= scaled.max(axis=1, keepdims=True)
        values: _Slots = np.exp(scaled)
        values /= values.sum(axis=1, keepdims=True)
        return values


class PlateVote:
    """Votes of one vehicle's track, in constant memory."""

    def __init__(self) -> None:
        self._candidates: list[_Candidate] = []
        self._latest: _Candidate | None = None
        self._alphabet = ""
        self._pad = ""

    def add(self, seen: CharacterProbabilities, weight: float = 1.0, at: PlateObservation = _UNKNOWN) -> None:
        """Add the reader's output for one crop.

        Args:
            seen: the output; all crops of one vote come from one reader.
            weight: quality of the crop, above 0.
            at: time and place of the crop.

        Raises:
            ValueError: another alphabet than before, or a weight that is not positive.
        """
        if weight <= 0:
            raise ValueError(f"the weight {weight} of a crop must be above 0")
        if self._alphabet and (seen.alphabet, seen.pad) != (self._alphabet, self._pad):
            raise ValueError("all crops of a vote must be read with the same alphabet")
        self._alphabet, self._pad = seen.alphabet, seen.pad
        if (seen.values.argmax(axis=1) == seen.alphabet.index(seen.pad)).all():
            return  # an empty reading does not say which plate it was
        values = self._with_spare(np.maximum(seen.values.astype(np.float64), MIN_PROBABILITY))
        known, by = self._same_plate(values)
        vote = _Candidate(weight * np.log(self._shift(values, by)), weight, 1, at, at, at, weight)
        if known is not None:
            known.absorb(vote)
            self._latest = known
            return
        self._candidates.append(vote)
        self._latest = vote
        if len(self._candidates) > MAX_CANDIDATES:
            # Not the newest: every second car would begin as the weakest and never get a second vote.
            self._candidates.remove(min(self._candidates[:-1], key=lambda c: c.weight))

    def best(self) -> PlateRead | None:
        """The plate with the most votes so far."""
        return next((reading.read for reading in self.plates(1)), None)

    def plates(self, min_votes: int, share: float = 0.3) -> list[Reading]:
        """The plates on this track, best supported first.

        Args:
            min_votes: minimum number of crops of each.
            share: minimum support of a further plate, as a share of the first one's.
        """
        ranked = sorted(self._candidates, key=lambda c: c.weight, reverse=True)
        readings: list[Reading] = []
        for candidate in ranked:
            if candidate.votes < min_votes or (readings and candidate.weight < share * ranked[0].weight):
                continue
            if readings and candidate.votes < 2:
                continue  # a single stray crop is a misreading, not a second car
            seen = self._probabilities(candidate)
            read = decode(seen, candidate.votes)
            if read is None or (readings and read.confidence < SECOND_CONFIDENCE):
                continue
            if all(read.key != other.read.key for other in readings):
                readings.append(Reading(read, candidate.first, candidate.last, candidate.best, seen))
        return readings

    @property
    def votes(self) -> int:
        """Crops counted, over all candidates."""
        return sum(candidate.votes for candidate in self._candidates)

    @property
    def steady(self) -> bool:
        """Whether the latest crop shows the plate with the most votes; otherwise the track may have changed cars."""
        return self._latest is not None and all(other.weight <= self._latest.weight for other in self._candidates)

    @property
    def exhausted(self) -> bool:
        """Whether further crops like those so far add no certainty; see `MAX_EVIDENCE`."""
        most = max(self._candidates, key=lambda c: c.weight, default=None)
        return most is not None and (most.weight >= MAX_EVIDENCE**2 or most.votes >= MANY_VOTES)

    def merge(self, other: PlateVote) -> None:
        """Take over the votes of another track of the same vehicle; `other` must not be used afterwards."""
        if not self._alphabet:
            self._alphabet, self._pad = other._alphabet, other._pad
        for theirs in other._candidates:
            ours, by = self._same_plate(theirs.pooled())
            if ours is None:
                self._candidates.append(theirs)
            else:
                # Moved as probabilities per unit of weight, so that an empty slot comes in with their whole weight.
                theirs.logs = theirs.weight * np.log(self._shift(np.exp(theirs.logs / theirs.weight), by))
                ours.absorb(theirs)
        while len(self._candidates) > MAX_CANDIDATES:
            self._candidates.remove(min(self._candidates, key=lambda c: c.weight))

    def _same_plate(self, values: _Slots) -> tuple[_Candidate | None, int]:
        """The candidate that these probabilities agree with, or None, and by how many slots they must be moved."""
        moved = [(by, self._shift(values, by)) for by in _SHIFTS]
        pooled = [(known, known.pooled()) for known in self._candidates]
        agreement, known, by = max(
            ((self._agreement(theirs, ours), known, by) for known, theirs in pooled for by, ours in moved),
            key=lambda item: item[0],
            default=(0.0, None, 0),
        )
        return (known, by) if agreement >= SAME_PLATE else (None, 0)

    def _probabilities(self, candidate: _Candidate) -> CharacterProbabilities:
        return CharacterProbabilities(candidate.pooled().astype(np.float32), self._alphabet, self._pad)

    def _agreement(self, known: _Slots, values: _Slots) -> float:
        """Share of the characters on which both agree, 0 to 1: mean cosine of the slots that either uses.

        The cosine of two distributions shows whether they favor the same character, whatever their certainty.
        """
        pad = self._alphabet.index(self._pad)
        used = (known.argmax(axis=1) != pad) | (values.argmax(axis=1) != pad)
        if not used.any():
            return 0.0
        known, values = known[used], values[used]
        norms = np.linalg.norm(known, axis=1) * np.linalg.norm(values, axis=1)
        return float(((known * values).sum(axis=1) / norms).mean())

    def _with_spare(self, values: _Slots) -> _Slots:
        """Rows that sum to 1, with `SPARE` empty slots before and after."""
        padding = np.repeat(self._empty_slot(values.shape[1]), SPARE, axis=0)
        return np.concatenate([padding, values / values.sum(axis=1, keepdims=True), padding])

    def _shift(self, values: _Slots, by: int) -> _Slots:
        """The slots shifted; new slots are empty."""
        if by == 0:
            return values
        padding = np.repeat(self._empty_slot(values.shape[1]), abs(by), axis=0)
        return np.concatenate([padding, values[:-by]] if by > 0 else [values[-by:], padding])

    def _empty_slot(self, characters: int) -> _Slots:
        empty = np.full((1, characters), MIN_PROBABILITY)
        empty[0, self._alphabet.index(self._pad)] = 1.0
        empty /= empty.sum()
        return empty
