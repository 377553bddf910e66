"""What a camera's microphone hears."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hardware.cameras.encoder import Sound


class Hearing(Protocol):
    """A source of sound: `count` samples from the sample numbered `first`, at `rate_hz`."""

    def samples(self, first: int, count: int, rate_hz: int) -> Sound: ...


class Tone:
    """A steady tone, to be recognised by a measurement."""

    def __init__(self, hertz: float = 440.0) -> None:
        self._hertz = hertz

    def samples(self, first: int, count: int, rate_hz: int) -> Sound:
        t = (first + np.arange(count)) % rate_hz / rate_hz
        return (0.2 * np.sin(2 * np.pi * self._hertz * t)).astype(np.float32)


class Murmur:
    """A room where people talk: noise in the band of speech, in syllables and pauses, drawn from a seed."""

    _LENGTH_S = 20

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._loops: dict[int, NDArray[np.float32]] = {}

    def samples(self, first: int, count: int, rate_hz: int) -> Sound:
        if rate_hz not in self._loops:
            self._loops[rate_hz] = self._loop(rate_hz)
        loop = self._loops[rate_hz]
        heard: Sound = loop[(first + np.arange(count)) % len(loop)]
        return heard

    def _loop(self, rate_hz: int) -> Sound:
        rng = np.random.default_rng([self._seed, 4])
        length = self._LENGTH_S * rate_hz
        spectrum = np.fft.rfft(rng.normal(size=length))
        hertz = np.fft.rfftfreq(length, 1 / rate_hz)
        spectrum *= np.exp(-(np.log2(np.maximum(hertz, 1.0) / 450.0) ** 2))
        voice = np.fft.irfft(spectrum, length)
        loudness = np.clip(rng.normal(0.4, 0.5, self._LENGTH_S * 4), 0.02, 1.0)
        envelope = np.interp(np.arange(length), np.arange(len(loudness)) * rate_hz / 4, loudness)
        heard: Sound = (voice / np.abs(voice).max() * envelope * 0.5).astype(np.float32)
        return heard
