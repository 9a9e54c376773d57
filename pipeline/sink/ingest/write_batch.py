"""What is written at one time: events in the order of their offsets, and where the group goes on afterwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from pipeline.domain.events import Event
from pipeline.sink.kafka.messages import Message, Received
from pipeline.sink.kafka.producer import Place


@dataclass(slots=True)
class Block:
    """Events and dead letters of some spans of offsets.

    The same offsets give the same rows, with the same ids: a block that was written and not committed is written again
    after a crash, and the tables count it once.
    """

    entries: list[tuple[Received, Event]] = field(default_factory=list)
    dead: list[tuple[Received, str]] = field(default_factory=list)
    ends: dict[Place, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entries) + len(self.dead)

    def reach(self, message: Received) -> None:
        """This message is in it."""
        self.ends[(message.topic, message.partition)] = message.offset + 1

    def without(self, places: Collection[Place]) -> Block:
        """What is left when these partitions belong to somebody else."""
        gone = set(places)
        return Block(
            [entry for entry in self.entries if (entry[0].topic, entry[0].partition) not in gone],
            [entry for entry in self.dead if (entry[0].topic, entry[0].partition) not in gone],
            {place: end for place, end in self.ends.items() if place not in gone},
        )


def dead_letter(topic: str, message: Received, reason: str) -> Message:
    """A message for the topic of dead letters: as it was, with where it lay and why it was put aside."""
    headers = [
        *message.headers,
        ("reason", reason.encode()),
        ("source_topic", message.topic.encode()),
        ("source_partition", str(message.partition).encode()),
        ("source_offset", str(message.offset).encode()),
    ]
    return Message(topic, message.value, message.key, headers)
