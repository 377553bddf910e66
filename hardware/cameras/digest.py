"""Authentication as cameras do it (Digest by RFC 7616 with MD5, SHA-256 or SHA-512-256, Basic by RFC 7617): a
challenge, and whether an answer to it is right."""

import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import md5, new, sha256

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


@dataclass(frozen=True, slots=True)
class Credentials:
    """A camera's user name and password."""

    user: str
    password: str


class Scheme(StrEnum):
    """A way to prove who one is."""

    MD5 = "MD5"
    SHA256 = "SHA-256"
    SHA512 = "SHA-512-256"
    BASIC = "Basic"


class Challenge:
    """One challenge, for one connection: any of the `schemes` will do, which are offered in that order."""

    def __init__(self, realm: str, schemes: Sequence[Scheme] = (Scheme.MD5,)) -> None:
        self.realm = realm
        self.nonce = secrets.token_hex(16)
        self._schemes = schemes

    def headers(self) -> tuple[str, ...]:
        """The values of `WWW-Authenticate`."""
        return tuple(
            f'Basic realm="{self.realm}"'
            if scheme is Scheme.BASIC
            else f'Digest realm="{self.realm}", nonce="{self.nonce}", algorithm={scheme}, qop="auth"'
            for scheme in self._schemes
        )

    def is_met(self, answer: str, method: str, url: str, credentials: Credentials) -> bool:
        """Whether the `Authorization` header `answer` of a request proves these credentials."""
        if Scheme.BASIC in self._schemes and answer.lower().startswith("basic "):
            whole = f"{credentials.user}:{credentials.password}".encode()
            return hmac.compare_digest(b64encode(whole), answer[6:].strip().encode())
        return any(
            self._is_met(scheme, answer, method, url, credentials)
            for scheme in self._schemes
            if scheme is not Scheme.BASIC
        )

    def _is_met(self, by: Scheme, answer: str, method: str, url: str, credentials: Credentials) -> bool:
        scheme, _, rest = answer.partition(" ")
        given = {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
        claimed = (given.get("username"), given.get("realm"), given.get("nonce"), given.get("uri"))
        if scheme.lower() != "digest" or claimed != (credentials.user, self.realm, self.nonce, url):
            return False
        secret = _hashed(by, f"{credentials.user}:{self.realm}:{credentials.password}")
        asked = _hashed(by, f"{method}:{url}")
        between = self.nonce
        if "qop" in given:
            between = ":".join((self.nonce, given.get("nc", ""), given.get("cnonce", ""), given["qop"]))
        return hmac.compare_digest(_hashed(by, f"{secret}:{between}:{asked}"), given.get("response", ""))


def _hashed(by: Scheme, text: str) -> str:
    if by is Scheme.SHA256:
        return sha256(text.encode()).hexdigest()
    if by is Scheme.SHA512:
        return new("sha512_256", text.encode()).hexdigest()
    return md5(text.encode(), usedforsecurity=False).hexdigest()
