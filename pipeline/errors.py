"""Exceptions of the program, as one tree.

::

    ViapublicaError                  anything below; carries subject, problem and fix
    ├── ConfigError                  an unusable configuration file or value (also ValueError)
    ├── PolicyError                  a request that the law forbids; no setting allows it
    │   └── NotLoggedIn              log-in, session or token is not valid, or the account is not active
    ├── SourceError                  a camera, video or image
    │   ├── SourceNotFound           does not exist (also FileNotFoundError)
    │   ├── UnsupportedMedia         exists and cannot be decoded (also ValueError)
    │   └── StreamInterrupted        stopped, stalled or corrupt; live: reconnected (also ConnectionError)
    ├── ModelError                   weights or their model card
    │   ├── ModelCardError           card missing, malformed or contradicting its file (also ValueError)
    │   ├── ModelIntegrityError      the file is not the one that the card describes
    │   ├── ModelRuntimeError        the runtime cannot load or run the network (also RuntimeError)
    │   └── KnownAnswerFailed        wrong answers on this machine
    ├── SinkError                    a destination of events: broker, database or file
    │   └── Backpressure             full; retry after `retry_after_s`
    ├── StoreError                   a query on the event store
    │   └── StoreBusy                owned by another process that does not answer
    ├── AuditError                   the audit was changed, or does not agree with what was anchored or given
    │   └── AuditUnavailable         it takes no record now, so nothing is answered
    ├── RecordError                  recorded video that is missing, unreadable or cannot be written
    ├── ReleaseError                 an anonymized image or video that cannot be produced or must not be released
    │   └── NotVerified              its verification cannot see in this very video
    ├── RegistryError                people, institutions, cameras: unknown, registered twice, or not to be changed
    ├── LimitTooLow                  this process may take less memory, or open fewer files, than its work needs
    └── MissingComponent             an optional package or system program that is not installed (also ImportError)

Each names its `subject` (a camera, file, key …), the `problem` and the `fix`.
"""

from __future__ import annotations


class ViapublicaError(Exception):
    """Base of all exceptions of the program.

    Args:
        subject: the camera, file, model or configuration key concerned; never contains credentials.
        problem: what is wrong, in one clause without a full stop.
        fix: what the reader can do about it, as a sentence; empty when there is nothing useful to suggest.
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


class PolicyError(ViapublicaError):
    """The law forbids the request; no setting allows it.

    Args:
        subject, problem, fix: see `ViapublicaError`.
        policy: identifier of the rule that refused, for the audit.
        portuguese: problem and fix in Portuguese; "" where no Portuguese text is known.
    """

    def __init__(
        self, subject: str, problem: str, fix: str = "", *, policy: str = "policy", portuguese: str = ""
    ) -> None:
        super().__init__(subject, problem, fix)
        self.policy = policy
        self.portuguese = portuguese


class NotLoggedIn(PolicyError):
    """No one is recognized: a log-in, session or token is not valid, or the account is not active."""

    def __init__(self, subject: str, problem: str, fix: str = "Log in again") -> None:
        super().__init__(subject, problem, fix, policy="log-in")


class SourceError(ViapublicaError):
    """A camera, video or image cannot be read."""


class SourceNotFound(SourceError, FileNotFoundError):
    """The file, folder or address does not exist."""


class UnsupportedMedia(SourceError, ValueError):
    """The data exists but is neither video nor an image that can be decoded."""


class StreamInterrupted(SourceError, ConnectionError):
    """A live stream stopped, stalled or sent corrupt data; its supervisor reconnects."""


class ModelError(ViapublicaError):
    """Weights, or the model card that describes them, cannot be used."""


class ModelCardError(ModelError, ValueError):
    """The card is missing, malformed, or contradicts its file."""


class ModelIntegrityError(ModelError):
    """The weights are not the file that the card describes (sha256)."""


class ModelRuntimeError(ModelError, RuntimeError):
    """The inference runtime cannot load or run the model."""


class KnownAnswerFailed(ModelError):
    """The network fails its known-answer test on this machine with every backend that may run it."""


class SinkError(ViapublicaError):
    """A destination of events (broker, database or file) failed."""


class Backpressure(SinkError):
    """The sink is full.

    Args:
        subject: name of the sink.
        problem: why it is full.
        retry_after_s: seconds after which a retry makes sense.
    """

    def __init__(self, subject: str, problem: str, retry_after_s: float) -> None:
        super().__init__(subject, problem, f"Retry in {retry_after_s:g} s")
        self.retry_after_s = retry_after_s


class StoreError(ViapublicaError):
    """A query on the event store failed."""


class StoreBusy(StoreError):
    """Another process owns the embedded store and does not answer."""


class AuditError(ViapublicaError):
    """The audit was changed, or a file about it does not agree with it."""


class AuditUnavailable(AuditError):
    """The audit takes no record now, so the operation is refused."""


class RecordError(ViapublicaError):
    """Recorded video is missing, cannot be read, or cannot be written."""


class ReleaseError(ViapublicaError):
    """An anonymized image or video cannot be produced, or must not be released."""


class NotVerified(ReleaseError):
    """The verification of a redacted video fails its own test, so the video counts as not verified."""


class RegistryError(ViapublicaError):
    """An entry of people, institutions or cameras is unknown, exists already, or cannot be changed in this way."""


class LimitTooLow(ViapublicaError):
    """This process may take less memory, or open fewer files, than its work needs."""


class MissingComponent(ViapublicaError, ImportError):
    """An optional package or a system program is not installed."""
