"""Digest authentication (RFC 7616 with MD5, as cameras speak it): a challenge, and whether an answer to it is right."""

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import md5

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


@dataclass(frozen=True, slots=True)
class Credentials:
    """A camera's user name and password."""

    user: str
    password: str


class Challenge:
    """One challenge, for one connection."""

    def __init__(self, realm: str) -> None:
        self.realm = realm
        self.nonce = secrets.token_hex(16)

    def header(self) -> str:
        """The value of `WWW-Authenticate`."""
        return f'Digest realm="{self.realm}", nonce="{self.nonce}", algorithm=MD5, qop="auth"'

    def is_met(self, answer: str, method: str, url: str, credentials: Credentials) -> bool:
        """Whether the `Authorization` header `answer` of a request proves these credentials."""
        scheme, _, rest = answer.partition(" ")
        given = {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
        claimed = (given.get("username"), given.get("realm"), given.get("nonce"), given.get("uri"))
        if scheme.lower() != "digest" or claimed != (credentials.user, self.realm, self.nonce, url):
            return False
        secret = _md5(f"{credentials.user}:{self.realm}:{credentials.password}")
        asked = _md5(f"{method}:{url}")
        between = self.nonce
        if "qop" in given:
            between = ":".join((self.nonce, given.get("nc", ""), given.get("cnonce", ""), given["qop"]))
        return hmac.compare_digest(_md5(f"{secret}:{between}:{asked}"), given.get("response", ""))


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
