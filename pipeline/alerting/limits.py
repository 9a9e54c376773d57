"""Thresholds of one camera's rules: stated ones, learned ones, and the figures that the latter are learned from."""

from __future__ import annotations

from typing import Final

from pipeline.alerting.settings import Thresholds
from pipeline.alerting.usual import Learned, Usual, learned
from pipeline.domain.events import AlertRule

_USUAL_SHARE: Final = 0.98
"""Share of figures that are usual."""


class Limits:
    """Thresholds of one camera.

    Attributes:
        stated: as configured, defaults included.

    Args:
        stated: see above.
        usual: figures of the camera; None where nothing is learned, such as in recorded video.
    """

    def __init__(self, stated: Thresholds | None = None, usual: Usual | None = None) -> None:
        self.stated = stated or Thresholds()
        self._usual = usual

    def limit(self, rule: AlertRule, name: str, subject: str, ts_ms: int, *, factor: float) -> Learned:
        """The threshold of a rule: as configured where it is stated, else raised by what is usual at this hour.

        Args:
            rule, subject: whose figures count.
            name: field of `Thresholds` with the base.
            ts_ms: time, milliseconds since 1970 UTC.
            factor: see `pipeline.alerting.usual.learned`.
        """
        base = float(getattr(self.stated, name))
        if self._usual is None:
            return Learned(base, base, None, 0)
        usual, seen = (
            self._usual.quantile(rule, subject, ts_ms, _USUAL_SHARE),
            self._usual.seen(rule, subject, ts_ms),
        )
        if name in self.stated.model_fields_set:
            return Learned(base, base, usual, seen)
        return learned(base, usual, seen, factor=factor)

    def learn(self, rule: AlertRule, subject: str, ts_ms: int, figure: float) -> None:
        """Count a figure of an ordinary moment."""
        if self._usual is not None:
            self._usual.add(rule, subject, ts_ms, figure)
