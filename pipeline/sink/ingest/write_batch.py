"""One write of an ingester: events in the order of their offsets, dead letters, and the offsets to commit then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from pipeline.domain.event_writer import EventRecord
from pipeline.sink.ingest.message_decoder import BadMessage
from pipeline.sink.kafka.messages import Received
from pipeline.sink.kafka.producer import Partition


@dataclass(slots=True)
class WriteBatch:
    """Events and dead letters of some ranges of offsets.

    The same offsets give the same rows, with the same ids: a batch that was written and not committed is written again
    after a crash, and the tables count it once.
    """

    entries: list[tuple[Received, EventRecord]] = field(default_factory=list)
    dead: list[tuple[Received, BadMessage]] = field(default_factory=list)
    ends: dict[Partition, int] = field(default_factory=dict)
    erased: int = 0
    """Messages about what was erased: neither stored nor copied, and committed like the others."""

    def __len__(self) -> int:
        return len(self.entries) + len(self.dead) + self.erased

    def reach(self, message: Received) -> None:
        """This message is in the batch."""
        self.ends[(message.topic, message.partition)] = message.offset + 1

    def without(self, partitions: Collection[Partition]) -> WriteBatch:
        """What is left when these partitions belong to another member."""
        gone = set(partitions)
        return WriteBatch(
            [entry for entry in self.entries if (entry[0].topic, entry[0].partition) not in gone],
            [entry for entry in self.dead if (entry[0].topic, entry[0].partition) not in gone],
            {partition: end for partition, end in self.ends.items() if partition not in gone},
            self.erased if self.ends.keys() - gone else 0,
        )
