"""Virtual ONVIF devices: they answer WS-Discovery and name the RTSP addresses of virtual cameras.

`with OnvifDevice(OnvifSpec(name="门口", profiles=(profile_of(spec, url),))):` is to be found by multicast on its host's
network, and at `probe_address` by unicast. A `Misbehaviour` makes it answer what no device should.
"""

from hardware.onvif.device import OnvifDevice
from hardware.onvif.spec import Misbehaviour, OnvifSpec, Profile, profile_of

__all__ = ["Misbehaviour", "OnvifDevice", "OnvifSpec", "Profile", "profile_of"]
