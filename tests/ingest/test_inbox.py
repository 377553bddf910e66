"""The inbox: nobody waits for another's flood, and a mark waits for all."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.inbox import SHARE_BYTES, SHARE_MESSAGES, Inbox
from ingest.messages import Message
from ingest.metrics import Metrics
from ingest.topics import parse_topic

MARK = "ducha/_ingest/_ingest/fix"


def of(device: str, order: int, size: int = 2, kind: str = "fix") -> Message:
    return Message(f"ducha/west/{device}/{kind}", b"x" * size, 0.0, order=order)


def orders(messages: list[Message]) -> list[int]:
    return [message.order for message in messages]


def test_who_floods_waits_for_himself_alone() -> None:
    inbox = Inbox(Metrics())
    inbox.put(*(of("flood", order) for order in range(5_000)))
    inbox.put(of("car-07", 5_000), of("car-08", 5_001))
    first = inbox.take(10_000)
    assert orders(first) == [*range(SHARE_MESSAGES), 5_000, 5_001]
    inbox.put(of("car-07", 5_002))
    assert orders(inbox.take(10_000)) == [*range(SHARE_MESSAGES, 2 * SHARE_MESSAGES), 5_002]


def test_who_floods_under_many_names_that_nobody_introduced_has_one_share_with_them_all() -> None:
    inbox = Inbox(Metrics())
    inbox.introduce({"car-07", "car-08"})
    inbox.put(*(of(f"name-{order % 40}", order) for order in range(8_000)))
    inbox.put(of("car-07", 8_000), of("car-08", 8_001))
    for _ in range(2):
        taken = inbox.take(10_000)
        assert len(taken) == SHARE_MESSAGES + 2
        assert orders(taken)[-2:] == [8_000, 8_001]
        inbox.put(of("car-07", 8_000), of("car-08", 8_001))


def test_among_those_that_nobody_introduced_each_has_a_turn() -> None:
    inbox = Inbox(Metrics())
    inbox.introduce(frozenset())
    inbox.put(*(of("flood", order) for order in range(5_000)), of("new-car", 5_000))
    assert 5_000 in orders(inbox.take(10_000))


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=60), st.sets(st.sampled_from(["a", "b", "c"])))
def test_who_is_introduced_keeps_the_order_of_what_waited(devices: list[str], introduced: set[str]) -> None:
    inbox = Inbox(Metrics())
    inbox.introduce(frozenset())
    half = len(devices) // 2
    inbox.put(*(of(device, order) for order, device in enumerate(devices[:half])))
    inbox.introduce(introduced)
    inbox.put(*(of(device, order) for order, device in enumerate(devices[half:], half)))
    taken: list[Message] = []
    while len(inbox):
        taken += inbox.take(7)
    for name in "abc":
        mine = [m.order for m in taken if m.topic == f"ducha/west/{name}/fix"]
        assert mine == [order for order, device in enumerate(devices) if device == name]


def test_large_messages_use_up_a_share_too() -> None:
    inbox = Inbox(Metrics())
    large = SHARE_BYTES // 4
    inbox.put(*(of("flood", order, large) for order in range(10)), of("car-07", 10))
    assert orders(inbox.take(1_000)) == [0, 1, 2, 3, 10]


def test_long_topics_use_up_the_bound_of_bytes() -> None:
    metrics = Metrics()
    inbox = Inbox(metrics, max_bytes=100_000)
    inbox.put(Message("x" * 60_000, b"", 0.0), Message("y" * 40_000, b"", 0.0))
    inbox.take(1)
    assert metrics.registry.get_sample_value("ducha_ingest_inbox_bytes") == 40_000


def test_a_mark_waits_for_all_that_came_before_it() -> None:
    inbox = Inbox(Metrics())
    inbox.put(*(of("flood", order) for order in range(1_500)), Message(MARK, b"{}", 0.0, order=1_500))
    inbox.put(of("car-07", 1_501))
    assert parse_topic(MARK) == parse_topic("owntracks/_ingest/_ingest")
    assert orders(inbox.take(5_000)) == [*range(1_000), 1_501]
    assert orders(inbox.take(5_000)) == [*range(1_000, 1_500), 1_500]
    assert len(inbox) == 0


sendings = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "_mark"]), st.integers(0, 3)), max_size=60)


@given(sendings, st.integers(1, 7))
def test_all_comes_once_each_device_in_order_and_marks_after_all_before_them(
    sent: list[tuple[str, int]], limit: int
) -> None:
    inbox = Inbox(Metrics())
    taken: list[Message] = []
    for order, (device, takes) in enumerate(sent):
        inbox.put(Message(MARK, b"", 0.0, order=order) if device == "_mark" else of(device, order))
        for _ in range(takes // 3):
            taken += inbox.take(limit)
    while more := inbox.take(limit):
        taken += more
    assert sorted(orders(taken)) == list(range(len(sent)))
    for device in ("a", "b", "c"):
        mine = [m.order for m in taken if m.topic == of(device, 0).topic]
        assert mine == sorted(mine)
    seen: set[int] = set()
    for message in taken:
        if message.topic == MARK:
            assert set(range(message.order)) <= seen
        seen.add(message.order)
