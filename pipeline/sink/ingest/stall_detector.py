"""Notices partitions whose messages do not come."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipeline.sink.kafka.producer import Place


class StallWatch:
    """A consumer may sit on a partition for ever: its broker came back with another topic of that name, say.

    Args:
        patience_s: seconds without any message from a partition that has some, or without a word of it. A group may
            take three times as long to tell a member its partitions: it waits for the other members.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since_s: dict[Place | None, float] = {}
        self._outside_since_s: float | None = None

    def look(self, now_s: float, assigned: int | None, lag: Mapping[Place, int], came: Collection[Place]) -> str:
        """What stands still for too long, "" when nothing does.

        Args:
            now_s: seconds of a clock that never steps.
            assigned: partitions that are ours; None while the group has not told.
            lag: messages not read yet, of those whose end is known.
            came: partitions of which messages came since the last look.
        """
        if assigned is None:
            self._since_s = {}
            self._outside_since_s = now_s if self._outside_since_s is None else self._outside_since_s
            outside_s = now_s - self._outside_since_s
            return f"the group gives no partitions since {outside_s:.0f} s" if outside_s > 3 * self._patience_s else ""
        self._outside_since_s = None
        waiting: set[Place | None] = {place for place, left in lag.items() if left and place not in came}
        if len(lag) < assigned:
            waiting.add(None)
        self._since_s = {place: self._since_s.get(place, now_s) for place in waiting}
        for place, since_s in self._since_s.items():
            if now_s - since_s > self._patience_s:
                what = "some partitions tell nothing" if place is None else f"{place[0]}/{place[1]} stands still"
                return f"{what} since {now_s - since_s:.0f} s"
        return ""
