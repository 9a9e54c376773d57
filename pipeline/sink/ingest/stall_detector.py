"""Detector of partitions whose messages do not arrive."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipeline.sink.kafka.producer import Partition


class StallDetector:
    """A consumer can stand still without an error, such as when its broker came back with another topic of that name.

    Args:
        timeout_s: seconds without any message from a partition that has some, or without its end offset. A group may
            take three times as long to assign partitions: it waits for the other members.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._since_s: dict[Partition | None, float] = {}
        self._outside_since_s: float | None = None

    def check(
        self, now_s: float, assigned: int | None, lag: Mapping[Partition, int], received: Collection[Partition]
    ) -> str:
        """What stands still for too long, "" when nothing does.

        Args:
            now_s: seconds of a monotonic clock.
            assigned: number of partitions assigned to this consumer; None before an assignment.
            lag: messages not read yet, of partitions whose end is known.
            received: partitions of which messages arrived since the last check.
        """
        if assigned is None:
            self._since_s = {}
            self._outside_since_s = now_s if self._outside_since_s is None else self._outside_since_s
            outside_s = now_s - self._outside_since_s
            return f"the group assigns no partitions since {outside_s:.0f} s" if outside_s > 3 * self._timeout_s else ""
        self._outside_since_s = None
        waiting: set[Partition | None] = {part for part, left in lag.items() if left and part not in received}
        if len(lag) < assigned:
            waiting.add(None)
        self._since_s = {part: self._since_s.get(part, now_s) for part in waiting}
        for part, since_s in self._since_s.items():
            if now_s - since_s > self._timeout_s:
                what = "some partitions report no end offset" if part is None else f"{part[0]}/{part[1]} stands still"
                return f"{what} since {now_s - since_s:.0f} s"
        return ""
