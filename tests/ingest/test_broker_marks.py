"""Marks: up to when what the broker delivered is complete."""

import msgspec

from ingest.config import ALL_DEVICES
from ingest.marks import Mark, Marks, own_topic
from ingest.topics import Kind, Source, parse_topic


class Wire:
    """What was published."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.is_up = True

    def __call__(self, topic: str, payload: bytes) -> bool:
        if self.is_up:
            self.sent.append((topic, payload))
        return self.is_up

    def deliver(self, to: Marks) -> None:
        """All that was published, in its order."""
        for topic, payload in self.sent:
            to.take(topic, payload)


def marks(wire: Wire, shard: str = "west") -> Marks:
    return Marks(("owntracks/+/+", "ducha/+/+/fix"), shard, 0.0, wire)


def test_each_filter_has_a_topic_that_it_matches_and_that_is_no_devices() -> None:
    topics = [own_topic(topic_filter) for topic_filter in (*ALL_DEVICES, "ducha/west/+/fix", "ducha/#")]
    assert topics[:2] == ["owntracks/_ingest/_ingest", "ducha/_ingest/_ingest/fix"]
    assert topics[-2:] == ["ducha/west/_ingest/fix", "ducha/_ingest"]
    for topic in topics:
        source = parse_topic(str(topic))
        assert isinstance(source, Source)
        assert source.kind is Kind.MARK
    assert own_topic("ducha/west/car-07/fix") is None


def test_the_input_is_complete_up_to_the_oldest_of_the_marks_that_came_back() -> None:
    wire = Wire()
    mine = marks(wire)
    assert mine.complete_s() == -float("inf")
    mine.send(100.0)
    first, second = wire.sent
    mine.take(*first)
    assert mine.complete_s() == -float("inf"), "through the other filter something may still be coming"
    mine.take(*second)
    assert mine.complete_s() == 100.0
    mine.send(105.0)
    mine.take(*wire.sent[2])
    assert mine.complete_s() == 100.0
    mine.take(*wire.sent[3])
    assert mine.complete_s() == 105.0


def test_no_second_mark_is_sent_while_one_is_on_its_way() -> None:
    wire = Wire()
    mine = marks(wire)
    for now_s in (1.0, 2.0, 3.0):
        mine.send(now_s)
    assert len(wire.sent) == 2


def test_a_mark_that_could_not_be_sent_is_not_waited_for() -> None:
    wire = Wire()
    mine = marks(wire)
    wire.is_up = False
    mine.send(1.0)
    wire.is_up = True
    mine.send(2.0)
    wire.deliver(mine)
    assert mine.complete_s() == 2.0


def test_the_mark_of_a_worker_before_that_waited_in_the_broker_is_no_rivals() -> None:
    wire, others = Wire(), Wire()
    mine, before = marks(wire), marks(others)
    before.send(500.0)
    mine.send(501.0)
    others.deliver(mine)
    assert mine.rival is None


def test_marks_of_another_process_say_nothing_but_that_it_is_there() -> None:
    wire, others = Wire(), Wire()
    mine, other = marks(wire), marks(others)
    mine.send(499.0)
    other.send(500.0)
    others.deliver(mine)
    assert mine.complete_s() == -float("inf")
    assert mine.rival == msgspec.json.decode(others.sent[0][1], type=Mark)
    mine.take("owntracks/_ingest/_ingest", b"not a mark")
    mine.take("owntracks/off-12/phone", wire.sent[0][1])
    assert mine.complete_s() == -float("inf")
