"""The configuration: one strict model put together from each room's own settings, loaded from YAML."""

from pipeline.config.load import load_config
from pipeline.config.settings import CameraSettings, Config, EngineSettings

__all__ = ["CameraSettings", "Config", "EngineSettings", "load_config"]
