"""The parameter sets of H.264 and H.265 (VPS, SPS, PPS): what they say of the picture, and those that hold at a moment.

A camera may tell some in its description and others in the stream, and tell a set anew at any time; so what holds is
the union of all, in which a later set stands in the place of an earlier one of its kind and id. Only what a container
or a decoder must know beforehand is read. A set comes from outside: whatever it says, reading it takes bounded work.
"""

from dataclasses import dataclass

from ingest.cameras.annexb import MalformedVideo, unit_type

LARGEST_PIXELS = 4096 * 2304  # that are decoded, where nobody says otherwise
MOST_SET_BYTES = 4_096  # the largest real ones, with all scaling lists, are a tenth of it
MOST_TOGETHER_BYTES = 32_768
WIDEST = HIGHEST = 16_384  # pixels: no picture is larger in either standard's highest level

_SPS, _PPS = {"h264": 7, "hevc": 33}, {"h264": 8, "hevc": 34}
_KINDS = {"h264": (7, 8), "hevc": (32, 33, 34)}
_NAMES = {7: "SPS", 8: "PPS", 32: "VPS", 33: "SPS", 34: "PPS"}
_MOST = {7: 31, 8: 255, 32: 16, 33: 16, 34: 64}  # of a kind: what ids allow, and what an avcC box can count
_H264_HIGH = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # profiles that tell their chroma format
_H264_BASELINE = 66


@dataclass(frozen=True, slots=True)
class Picture:
    """What a sequence parameter set says of the picture; sizes in pixels, cropped as it is to be shown; `coded` is
    what a decoder makes room for. `reorders`: whether pictures may be shown in another order than they come."""

    width: int
    height: int
    coded: tuple[int, int]
    chroma_format: int = 1
    luma_bits: int = 8
    chroma_bits: int = 8
    reorders: bool = True


