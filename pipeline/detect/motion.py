"""Where tracked objects are expected: constant velocity over real time, for all tracks of a camera in one pass.

A Kalman filter whose model is stated per second and not per frame. Middle and size of a box are four coordinates that
do not depend on one another, each a place and a speed, so a track is four filters of 2x2 and no matrix is inverted.
Between two frames the speed wanders (continuous white noise acceleration): over dt seconds the covariance grows by

    q^2 * [[dt^3 / 3, dt^2 / 2], [dt^2 / 2, dt]]

(Bar-Shalom, Li and Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001, section 6.2.2), so
two steps of dt expect what one of 2 dt does. All deviations are in sizes of the object, the square root of its box's
area: what is near moves more pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Boxes

States = npt.NDArray[np.float64]

MEASURED = np.array([0.06, 0.06, 0.08, 0.08])
"""Standard deviation of what a detector says of middle x and y, width and height, in sizes."""
SPEED = np.array([2.0, 2.0, 0.6, 0.6])
"""Standard deviation of a speed nothing is known of yet, in sizes per second."""
WANDER = np.array([0.6, 0.6, 0.2, 0.2])
"""How far a speed wanders in one second, in sizes per second (the q above)."""


class Motions:
    """The expected boxes of n tracks, and how sure they are.

    Attributes:
        place: (n, 4) middle x and y, width and height, pixels.
        speed: (n, 4) the same per second.
    """

    def __init__(self) -> None:
        """Of no track."""
        self.place: States = np.empty((0, 4))
        self.speed: States = np.empty((0, 4))
        self._place_variance: States = np.empty((0, 4))
        self._covariance: States = np.empty((0, 4))
        self._speed_variance: States = np.empty((0, 4))

    def __len__(self) -> int:
        return len(self.place)

    def add(self, boxes: Boxes) -> None:
        """Append tracks that begin with these (m, 4) boxes, xyxy in pixels, at an unknown speed."""
        place = _middles_and_sizes(boxes)
        size = _scale(place)
        self.place = np.concatenate([self.place, place])
        self.speed = np.concatenate([self.speed, np.zeros_like(place)])
        self._place_variance = np.concatenate([self._place_variance, (MEASURED * size) ** 2])
        self._covariance = np.concatenate([self._covariance, np.zeros_like(place)])
        self._speed_variance = np.concatenate([self._speed_variance, (SPEED * size) ** 2])

    def keep(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Forget the tracks outside a mask (n,)."""
        self.place, self.speed = self.place[chosen], self.speed[chosen]
        self._place_variance, self._covariance = self._place_variance[chosen], self._covariance[chosen]
        self._speed_variance = self._speed_variance[chosen]

    def advance(self, dt: float) -> None:
        """Expect everything `dt` seconds later."""
        noise = (WANDER * _scale(self.place)) ** 2
        self.place = self.place + self.speed * dt
        self._place_variance = (
            self._place_variance + 2.0 * dt * self._covariance + dt**2 * self._speed_variance + noise * (dt**3 / 3.0)
        )
        self._covariance = self._covariance + dt * self._speed_variance + noise * (dt**2 / 2.0)
        self._speed_variance = self._speed_variance + noise * dt

    def correct(self, index: npt.NDArray[np.int64], boxes: Boxes) -> None:
        """Tracks (m,) were found at these (m, 4) boxes, xyxy in pixels."""
        found = _middles_and_sizes(boxes)
        prior, shared = self._place_variance[index], self._covariance[index]
        total = prior + (MEASURED * _scale(found)) ** 2
        place_gain, speed_gain = prior / total, shared / total
        surprise = found - self.place[index]
        self.place[index] += place_gain * surprise
        self.speed[index] += speed_gain * surprise
        self._speed_variance[index] -= speed_gain * shared
        self._covariance[index] = (1.0 - place_gain) * shared
        self._place_variance[index] = (1.0 - place_gain) * prior

    def boxes(self) -> States:
        """(n, 4) expected boxes, xyxy in pixels."""
        half = np.maximum(self.place[:, 2:], 1.0) / 2.0
        return np.concatenate([self.place[:, :2] - half, self.place[:, :2] + half], axis=1)

    def doubt(self) -> States:
        """(n, 2) standard deviation of the expected middle, x and y in pixels."""
        return np.sqrt(self._place_variance[:, :2])


def _middles_and_sizes(boxes: npt.NDArray[np.floating]) -> States:
    low, high = boxes[:, :2].astype(np.float64), boxes[:, 2:].astype(np.float64)
    return np.concatenate([(low + high) / 2.0, high - low], axis=1)


def _scale(place: States) -> States:
    """(n, 1) sizes in pixels."""
    return np.asarray(np.sqrt(np.maximum(place[:, 2:], 1.0).prod(axis=1, keepdims=True)))
