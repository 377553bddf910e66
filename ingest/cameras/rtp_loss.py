"""How many RTP packets of a stream never came, by their numbers (RFC 3550). Pure."""

from ingest.cameras.packets import Media

WINDOW = 128  # packets that a late one may be behind the newest
LEAP = 3_000  # sequence numbers: who leaps further numbers anew, as after a restart


class RtpLoss:
    """Of one stream. Late packets, doubled ones, the wrap from 65,535 to 0 and a sender that numbers anew are no loss;
    a packet is lost when `WINDOW` others have come after it, or when nothing comes any more."""

    def __init__(self) -> None:
        self.lost = 0
        self._source = -1  # SSRC
        self._newest = -1  # of all numbers; grows beyond 16 bits
        self._missing: dict[int, None] = {}  # in their order

    def see(self, number: int, source: int, packets: int = 1) -> None:
        """A packet with this sequence number (16 bits) and SSRC came; with `packets`, the last of so many whose numbers
        follow one another."""
        ahead = (number - self._newest + 0x8000 & 0xFFFF) - 0x8000
        if ahead == packets and source == self._source:
            self._newest += packets
            if self._missing:
                self._expire()
        elif packets > 1:
            for each in range(number - packets + 1, number + 1):
                self.see(each & 0xFFFF, source)
        elif source != self._source or abs(ahead) > LEAP:
            self.settle()
            self._source, self._newest = source, number
        elif ahead > 1:
            first, self._newest = self._newest + 1, self._newest + ahead
            in_time = max(first, self._newest - WINDOW + 1)
            self.lost += in_time - first  # at once: who leaps with each packet must not cost us thousands of steps
            self._missing.update(dict.fromkeys(range(in_time, self._newest)))
            self._expire()
        else:
            self._missing.pop(self._newest + ahead, None)

    def settle(self) -> None:
        """Nothing of what is missing will come."""
        self.lost += len(self._missing)
        self._missing.clear()

    def _expire(self) -> None:
        given_up = []
        for number in self._missing:
            if number > self._newest - WINDOW:
                break
            given_up.append(number)
        for number in given_up:
            del self._missing[number]
        self.lost += len(given_up)


class Losses:
    """Of one connection. Counted by the thread that receives, told to the one that hands on."""

    def __init__(self) -> None:
        self._streams: dict[Media, list[RtpLoss]] = {media: [] for media in Media}
        self._told = dict.fromkeys(Media, 0)

    def stream(self, media: Media) -> RtpLoss:
        """The count of one more stream of `media`."""
        made = RtpLoss()
        self._streams[media].append(made)
        return made

    def news(self, media: Media) -> int:
        """How many were lost since it was asked last."""
        lost = 0
        for stream in self._streams[media]:  # nearly always one
            lost += stream.lost
        news, self._told[media] = lost - self._told[media], lost
        return news

    def settle(self) -> None:
        """The connection has ended."""
        for streams in self._streams.values():
            for stream in streams:
                stream.settle()
