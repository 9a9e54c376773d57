"""The settings are documented and refuse unknown keys and values."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from pipeline.observe.settings import LogFormat, LogLevel, MetricsSettings, ObserveSettings


@pytest.mark.parametrize("model", [ObserveSettings, MetricsSettings])
def test_every_field_has_a_title_and_a_description(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.title, name
        assert field.description, name


def test_nothing_is_exposed_to_the_network_by_default() -> None:
    settings = ObserveSettings()
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.AUTO)
    assert settings.metrics is None
    assert MetricsSettings().host == "127.0.0.1"


@pytest.mark.parametrize("change", [{"log_level": "loud"}, {"metrics": {"port": 70000}}, {"color": True}])
def test_wrong_values_and_unknown_keys_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ObserveSettings.model_validate(change)
