"""To whom the password goes, by what proof, and where a camera may send us."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from test_source import watching
from virtual_cameras import spec

from hardware.cameras import Camera, CameraServer, CameraSpec
from hardware.cameras.digest import Credentials, Scheme
from hardware.cameras.oddity import Oddity
from ingest.cameras.address import Address
from ingest.cameras.config import load_camera_settings
from ingest.cameras.states import State
from ingest.errors import ConfigError

WHO = Credentials("admin", "secret")


def locked(name: str, *schemes: Scheme, who: Credentials = WHO) -> CameraSpec:
    return replace(spec(name, audio=None), credentials=who, schemes=schemes or (Scheme.MD5,))


@contextmanager
def serving(*specs: CameraSpec) -> Iterator[CameraServer]:
    with CameraServer(specs) as server:
        yield server


def where(server: CameraServer, name: str, who: Credentials = WHO) -> Address:
    return Address(url=server.url(name, credentials=False), username=who.user, password=who.password)


def proofs(camera: Camera) -> list[str]:
    return [proof for _, proof in camera.heard if proof]


@pytest.mark.parametrize(
    ("schemes", "state", "reason"),
    [
        ((Scheme.MD5,), State.LIVE, ""),
        ((Scheme.BASIC,), State.LIVE, ""),
        ((Scheme.BASIC, Scheme.MD5), State.LIVE, ""),
        ((Scheme.MD5, Scheme.BASIC), State.LIVE, ""),
        ((Scheme.SHA256, Scheme.MD5), State.LIVE, ""),
        ((Scheme.SHA256,), State.LIVE, ""),
        ((Scheme.SHA256, Scheme.BASIC), State.LIVE, ""),
        ((Scheme.MD5, Scheme.SHA256), State.LIVE, ""),
        ((Scheme.SHA512,), State.REFUSED, "by Digest with SHA-512-256; expected MD5 or SHA-256"),
        ((Scheme.SHA512, Scheme.BASIC), State.REFUSED, "by Digest with SHA-512-256; expected MD5 or SHA-256"),
        ((Scheme.SHA512, Scheme.MD5), State.LIVE, ""),
    ],
)
def test_the_password_is_proved_and_never_told_where_it_can_be_proved(
    schemes: tuple[Scheme, ...], state: State, reason: str
) -> None:
    with serving(locked("c", *schemes)) as server, watching(where(server, "c")) as watched:
        watched.wait_for_word(state, reason)
        told = proofs(server.camera("c"))
    assert told or state is State.REFUSED
    assert any("basic" in proof.lower() for proof in told) == (schemes == (Scheme.BASIC,))


@pytest.mark.parametrize(
    "who",
    [
        Credentials("admin", "a@b:c/d%e f?g#h[i]j\\k+l&m=n"),
        Credentials("督察 @/%", "密码:口令%41"),
        Credentials("a", "x" * 125),
        Credentials("admin", "long" * 100),
        Credentials("admin", ""),
    ],
)
@pytest.mark.parametrize("scheme", [Scheme.MD5, Scheme.BASIC])
def test_any_sign_may_stand_in_a_password(who: Credentials, scheme: Scheme) -> None:
    with serving(locked("c", scheme, who=who)) as server, watching(where(server, "c", who)) as watched:
        watched.wait_for(State.LIVE, State.REFUSED)
        assert State.REFUSED not in [condition.state for condition in list(watched.conditions)]


@pytest.mark.parametrize("scheme", [Scheme.MD5, Scheme.BASIC])
@pytest.mark.parametrize("when", ["OPTIONS", "DESCRIBE", "DESCRIBE let in"])
@pytest.mark.parametrize("to", ["another host", "another port"])
def test_the_password_goes_nowhere_else(scheme: Scheme, when: str, to: str) -> None:
    with serving(locked("c", scheme), locked("thief", Scheme.BASIC)) as server:
        host = "127.0.0.1" if to == "another port" else "localhost"
        there = server.url("thief", credentials=False).replace("127.0.0.1", host)
        method, let_in = when.split()[0], "let in" in when
        server.camera("c").oddity = Oddity(
            location=lambda asked, proves: there if asked == method and proves == let_in else None
        )
        with watching(where(server, "c")) as watched:
            reasons = {
                "another host": "the camera sends us to another host; expected a stream of its own",
                "another port": "another port than the camera's asks for the password; expected its own alone",
            }
            watched.wait_for_word(State.REFUSED, reasons[to])
        assert proofs(server.camera("thief")) == []
        assert bool(server.camera("thief").heard) == (to == "another port")


def test_a_camera_may_send_us_to_another_place_of_its_own_twice() -> None:
    with serving(locked("c"), spec("open"), spec("further")) as server:
        places = {name: server.url(name, credentials=False) for name in ("c", "open", "further")}

        def sending(to: str) -> Oddity:
            return Oddity(location=lambda method, _: to if method == "DESCRIBE" else None)

        server.camera("c").oddity = sending(places["open"])
        with watching(where(server, "c")) as once:
            once.wait_for(State.LIVE)
        server.camera("open").oddity = sending(places["further"])
        with watching(where(server, "c")) as twice:
            twice.wait_for(State.LIVE)
        assert proofs(server.camera("open")) == proofs(server.camera("further")) == []
        server.camera("further").oddity = sending(places["c"])
        with watching(where(server, "c")) as round_and_round:
            round_and_round.wait_for_word(State.REFUSED, "sends us on and on; expected a stream after 2 times")
        for odd in ("rtsp://", "http://127.0.0.1/x", "//localhost/x", "rtsp://127.0.0.1:99999/x", "rtsp://[/"):
            server.camera("c").oddity = sending(odd)
            with watching(where(server, "c")) as nowhere:
                nowhere.wait_for(State.REFUSED)


def test_a_relative_place_is_the_cameras_own() -> None:
    with serving(locked("c")) as server:
        camera = server.camera("c")
        camera.oddity = Oddity(
            location=lambda method, _: "/c/" if method == "DESCRIBE" and len(camera.heard) < 3 else None
        )
        with watching(where(server, "c")) as watched:
            watched.wait_for(State.LIVE)


@pytest.mark.parametrize("scheme", [Scheme.MD5, Scheme.BASIC])
@pytest.mark.parametrize("when", ["OPTIONS", "DESCRIBE", "DESCRIBE let in", "SETUP", "PLAY"])
def test_a_camera_that_sends_only_the_player_elsewhere_learns_nothing_by_it(scheme: Scheme, when: str) -> None:
    """It answers our questions as any other does, and then another way."""
    with serving(locked("c", scheme), locked("thief", Scheme.BASIC)) as server:
        camera, there = server.camera("c"), server.url("thief", credentials=False)
        method, let_in = when.split()[0], "let in" in when

        def sends(heard: str, proves: bool) -> str | None:
            before = sum((each, bool(proof)) == (method, let_in) for each, proof in list(camera.heard)[:-1])
            is_ours = method in ("OPTIONS", "DESCRIBE") and (before % 2 == 0 or proves != let_in)
            return there if heard == method and not is_ours else None

        camera.oddity = Oddity(location=sends)
        with watching(where(server, "c")) as watched:
            watched.wait_for(State.REFUSED)
            assert watched.reason == f"the camera sends us elsewhere when it is asked for the stream ({method}); " + (
                "expected the stream"
            )
        assert list(server.camera("thief").heard) == []


def test_a_camera_that_asks_the_player_for_the_password_itself_does_not_get_it() -> None:
    """It takes a proof of it from us before."""
    with serving(locked("c", Scheme.MD5)) as server:
        camera = server.camera("c")
        camera.oddity = Oddity(challenge=lambda headers: ('Basic realm="c"',) if _proved(camera) else headers)
        with watching(where(server, "c")) as watched:
            watched.wait_for(State.REFUSED)
            assert "took a proof of it before; expected Digest" in watched.reason
        assert all(proof.startswith("Digest") for proof in proofs(camera))


def _proved(camera: Camera) -> bool:
    """Whether somebody has proved who he is."""
    return any(proof for _, proof in list(camera.heard))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"username": 'ad"min', "password": "s3cret!"}, r"camera\[0\].username: expected one without a colon"),
        ({"username": "ad:min", "password": "s3cret!"}, r"camera\[0\].username: expected one without a colon"),
    ],
)
def test_what_no_camera_can_be_told_is_refused_where_it_is_entered(
    tmp_path: Any, told: dict[str, str], reason: str
) -> None:
    table = {"id": "c", "kind": "street", "url": "rtsp://10.0.0.7/x", "username": "admin"} | told
    lines = ["[[camera]]", *(f"{key} = {value!r}" for key, value in table.items())]
    (tmp_path / "ducha.toml").write_text("\n".join(lines))
    with pytest.raises(ConfigError, match=reason) as refused:
        load_camera_settings(tmp_path / "ducha.toml", {})
    assert told.get("password", "p" * 9) not in str(refused.value)
