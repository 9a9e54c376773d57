"""The settings refuse what must never be counted."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipeline.analytics.calibration import Calibration, GroundPoint
from pipeline.analytics.settings import AnalyticsSettings


@pytest.mark.parametrize("label", ["face", "plate", "dog"])
def test_faces_plates_and_unknown_labels_cannot_be_counted(label: str) -> None:
    with pytest.raises(ValidationError, match=f"{label} cannot be counted"):
        AnalyticsSettings.model_validate({"labels": ["car", label]})


@pytest.mark.parametrize("model", [AnalyticsSettings, Calibration, GroundPoint])
def test_every_field_has_a_title_and_a_description(
    model: type[AnalyticsSettings] | type[Calibration] | type[GroundPoint],
) -> None:
    for name, field in model.model_fields.items():
        assert field.title, name
        assert field.description, name


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        AnalyticsSettings.model_validate({"min_frame": 3})
