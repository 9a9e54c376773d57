"""Motion model of tracked objects: constant-velocity Kalman filter in real time, vectorized over all tracks.

The model is stated per second, not per frame. Center and size of a box are four independent coordinates, each with a
position and a velocity, so a track is four 2x2 filters and no matrix is inverted. Between two frames the velocity
changes at random (continuous white noise acceleration): over dt seconds the covariance grows by

    q^2 * [[dt^3 / 3, dt^2 / 2], [dt^2 / 2, dt]]

(Bar-Shalom, Li and Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001, section 6.2.2), so
two steps of dt predict the same as one of 2 dt. All deviations are relative to the size of the object, the square root
of its box's area: near objects move by more pixels.
"""

from __future__ import annotations

from copy import copy

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Boxes

States = npt.NDArray[np.float64]

MEASUREMENT_NOISE = np.array([0.06, 0.06, 0.08, 0.08])
"""Standard deviation of detected center x and y, width and height, in object sizes."""
INITIAL_VELOCITY = np.array([2.0, 2.0, 0.6, 0.6])
"""Standard deviation of the velocity of a new track, in object sizes per second."""
PROCESS_NOISE = np.array([0.6, 0.6, 0.2, 0.2])
"""Standard deviation by which a velocity changes within one second, in object sizes per second (q above)."""


class MotionModel:
    """State estimates of n tracks with their covariances.

    Attributes:
        position: (n, 4) center x and y, width and height, pixels.
        velocity: (n, 4) the same per second.
    """

    def __init__(self) -> None:
        """A model without tracks."""
        self.position: States = np.empty((0, 4))
        self.velocity: States = np.empty((0, 4))
        self._position_variance: States = np.empty((0, 4))
        self._covariance: States = np.empty((0, 4))
        self._velocity_variance: States = np.empty((0, 4))

    def __len__(self) -> int:
        return len(self.position)

    def add(self, boxes: Boxes) -> None:
        """Append tracks that start with these (m, 4) boxes, xyxy in pixels, with unknown velocity."""
        position = _centers_and_sizes(boxes)
        size = _scale(position)
        self.position = np.concatenate([self.position, position])
        self.velocity = np.concatenate([self.velocity, np.zeros_like(position)])
        self._position_variance = np.concatenate([self._position_variance, (MEASUREMENT_NOISE * size) ** 2])
        self._covariance = np.concatenate([self._covariance, np.zeros_like(position)])
        self._velocity_variance = np.concatenate([self._velocity_variance, (INITIAL_VELOCITY * size) ** 2])

    def keep(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Remove the tracks outside a mask (n,)."""
        self.position, self.velocity = self.position[chosen], self.velocity[chosen]
        self._position_variance, self._covariance = self._position_variance[chosen], self._covariance[chosen]
        self._velocity_variance = self._velocity_variance[chosen]

    def predict(self, dt: float) -> None:
        """Predict all states `dt` seconds later."""
        noise = (PROCESS_NOISE * _scale(self.position)) ** 2
        self.position = self.position + self.velocity * dt
        self._position_variance = (
            self._position_variance
            + 2.0 * dt * self._covariance
            + dt**2 * self._velocity_variance
            + noise * (dt**3 / 3.0)
        )
        self._covariance = self._covariance + dt * self._velocity_variance + noise * (dt**2 / 2.0)
        self._velocity_variance = self._velocity_variance + noise * dt

    def predicted(self, dt: float) -> MotionModel:
        """A copy of all states, predicted `dt` seconds later."""
        later = copy(self)  # every change of a state makes new arrays
        later.predict(dt)
        return later

    def update(self, index: npt.NDArray[np.int64], boxes: Boxes) -> None:
        """Correct the tracks (m,) with their detected (m, 4) boxes, xyxy in pixels."""
        found = _centers_and_sizes(boxes)
        prior, shared = self._position_variance[index], self._covariance[index]
        total = prior + (MEASUREMENT_NOISE * _scale(found)) ** 2
        position_gain, velocity_gain = prior / total, shared / total
        innovation = found - self.position[index]
        self.position[index] += position_gain * innovation
        self.velocity[index] += velocity_gain * innovation
        self._velocity_variance[index] -= velocity_gain * shared
        self._covariance[index] = (1.0 - position_gain) * shared
        self._position_variance[index] = (1.0 - position_gain) * prior

    def boxes(self) -> States:
        """(n, 4) predicted boxes, xyxy in pixels."""
        half = np.maximum(self.position[:, 2:], 1.0) / 2.0
        return np.concatenate([self.position[:, :2] - half, self.position[:, :2] + half], axis=1)

    def center_deviation(self) -> States:
        """(n, 2) standard deviation of the predicted center, x and y in pixels."""
        return np.sqrt(self._position_variance[:, :2])


def _centers_and_sizes(boxes: npt.NDArray[np.floating]) -> States:
    low, high = boxes[:, :2].astype(np.float64), boxes[:, 2:].astype(np.float64)
    return np.concatenate([(low + high) / 2.0, high - low], axis=1)


def _scale(position: States) -> States:
    """(n, 1) object sizes in pixels."""
    return np.asarray(np.sqrt(np.maximum(position[:, 2:], 1.0).prod(axis=1, keepdims=True)))
