import pytest

from ingest.topics import ForeignTopic, Kind, Source, parse_topic


@pytest.mark.parametrize(
    ("topic", "source"),
    [
        ("owntracks/off-12/phone", Source("off-12", None, Kind.FIX)),
        ("owntracks/li.wei@west/5F0C", Source("li.wei@west", None, Kind.FIX)),
        ("ducha/west/car-07/fix", Source("car-07", "west", Kind.FIX)),
        ("ducha/county.west/car-07/status", Source("car-07", "county.west", Kind.STATUS)),
        ("ducha/west/car-07/answer", Source("car-07", "west", Kind.ANSWER)),
    ],
)
def test_a_topic_names_its_device(topic: str, source: Source) -> None:
    assert parse_topic(topic) == source


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "owntracks",
        "owntracks/a",
        "owntracks/a/b/event",
        "owntracks/a/b/cmd",
        "owntracks//b",
        "owntracks/a/",
        "ducha/west/car-07",
        "ducha/west/car-07/ask",
        "ducha/west/car-07/radio",
        "ducha/west/car-07/fix/more",
        "ducha//car-07/fix",
        "ducha/west//fix",
        "ducha/we st/car-07/fix",
        "ducha/west./car-07/fix",
        "ducha/west/../fix",
        "ducha/west/-car/fix",
        "ducha/west/car\x0007/fix",
        "ducha/west/car\n/fix",
        "ducha/west/" + "x" * 65 + "/fix",
        "ducha/" + "x" * 65 + "/car/fix",
        "owntracks/" + "x" * 65 + "/phone",
        "owntracks/'; drop table devices; --/phone",
        "$SYS/broker/uptime",
        "elsewhere/a/b/fix",
        "ducha/west/car-07/fix/" + "x" * 65_000,
    ],
)
def test_any_other_topic_is_no_devices(topic: str) -> None:
    source = parse_topic(topic)
    assert isinstance(source, ForeignTopic)
    assert source.reason.startswith("not a device's topic: ")


def test_the_longest_names_are_names() -> None:
    assert parse_topic(f"ducha/{'u' * 64}/{'d' * 64}/status") == Source("d" * 64, "u" * 64, Kind.STATUS)
    assert parse_topic(f"owntracks/{'d' * 64}/{'t' * 64}") == Source("d" * 64, None, Kind.FIX)
