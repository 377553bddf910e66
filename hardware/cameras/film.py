"""The film of a camera: a thread that pictures, hears and encodes, as long as somebody watches."""

import threading
import time
from collections.abc import Callable

from hardware.cameras.camera import Camera
from hardware.cameras.encoder import VIDEO_CLOCK_HZ, AudioEncoder, Coding, VideoEncoder
from hardware.cameras.faults import Fault
from hardware.cameras.lens import Lens
from hardware.cameras.picture import Picture, Size
from hardware.cameras.tracks import Sample, Track

BUFFER_S = 5.0  # of sound that a camera keeps while it is held up


class Film:
    """Calls `deliver` on its own thread with every sample. Nobody watching, it only waits."""

    def __init__(self, camera: Camera, began_s: float, deliver: Callable[[Sample], None]) -> None:
        self._camera, self._deliver, self._began_s = camera, deliver, began_s
        spec = camera.spec
        self._lens = Lens(spec.size, spec.noise)
        self._size = spec.size
        self._video = self._encoder(spec.size)
        self._audio = AudioEncoder(spec.audio) if spec.audio else None
        self.tracks: list[Track] = [self._video.track()] + ([self._audio.track()] if self._audio else [])
        self._change = threading.Condition()
        self._watchers, self._stopping, self._keyframe_wanted = 0, False, True
        self._frozen: Picture | None = None
        self._keyframe_s = -1e9
        self._heard = 0
        self._listening = False
        self._thread = threading.Thread(target=self._run, name=f"camera {spec.name}", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Somebody watches from now on; a keyframe comes at once."""
        with self._change:
            self._watchers += 1
            self._keyframe_wanted = True
            self._change.notify()

    def leave(self) -> None:
        with self._change:
            self._watchers -= 1

    def close(self) -> None:
        """Stop the thread and wait for it."""
        with self._change:
            self._stopping = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        due_s = 0.0
        while self._wait_until(due_s):
            now_s = time.monotonic()
            if now_s - due_s > 1.0:  # it starts, or was held up: pictures that were missed are not made up for
                due_s = now_s
                self._begin_to_hear(now_s)
            self._shoot(due_s)
            self._listen(due_s)
            due_s += 1 / self._camera.spec.fps

    def _begin_to_hear(self, now_s: float) -> None:
        """From now on, or, where it was listening all the time, from where it has heard up to: that comes late."""
        if self._audio:
            from_s = now_s - BUFFER_S if self._listening else now_s
            self._heard = max(self._heard, round(from_s * self._audio.rate_hz))
        self._listening = True

    def _wait_until(self, due_s: float) -> bool:
        """Wait until the next picture is due and wanted; false when it is time to stop."""
        with self._change:
            while not self._stopping:
                wait_s = due_s - time.monotonic()
                if self._watchers and wait_s <= 0:
                    return True
                self._listening = self._listening and self._watchers > 0
                self._change.wait(wait_s if self._watchers else None)
            return False

    def _shoot(self, due_s: float) -> None:
        faults, spec = self._camera.faults, self._camera.spec
        self._resize(faults)
        if Fault.FREEZE not in faults or self._frozen is None:
            # who is held up between two clocks reads too much: the least is right
            true_s = due_s + min(-time.monotonic() + time.time() for _ in range(3))
            view = spec.view.picture((due_s - self._began_s) * spec.speed, spec.size)
            self._frozen = self._lens.picture(view, faults, true_s, self._camera.clock_s(true_s))
        picture = self._lens.scaled(self._frozen, self._size)
        for sample in self._video.encode(picture, round(due_s * VIDEO_CLOCK_HZ), self._is_keyframe_due(due_s, faults)):
            self._deliver(sample)

    def _resize(self, faults: frozenset[Fault]) -> None:
        width, height = self._camera.spec.size
        size = (width * 3 // 8 * 2, height * 3 // 8 * 2) if Fault.RESOLUTION in faults else (width, height)
        if size != self._size:
            self._size = size
            self._video = self._encoder(size)
            self._keyframe_s = -1e9

    def _encoder(self, size: Size) -> VideoEncoder:
        spec = self._camera.spec
        coding = Coding(spec.codec, spec.bitrate_bps, spec.preset, spec.b_frames, spec.delimiters)
        return VideoEncoder(size, spec.fps, coding, lambda units, is_key: self._camera.oddity.units(units, is_key))

    def _is_keyframe_due(self, due_s: float, faults: frozenset[Fault]) -> bool:
        if Fault.NO_KEYFRAME in faults:
            return False
        with self._change:
            wanted, self._keyframe_wanted = self._keyframe_wanted, False
        if not wanted and due_s - self._keyframe_s < self._camera.spec.keyframe_every_s - 0.5 / self._camera.spec.fps:
            return False
        self._keyframe_s = due_s
        return True

    def _listen(self, until_s: float) -> None:
        if not self._audio:
            return
        rate_hz, count = self._audio.rate_hz, self._audio.frame_samples
        while self._heard + count <= until_s * rate_hz:
            sound = self._camera.spec.hearing.samples(self._heard, count, rate_hz)
            for sample in self._audio.encode(sound, self._heard):
                self._deliver(sample)
            self._heard += count
