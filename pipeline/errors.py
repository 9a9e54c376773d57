"""Every error this program raises on purpose, as one tree.

::

    ViapublicaError                  anything below; carries subject, problem and fix
    ├── ConfigError                  a configuration file or value (also ValueError)
    ├── PolicyError                  something the law forbids; no switch turns it off (also PermissionError)
    ├── SourceError                  a camera, clip or image
    │   ├── SourceNotFound           it is not there (also FileNotFoundError)
    │   ├── UnsupportedMedia         it is there and cannot be decoded (also ValueError)
    │   └── StreamInterrupted        it stopped, stalled or sent rubbish; live: tried again (also ConnectionError)
    ├── ModelError                   weights, or their card
    │   ├── ModelCardError           the card is missing, malformed or names forbidden labels (also ValueError)
    │   ├── ModelIntegrityError      the file is not the one the card describes
    │   ├── ModelRuntimeError        the runtime cannot load or run it (also RuntimeError)
    │   └── KnownAnswerFailed        it gives wrong answers on this machine
    ├── SinkError                    a broker, database or file that takes events
    │   └── Backpressure             full for now; try again after `retry_after_s`
    ├── StoreError                   a query on the event store
    │   └── StoreBusy                another process owns the embedded store and does not answer
    ├── RecordError                  recorded video: not there, not readable, or not to be written
    ├── ReleaseError                 an anonymized image or clip cannot be made, or must not leave
    └── MissingComponent             an optional package or system program (also ImportError)

Each says what it is about (`subject`: a camera, file, key …), what is wrong (`problem`) and what to do (`fix`).
"""

from __future__ import annotations


class ViapublicaError(Exception):
    """Base of all errors raised on purpose.

    Args:
        subject: the camera, file, model or configuration key it is about. Never with credentials in it.
        problem: what is wrong, in one clause without a full stop.
        fix: what the reader can do about it, as a sentence; empty when nothing sensible can be said.
    """

    def __init__(self, subject: str, problem: str, fix: str = "") -> None:
        super().__init__(subject, problem, fix)
        self.subject = subject
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        text = f"{self.subject}: {self.problem}"
        return f"{text}. {self.fix}" if self.fix else text


class ConfigError(ViapublicaError, ValueError):
    """A configuration file or value cannot be used."""


class PolicyError(ViapublicaError, PermissionError):
    """The law forbids what was asked; no setting allows it."""


class SourceError(ViapublicaError):
    """A camera, clip or image gave trouble."""


class SourceNotFound(SourceError, FileNotFoundError):
    """The file, folder or address does not exist."""


class UnsupportedMedia(SourceError, ValueError):
    """The data is there but is not video or an image we can decode."""


class StreamInterrupted(SourceError, ConnectionError):
    """A live stream stopped, stalled or sent rubbish; the supervisor connects again."""


class ModelError(ViapublicaError):
    """Weights, or the card that describes them, gave trouble."""


class ModelCardError(ModelError, ValueError):
    """The card is missing, malformed, or contradicts its file."""


class ModelIntegrityError(ModelError):
    """The weights are not the file that the card describes (sha256)."""


class ModelRuntimeError(ModelError, RuntimeError):
    """The inference runtime cannot load or run the model."""


class KnownAnswerFailed(ModelError):
    """The network fails its known-answer test on this machine with every backend that may run it."""


class SinkError(ViapublicaError):
    """A broker, database or file that takes events gave trouble."""


class Backpressure(SinkError):
    """The sink is full for now.

    Args:
        subject: name of the sink.
        problem: why it is full.
        retry_after_s: when another try makes sense, in seconds.
    """

    def __init__(self, subject: str, problem: str, retry_after_s: float) -> None:
        super().__init__(subject, problem, f"Try again in {retry_after_s:g} s")
        self.retry_after_s = retry_after_s


class StoreError(ViapublicaError):
    """A query on the event store failed."""


class StoreBusy(StoreError):
    """Another process owns the embedded store and does not answer."""


class RecordError(ViapublicaError):
    """Recorded video is not there, cannot be read, or cannot be written."""


class ReleaseError(ViapublicaError):
    """An anonymized image or clip cannot be made, or must not leave."""


class MissingComponent(ViapublicaError, ImportError):
    """An optional package or a system program is not installed."""
