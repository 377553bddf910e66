"""An offer as aiortc takes it, and aiortc's answer as the device must read it.

Nothing of the picture is decoded, so any profile of H.264 is taken, in either way of packing (RFC 6184); but aiortc
knows two profiles and one packing, and lets no others pass. It reads no spaces in `a=fmtp`, and has no section that is
offered with port 0, which is to be refused with port 0 (RFC 8829). So it is shown an offer that it knows, and what was
changed is put back in its answer.
"""

import re
from dataclasses import dataclass

KNOWN = {"level-asymmetry-allowed": "1", "packetization-mode": "1", "profile-level-id": "42e01f"}  # to aiortc

_CODEC = re.compile(r"a=rtpmap:(\d{1,3})\s+([^/\s]+)/", re.IGNORECASE)
_FORMAT = re.compile(r"a=fmtp:\s*(\d{1,3})\s+(.*)", re.IGNORECASE)
_MEDIA = re.compile(r"m=(\S+)\s+(\d+)(?:/\d+)?\s+(\S+)\s*(.*)")

Section = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adapted:
    """`offer` is what aiortc is shown."""

    offer: str
    _formats: dict[str, str]  # of H.264, by payload type, as they were offered
    _refused: dict[int, Section]  # what the answer says of sections that were left out, by their place

    @classmethod
    def of(cls, sdp: str) -> "Adapted":
        """Of lines that each begin with a letter and =."""
        sections = _sections(sdp)
        refused = {place: _refusal(each) for place, each in enumerate(sections[1:]) if _is_refused(each)}
        formats: dict[str, str] = {}
        taken: list[str] = []
        left_out = {_mid(each) for each in sections[1:] if _is_refused(each)}
        for place, section in enumerate(sections):
            if place == 0:
                taken += [_grouping(line, left_out) for line in section]
            elif place - 1 not in refused:
                taken += _shown(section, formats)
        return cls("\r\n".join(taken) + "\r\n", formats, refused)

    def restored(self, answer: str) -> str:
        """The answer to what was offered."""
        session, *media = _sections(answer)
        places = range(len(media) + len(self._refused))
        answered = [self._refused.get(place) or self._restored(media.pop(0)) for place in places]
        return "\r\n".join(line for section in (session, *answered) for line in section) + "\r\n"

    def _restored(self, section: Section) -> Section:
        lines: list[str] = []
        for line in section:
            found = _FORMAT.fullmatch(line)
            if found is None or found[1] not in self._formats:
                lines.append(line)
            elif told := self._formats[found[1]]:
                lines.append(f"a=fmtp:{found[1]} {told}")
        return tuple(lines)


def _sections(sdp: str) -> list[Section]:
    """What is said of the session, then of each medium."""
    sections: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            sections.append([])
        if line:
            sections[-1].append(line)
    return [tuple(section) for section in sections]


def _is_refused(section: Section) -> bool:
    """Whether a section is offered as one that is not to be; one that only comes in a bundle has port 0 too."""
    found = _MEDIA.fullmatch(section[0].rstrip())
    return found is not None and int(found[2]) == 0 and "a=bundle-only" not in section


def _refusal(section: Section) -> Section:
    found = _MEDIA.fullmatch(section[0].rstrip())
    assert found is not None
    mid = _mid(section)
    lines = [f"m={found[1]} 0 {found[3]} {found[4] or '0'}", "c=IN IP4 0.0.0.0", "a=inactive"]
    return (*lines, f"a=mid:{mid}") if mid else tuple(lines)


def _mid(section: Section) -> str:
    return next((line.removeprefix("a=mid:").strip() for line in section if line.startswith("a=mid:")), "")


def _grouping(line: str, left_out: set[str]) -> str:
    if not line.startswith("a=group:"):
        return line
    return " ".join(word for word in line.split() if word not in left_out)


def _shown(section: Section, formats: dict[str, str]) -> list[str]:
    """A section with the parameters of its codecs as aiortc knows them; what they were of H.264 goes into `formats`."""
    h264 = {found[1] for line in section if (found := _CODEC.match(line)) and found[2].lower() == "h264"}
    lines: list[str] = []
    told: set[str] = set()
    for line in section:
        found = _FORMAT.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        parameters = _parameters(found[2])
        told.add(found[1])
        if found[1] in h264:
            kept = {name: value for name, value in parameters.items() if name in KNOWN}
            formats[found[1]] = _written(kept)
            parameters |= KNOWN
        lines.append(f"a=fmtp:{found[1]} {_written(parameters)}")
    for silent in sorted(h264 - told):
        formats[silent] = ""
        lines.append(f"a=fmtp:{silent} {_written(dict(KNOWN))}")
    return lines


def _parameters(text: str) -> dict[str, str | None]:
    parameters: dict[str, str | None] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if name := name.strip().lower() if equals else name.strip():
            parameters[name] = value.strip() if equals else None
    return parameters


def _written(parameters: dict[str, str | None]) -> str:
    return ";".join(name if value is None else f"{name}={value}" for name, value in parameters.items())
