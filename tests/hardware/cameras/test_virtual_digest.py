import pytest

from hardware.cameras.digest import Challenge, Credentials

MUFASA = Credentials("Mufasa", "Circle Of Life")
ANSWER = (
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1"'
)


@pytest.fixture
def challenge() -> Challenge:
    challenge = Challenge("testrealm@host.com")
    challenge.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    return challenge


def test_the_example_of_rfc_2617_is_taken(challenge):
    assert challenge.is_met(ANSWER, "GET", "/dir/index.html", MUFASA)


@pytest.mark.parametrize(
    ("method", "url", "credentials"),
    [
        ("PUT", "/dir/index.html", MUFASA),
        ("GET", "/dir/other.html", MUFASA),
        ("GET", "/dir/index.html", Credentials("Mufasa", "circle of life")),
        ("GET", "/dir/index.html", Credentials("Scar", "Circle Of Life")),
    ],
)
def test_an_answer_is_good_for_one_method_one_url_and_one_password(challenge, method, url, credentials):
    assert not challenge.is_met(ANSWER, method, url, credentials)


@pytest.mark.parametrize(
    "answer", ["", "Digest", "Basic TXVmYXNhOkNpcmNsZSBPZiBMaWZl", "Digest username=Mufasa", 'Digest =,=,""']
)
def test_what_is_no_answer_is_refused(challenge, answer):
    assert not challenge.is_met(answer, "GET", "/dir/index.html", MUFASA)


def test_an_answer_to_another_challenge_is_refused():
    assert not Challenge("testrealm@host.com").is_met(ANSWER, "GET", "/dir/index.html", MUFASA)
