"""What may come in answer to a probe, and what is made of it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onvif_cameras import serving, spec
from waiting import wait_until

from hardware.onvif import soap
from ingest.cameras.discovery import (
    MOST_BYTES,
    MOST_OF_ONE,
    Answer,
    MalformedAnswer,
    Place,
    is_at,
    plain,
    probe,
    read_answer,
)

QUESTION = "urn:uuid:5f2f8a4e-0a3c-4b63-9a55-0d7a2d9a5d11"
HERE = "10.0.0.7"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


def answer(
    *,
    relates: str = QUESTION,
    services: str = f"http://{HERE}/onvif/device",
    scopes: str = "",
    match: str = "ProbeMatch",
) -> bytes:
    addressing = f'xmlns:a="{ADDRESSING}"'
    return soap.envelope(
        f'<d:ProbeMatches xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><d:{match}>'
        f"<a:EndpointReference {addressing}><a:Address>urn:uuid:1</a:Address></a:EndpointReference>"
        f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{services}</d:XAddrs></d:{match}></d:ProbeMatches>",
        f"<a:RelatesTo {addressing}>{relates}</a:RelatesTo>",
    )


def test_an_answer_tells_the_service_and_what_the_device_calls_itself() -> None:
    scopes = "onvif://www.onvif.org/name/%E9%97%A8%E5%8F%A3 onvif://www.onvif.org/hardware/V-1"
    assert read_answer(answer(scopes=scopes), HERE, [QUESTION]) == Answer(
        address=HERE, endpoint="urn:uuid:1", service=f"http://{HERE}/onvif/device", name="门口", model="V-1"
    )


def test_of_several_services_the_one_is_taken_that_is_where_the_answer_came_from() -> None:
    told = read_answer(answer(services=f"http://169.254.3.4/o http://{HERE}:8080/o"), HERE, [QUESTION])
    assert told.service == f"http://{HERE}:8080/o"


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (b"\x00\xff no XML", "answers no sound XML"),
        (b"", "answers no sound XML"),
        (b"<" + b"x" * MOST_BYTES, f"answers more than {MOST_BYTES} bytes"),
        (soap.bomb(), "answers no sound XML"),
        (b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "document type"),
        (answer(relates="urn:uuid:0"), "a question that was not ours"),
        (answer(match="ResolveMatch"), "answers with no match"),
        (answer(services=""), "names no service at the address"),
        (answer(services="http://192.0.2.1/onvif"), "names no service at the address"),
        (answer(services="http://camera.example/onvif"), "names no service at the address"),
        (answer(services=f"http://{HERE}@192.0.2.1/onvif"), "names no service at the address"),
        (answer(services=f"ftp://{HERE}/onvif"), "names no service at the address"),
        (answer(services=f"http://{HERE}:99999/onvif"), "names no service at the address"),
    ],
)
def test_what_is_no_answer_is_refused_with_what_was_expected(message: bytes, problem: str) -> None:
    with pytest.raises(MalformedAnswer, match=problem) as caught:
        read_answer(message, HERE, [QUESTION])
    assert "expected" in str(caught.value)


@given(st.binary(max_size=400) | st.builds(lambda a, b: answer()[:a] + b, st.integers(0, 900), st.binary(max_size=80)))
def test_whatever_comes_is_an_answer_or_is_refused(message: bytes) -> None:
    try:
        told = read_answer(message, HERE, [QUESTION])
    except MalformedAnswer:
        return
    assert is_at(told.service, HERE, ("http", "https"))


@given(st.text(max_size=600))
def test_what_a_device_says_does_not_steer_the_terminal(text: str) -> None:
    said = plain(text)
    assert said is None or (said.isprintable() and 0 < len(said) <= 100)


def test_a_device_is_found_where_it_is_asked_directly() -> None:
    with serving([spec(name="门口")]) as (device,):
        (told,) = probe(20.0, [device.probe_address])
    assert isinstance(told, Answer)
    assert (told.address, told.name, told.model, told.service) == ("127.0.0.1", "门口", "V-1", device.service)


def test_a_device_is_found_by_multicast_on_every_network_of_this_machine() -> None:
    with serving([spec(by_multicast=True)]) as (device,):

        def services() -> list[str]:
            told = [each for each in probe(2.0) if isinstance(each, Answer)]
            return [each.service for each in told if each.name == device.spec.name]

        wait_until(lambda: services() == [device.service], 60, "the device is found")


def test_one_that_answers_without_end_leaves_room_for_the_others() -> None:
    with chatter() as (at, sent), serving([spec(name="门口")]) as (device,):
        told = probe(20.0, [at, device.probe_address])
    assert sent() > MOST_OF_ONE
    assert [each.name for each in told if isinstance(each, Answer) and each.address == "127.0.0.1"] == ["门口"]
    assert len([each for each in told if each.address == at[0]]) <= MOST_OF_ONE


@contextmanager
def chatter() -> Iterator[tuple[Place, Callable[[], int]]]:
    """Something that answers every question a hundred times, each time as another device."""
    answers = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.2", 0))

        def serve() -> None:
            nonlocal answers
            while (received := server.recvfrom(65_535))[0]:
                question = soap.parsed(received[0]).findtext(f".//{{{ADDRESSING}}}MessageID") or ""
                for _ in range(100):
                    said = answer(relates=question, services="http://127.0.0.2/onvif")
                    server.sendto(said.replace(b"urn:uuid:1", f"urn:uuid:{uuid4()}".encode()), received[1])
                    answers += 1

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname(), lambda: answers
        server.sendto(b"", server.getsockname())
        thread.join(5)


def test_where_nobody_answers_there_is_nobody() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert probe(0.5, [silent.getsockname()]) == []
