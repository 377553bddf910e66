"""The socket between the console and the publishers."""

import json
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from waiting import at_best
from webrtc_publisher import publishing

from ingest.cameras.fanout import Fanout, Opened
from ingest.cameras.whip import Whip
from ingest.cameras.whip_offer import Refusal, WhipRefused
from ingest.cameras.whip_socket import WhipSocket

TOKEN = "a-token-of-this-camera"


@pytest.fixture
def whip() -> Iterator[Whip]:
    whip = Whip()
    yield whip
    whip.close()


@pytest.fixture
def path(whip: Whip, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "tap.sock.whip"
    served = WhipSocket(path, whip, {"body-1": Fanout(), "body-3": Fanout()}.get, {"body-3": TOKEN})
    yield path
    served.close()
    assert not path.exists()


def ask(path: Path, line: bytes) -> Any:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(path))
        client.sendall(line)
        return json.loads(client.makefile("rb").readline())


def test_it_is_for_its_owner_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"rubbish\n", "invalid-offer"),
        (b"\xff\xfe\n", "invalid-offer"),
        (b"{}\n", "invalid-offer"),
        (b'{"whip": "body-1"}\n', "invalid-offer"),
        (b'{"whip": "body-1", "sdp": "v=0", "whip_end": "x"}\n', "invalid-offer"),
        (b'{"whip": 1, "sdp": 2}\n', "invalid-offer"),
        (b'{"whip": "body-1", "sdp": "v=0"}\n', "invalid-offer"),
        (b'{"whip": "body-2", "sdp": "v=0"}\n', "no-such-device"),
        (b'{"whip": "body-3", "sdp": "v=0"}\n', "wrong-token"),
        (b'{"whip": "body-3", "sdp": "v=0", "token": ""}\n', "wrong-token"),
        (b'{"whip": "body-3", "sdp": "v=0", "token": "a-token-of-this-camerA"}\n', "wrong-token"),
        (b'{"whip": "body-3", "sdp": "v=0", "token": "\xe4\xbb\xa4"}\n', "wrong-token"),
        (b'{"whip": "body-3", "sdp": "v=0", "token": "a-token-of-this-camera"}\n', "invalid-offer"),
        (b'{"whip": "body-1", "sdp": "v=0", "token": "whatever"}\n', "invalid-offer"),
        (b'{"whip_end": "nothing", "token": "x"}\n', "invalid-offer"),
        (b'{"whip_end": "nothing"}\n', "no-such-publication"),
    ],
)
def test_what_is_no_request_is_answered_with_the_reason(path: Path, line: bytes, kind: str) -> None:
    answer = ask(path, line)
    assert answer["kind"] == kind
    assert answer["error"]


def test_a_line_without_an_end_is_not_read_for_ever(path: Path) -> None:
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        ask(path, b"x" * 2_000_000)
    assert ask(path, b"{}\n")["kind"] == "invalid-offer"


def test_one_that_says_nothing_holds_others_up_for_a_moment_only(path: Path) -> None:
    def held_up_s() -> float:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(str(path))
            began_s = time.monotonic()
            assert ask(path, b"{}\n")["kind"] == "invalid-offer"
            return time.monotonic() - began_s

    assert at_best(held_up_s, promised=4.0) < 4


def test_a_socket_left_behind_is_replaced_and_one_in_use_is_not(path: Path, whip: Whip) -> None:
    with pytest.raises(OSError, match="in use"):
        WhipSocket(path, whip, {}.get)
    left = path.with_name("left.whip")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))
    served = WhipSocket(left, whip, {}.get)
    assert ask(left, b"{}\n")["kind"] == "invalid-offer"
    served.close()


def test_a_publication_is_ended_by_its_id(path: Path, whip: Whip) -> None:
    fanout = Fanout()
    subscription = fanout.subscribe()
    with publishing(whip, "body-1", fanout) as resource:
        assert isinstance(subscription.take(60)[0], Opened)
        assert ask(path, json.dumps({"whip_end": resource}).encode() + b"\n") == {}
        assert len(whip) == 0
        assert fanout.streams is None
        assert ask(path, json.dumps({"whip_end": resource}).encode() + b"\n")["kind"] == "no-such-publication"


def test_it_stops_while_a_request_is_under_way(tmp_path: Path, whip: Whip) -> None:
    path = tmp_path / "stops.whip"
    served = WhipSocket(path, whip, {}.get)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(path))
        began_s = time.monotonic()
        served.close()
        assert time.monotonic() - began_s < 5


def test_after_its_end_nothing_is_taken(whip: Whip) -> None:
    whip.close()
    with pytest.raises(WhipRefused) as refused:
        whip.end("anything")
    assert refused.value.kind is Refusal.STOPPING
    whip.close()


def test_many_may_ask_at_once(path: Path) -> None:
    answers: list[str] = []
    threads = [Thread(target=lambda: answers.append(ask(path, b'{"whip_end": "no"}\n')["kind"])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == ["no-such-publication"] * 20
