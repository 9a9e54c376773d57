"""The configuration: one strict model made of each package's own settings, loaded from YAML."""

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.load import load_config
from pipeline.config.settings import Config

__all__ = ["CameraSettings", "Config", "load_config"]