def united(codec: str, known: tuple[bytes, ...], told: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What holds when `told` comes after `known`: VPS, SPS, PPS, of each kind first what was told last. A unit whose id
    can't be read was damaged on its way and is left out."""
    newest = {place: unit for unit in told if (place := _place(codec, unit)) is not None}
    older = {place: unit for unit in known if (place := _place(codec, unit)) is not None and place not in newest}
    return tuple(
        unit for kind in _KINDS[codec] for sets in (newest, older) for (of, _), unit in sets.items() if of == kind
    )


def tells_news(codec: str, known: tuple[bytes, ...], told: tuple[bytes, ...]) -> bool:
    """Whether with `told` something else holds than with `known`, which :func:`united` made: another set, or another
    picture, which the sequence parameter set that is told last describes."""
    active = [_sequence(codec, sets) for sets in (told, known)]
    return not set(told) <= set(known) or active[0] not in (None, active[1])


def _sequence(codec: str, sets: tuple[bytes, ...]) -> bytes | None:
    return next((unit for unit in sets if unit_type(codec, unit) == _SPS[codec]), None)


def missing(codec: str, sets: tuple[bytes, ...]) -> str | None:
    """The kind of parameter set without which nothing can be decoded and that is not among `sets`."""
    there = {unit_type(codec, unit) for unit in sets}
    return next((_NAMES[kind] for kind in _KINDS[codec] if kind not in there), None)


def picture(codec: str, sets: tuple[bytes, ...]) -> Picture:
    """What the first sequence parameter set among `sets` says.

    Raises:
        MalformedVideo: when there is none, it can't be read, or the sets are more or larger than any camera's.
    """
    _bound(codec, sets)
    pictures = _pictures(codec, sets)
    if not pictures:
        raise MalformedVideo(f"{codec}: expected a sequence parameter set, found none")
    return pictures[0]


def most_pixels(codec: str, sets: tuple[bytes, ...]) -> int:
    """The pixels of the largest picture that any of `sets` lets a decoder make room for; 0 where none says.

    Raises:
        MalformedVideo: as :func:`picture`.
    """
    _bound(codec, sets)
    return max((each.coded[0] * each.coded[1] for each in _pictures(codec, sets)), default=0)


def _pictures(codec: str, sets: tuple[bytes, ...]) -> list[Picture]:
    try:
        return [_read(codec, unit) for unit in sets if unit_type(codec, unit) == _SPS[codec]]
    except (IndexError, ValueError) as error:
        raise MalformedVideo(f"{codec}: the sequence parameter set can't be read") from error


def _read(codec: str, unit: bytes) -> Picture:
    return _h264_picture(unit) if codec == "h264" else _hevc_picture(unit)


def _bound(codec: str, sets: tuple[bytes, ...]) -> None:
    for kind in _KINDS[codec]:
        sizes = [len(unit) for unit in sets if unit_type(codec, unit) == kind]
        if len(sizes) > _MOST[kind]:
            raise MalformedVideo(f"{codec}: {len(sizes)} {_NAMES[kind]}; expected at most {_MOST[kind]}")
        if sizes and max(sizes) > MOST_SET_BYTES:
            largest = max(sizes)
            raise MalformedVideo(f"{codec}: a {_NAMES[kind]} of {largest} bytes; expected at most {MOST_SET_BYTES}")
    together = sum(map(len, sets))
    if together > MOST_TOGETHER_BYTES:
        raise MalformedVideo(f"{codec}: parameter sets of {together} bytes; expected at most {MOST_TOGETHER_BYTES}")


def _place(codec: str, unit: bytes) -> tuple[int, int] | None:
    """The kind and the id of a parameter set."""
    kind = unit_type(codec, unit)
    bits = _Bits(unit[1 if codec == "h264" else 2 : 256])  # an id stands within
    try:
        if kind == _PPS[codec]:
            return kind, bits.unsigned()
        if kind == 7:
            bits.bits(24)
            return kind, bits.unsigned()
        if kind == 33:
            bits.bits(4)
            _skip_profile_tier_level(bits, bits.bits(3))
            return kind, bits.unsigned()
        return kind, bits.bits(4)  # VPS
    except (IndexError, ValueError):
        return None


class _Bits:
    """A reader of bits and Exp-Golomb numbers; emulation prevention bytes are left out."""

    def __init__(self, unit: bytes) -> None:
        data = unit.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        if count > self._left:
            raise IndexError("the parameter set ends too soon")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a number is too large")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def _h264_picture(unit: bytes) -> Picture:
    bits = _Bits(unit[1:])
    profile = bits.bits(8)
    bits.bits(16)  # constraints, level
    bits.unsigned()
    chroma, luma_bits, chroma_bits = 1, 8, 8
    if profile in _H264_HIGH:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.bits(1)
        luma_bits, chroma_bits = 8 + bits.unsigned(), 8 + bits.unsigned()
        bits.bits(1)
        if bits.bits(1):
            _skip_scaling_lists(bits, 8 if chroma != 3 else 12)
    bits.unsigned()
    in_order = _skip_picture_order(bits) == 2  # by definition
    bits.unsigned()
    bits.bits(1)
    width, rows = 16 * (bits.unsigned() + 1), 16 * (bits.unsigned() + 1)
    frames_only = bits.bits(1)
    if not frames_only:
        bits.bits(1)
    bits.bits(1)
    left = right = top = bottom = 0
    if bits.bits(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
    across, down = _crop_units(chroma)
    full = (2 - frames_only) * rows
    height = full - down * (2 - frames_only) * (top + bottom)
    reorders = profile != _H264_BASELINE and not in_order and _h264_reorders(bits)
    shown = width - across * (left + right)
    return _sound(Picture(shown, height, (width, full), chroma, luma_bits, chroma_bits, reorders))


def _h264_reorders(bits: _Bits) -> bool:
    """What the usability information (annex E), which is next, says of pictures in another order; true where nothing
    does."""
    try:
        if not bits.bits(1):
            return True
        if bits.bits(1) and bits.bits(8) == 255:  # the shape of a pixel
            bits.bits(32)
        if bits.bits(1):  # overscan
            bits.bits(1)
        if bits.bits(1):  # what kind of signal
            bits.bits(4)
            if bits.bits(1):
                bits.bits(24)
        if bits.bits(1):  # where colour was sampled
            bits.unsigned()
            bits.unsigned()
        if bits.bits(1):  # the clock
            bits.bits(65)
        network, stream = _skip_hypothetical(bits), _skip_hypothetical(bits)
        if network or stream:
            bits.bits(1)
        bits.bits(1)
        if not bits.bits(1):
            return True
        bits.bits(1)
        for _ in range(4):
            bits.unsigned()
        return bits.unsigned() > 0
    except (IndexError, ValueError):
        return True


def _skip_hypothetical(bits: _Bits) -> bool:
    """Whether there are parameters of a hypothetical decoder (E.1.2)."""
    if not bits.bits(1):
        return False
    count = bits.unsigned() + 1
    bits.bits(8)
    for _ in range(min(count, 33)):
        bits.unsigned()
        bits.unsigned()
        bits.bits(1)
    bits.bits(20)
    return True


def _skip_scaling_lists(bits: _Bits, count: int) -> None:
    for number in range(count):
        if bits.bits(1):
            last = following = 8
            for _ in range(16 if number < 6 else 64):
                if following:
                    following = (last + bits.signed()) % 256
                last = following or last


def _skip_picture_order(bits: _Bits) -> int:
    """The kind of order that is told."""
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.bits(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 256)):
            bits.signed()
    return kind


def _hevc_picture(unit: bytes) -> Picture:
    bits = _Bits(unit[2:])
    bits.bits(4)
    layers = bits.bits(3)
    _skip_profile_tier_level(bits, layers)
    bits.unsigned()
    chroma = bits.unsigned()
    if chroma == 3:
        bits.bits(1)
    coded = width, height = bits.unsigned(), bits.unsigned()
    if bits.bits(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        across, down = _crop_units(chroma)
        width, height = width - across * (left + right), height - down * (top + bottom)
    luma_bits, chroma_bits = 8 + bits.unsigned(), 8 + bits.unsigned()
    return _sound(Picture(width, height, coded, chroma, luma_bits, chroma_bits, _hevc_reorders(bits, layers)))


def _hevc_reorders(bits: _Bits, layers: int) -> bool:
    bits.unsigned()
    reordered = 0
    for _ in range(layers + 1 if bits.bits(1) else 1):
        bits.unsigned()
        reordered = bits.unsigned()  # of the highest layer at last
        bits.unsigned()
    return reordered > 0


def _skip_profile_tier_level(bits: _Bits, layers: int) -> None:
    bits.bits(1 + 96)  # nesting, general profile, tier and level
    told = [(bits.bits(1), bits.bits(1)) for _ in range(layers)]
    if layers:
        bits.bits(2 * (8 - layers))
    for profile, level in told:
        bits.bits(88 * profile + 8 * level)


def _crop_units(chroma: int) -> tuple[int, int]:
    return {1: (2, 2), 2: (2, 1)}.get(chroma, (1, 1))


def _sound(read: Picture) -> Picture:
    fits = 0 < read.width <= WIDEST and 0 < read.height <= HIGHEST
    if not fits or read.chroma_format > 3 or max(read.luma_bits, read.chroma_bits) > 14:
        raise ValueError(f"{read.width}x{read.height} is no picture")
    return read
