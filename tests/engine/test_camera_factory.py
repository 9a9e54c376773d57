"""Sources of cameras, from the configuration."""

from __future__ import annotations

import pytest

from pipeline.config.settings import Config
from pipeline.engine.camera_factory import build_source
from pipeline.errors import ConfigError


def test_only_http_addresses_can_be_declared_to_end() -> None:
    cameras = [
        {"id": name, "source": source, "scope": "public-road", "ends": True}
        for name, source in {"web": "https://10.0.0.7/a.mp4", "cam": "rtsp://10.0.0.7/1"}.items()
    ]
    config = Config.model_validate({"cameras": cameras})
    build_source(config, config.cameras[0])
    with pytest.raises(ConfigError, match="ends is only for http:// and https:// addresses"):
        build_source(config, config.cameras[1])
