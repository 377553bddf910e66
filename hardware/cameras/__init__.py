"""Virtual IP cameras: live-rendered scenes over real RTSP, with faults that can be commanded.

A `CameraServer` serves cameras, each on a port of its own as a device would; `server.camera(name).fault(Fault.FREEZE)`
breaks one, `.mend()` repairs it. A body-worn camera, `bodycam.Bodycam`, publishes by WebRTC instead.
"""

from hardware.cameras.camera import Camera, CameraSpec
from hardware.cameras.faults import Fault
from hardware.cameras.server import CameraServer

__all__ = ["Camera", "CameraServer", "CameraSpec", "Fault"]
