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
    ],
)
def test_any_other_topic_is_no_devices(topic: str) -> None:
    source = parse_topic(topic)
    assert isinstance(source, ForeignTopic)
    assert source.reason.startswith("not a device's topic: ")
