"""viapublica: privacy-keeping video analytics for public-road cameras."""

import os
import sys

# Two libraries send usage statistics unless that is turned off before they are imported: ONNX Runtime by this variable,
# OpenVINO by hiding its telemetry module. The program uses the network only for cameras, sinks and its own services.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

__version__ = "0.1.0"
