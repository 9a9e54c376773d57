"""viapublica: privacy-keeping video analytics for public-road cameras."""

import os
import sys

# Two libraries tell their makers of every use unless told not to, before they are imported: ONNX Runtime by this
# variable, OpenVINO by having nothing to tell with. Nothing here may ask the network for anything but images.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

__version__ = "0.1.0"
