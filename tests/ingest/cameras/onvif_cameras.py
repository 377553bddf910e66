"""Virtual ONVIF devices for the tests, alone or in the middle of others that misbehave."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import uuid4

from hardware.cameras.digest import Credentials
from hardware.onvif import Misbehaviour, OnvifDevice, OnvifSpec, Profile
from ingest.cameras.onvif_device import Login

WHO = Credentials("watch", "p@ss:w/rd")
LOGIN = Login(WHO.user, WHO.password)
MAIN = Profile("main", "rtsp://127.0.0.1:554/main", "H264", (1920, 1080), 25.0)
SUB = Profile("sub", "rtsp://127.0.0.1:554/sub", "H264", (640, 360), 15.0)


def spec(
    *,
    name: str = "",
    profiles: tuple[Profile, ...] = (MAIN, SUB),
    locked: bool = False,
    clock_ahead_s: float = 0.0,
    by_multicast: bool = False,
    misbehaviour: Misbehaviour | None = None,
) -> OnvifSpec:
    """A device that answers only who asks it directly, unless told otherwise: other tests run beside this one."""
    return OnvifSpec(
        name=name or f"门口 {uuid4()}",
        model="V-1",
        profiles=profiles,
        credentials=WHO if locked else None,
        clock_ahead_s=clock_ahead_s,
        found_by_multicast=by_multicast,
        misbehaviour=misbehaviour,
    )


@contextmanager
def serving(specs: Sequence[OnvifSpec]) -> Iterator[list[OnvifDevice]]:
    with ExitStack() as held:
        yield [held.enter_context(OnvifDevice(each)) for each in specs]
