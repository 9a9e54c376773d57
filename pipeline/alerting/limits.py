"""Thresholds of one camera's rules: stated ones, learned ones, and the figures that the latter are learned from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline.alerting.settings import Thresholds
from pipeline.alerting.usual import Learned, Usual, learned
from pipeline.domain.events import AlertRule

REPORTED_BELOW: Final = frozenset({"slow_share"})
"""Thresholds below which a rule reports; of all others, from which on."""
_USUAL_SHARE: Final = 0.98
"""Share of figures that are usual."""


class Limits:
    """Thresholds of one camera.

    Attributes:
        stated: as configured, defaults included.

    Args:
        stated: see above.
        usual: figures of the camera; None where nothing is learned, such as in recorded video.
        tuned: the factor that people's feedback gives the threshold of a rule now.
    """

    def __init__(
        self,
        stated: Thresholds | None = None,
        usual: Usual | None = None,
        tuned: Callable[[AlertRule], float] = lambda _: 1.0,
    ) -> None:
        self.stated = stated or Thresholds()
        self._usual = usual
        self._tuned = tuned

    def factor(self, rule: AlertRule) -> float:
        """By which people's feedback moves the threshold of a rule, where it is not stated."""
        return self._tuned(rule)

    def value(self, rule: AlertRule, name: str) -> float:
        """A threshold without what is usual: as configured where it is stated, else the default moved by feedback.

        Args:
            rule: whose feedback counts; name: field of `Thresholds`.
        """
        base = float(getattr(self.stated, name))
        if name in self.stated.model_fields_set:
            return base
        factor = self.factor(rule)
        return base / factor if name in REPORTED_BELOW else base * factor

    def limit(self, rule: AlertRule, name: str, subject: str, ts_ms: int, *, factor: float) -> Learned:
        """The threshold of a rule: as configured where it is stated, else raised by what is usual at this hour.

        Args:
            rule, subject: whose figures count.
            name: field of `Thresholds` with the base.
            ts_ms: time, milliseconds since 1970 UTC.
            factor: see `pipeline.alerting.usual.learned`.
        """
        base = self.value(rule, name)
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
