"""An iterator that prefetches a few items in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

T = TypeVar("T")
_OFFER_S = 0.1
_END: Final = object()


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception


def prefetched(items: Generator[T, None, None], depth: int = 4) -> Generator[T, None, None]:
    """The items in order, up to `depth` of them prefetched by a thread; its error is raised here, in its turn.

    Closing the iterator stops the thread and closes `items`.
    """
    waiting: queue.Queue[Any] = queue.Queue(depth)
    stopped = threading.Event()

    def offer(item: object) -> bool:
        while not stopped.is_set():
            with suppress(queue.Full):
                waiting.put(item, timeout=_OFFER_S)
                return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not offer(item):
                    break
            offer(_END)
        except Exception as error:  # noqa: BLE001 - raised again by the consumer
            offer(_Failure(error))
        finally:
            items.close()

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        stopped.set()
        thread.join()
