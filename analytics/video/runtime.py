"""OpenVINO, which runs the detectors' networks, without the report that it sends of itself.

On being imported OpenVINO tells a server on the Internet, through its companion package `openvino_telemetry`, that it
runs, and leaves an identifier in the home directory, unless somebody has declined. A supervision system tells nobody
anything. Where that package is not there OpenVINO goes without; so it is made not to be there. Nothing else imports
OpenVINO.
"""

import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # an import of it fails from now on

import openvino  # type: ignore[import-untyped]  # noqa: E402

__all__ = ["openvino"]
