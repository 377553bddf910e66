"""What a server asks for before it answers (`WWW-Authenticate`), and the answer to it by Digest (RFC 7616, MD5 and
SHA-256) or Basic (RFC 7617)."""

import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import md5, sha256

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


def _md5(text: str) -> str:
    return md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


_HASHES: dict[str, Callable[[str], str]] = {"MD5": _md5, "SHA-256": _sha256}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to prove who one is: `scheme` and `algorithm` in upper case, MD5 where Digest names none."""

    scheme: str
    fields: dict[str, str]

    @property
    def algorithm(self) -> str:
        return self.fields.get("algorithm", "MD5").upper() if self.scheme == "DIGEST" else ""

    @property
    def is_digest(self) -> bool:
        """Whether the password is proved by it, in a way that is known here, and not told."""
        return self.algorithm in _HASHES


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """Those of the values of `WWW-Authenticate`, in their order."""
    found = []
    for header in headers:
        scheme, _, rest = header.strip().partition(" ")
        fields = {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
        found.append(Challenge(scheme.upper(), fields))
    return found


def taken(offered: Sequence[Challenge]) -> Challenge | None:
    """The challenge that is met: the first Digest that is known here, or Basic where no Digest is offered."""
    if any(each.scheme == "DIGEST" for each in offered):
        return next((each for each in offered if each.is_digest), None)
    return next((each for each in offered if each.scheme == "BASIC"), None)


def answer(challenge: Challenge, method: str, url: str, username: str, password: str, number: int = 1) -> str:
    """The value of `Authorization` that meets `challenge`, one that was taken; `number` counts those to it from 1."""
    if challenge.scheme == "BASIC":
        return "Basic " + b64encode(f"{username}:{password}".encode()).decode()
    hashed = _HASHES[challenge.algorithm]
    realm, nonce = challenge.fields.get("realm", ""), challenge.fields.get("nonce", "")
    secret, asked = hashed(f"{username}:{realm}:{password}"), hashed(f"{method}:{url}")
    told = [f'username="{username}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{url}"']
    if "auth" in re.split(r"[\s,]+", challenge.fields.get("qop", "")):
        mine, count = secrets.token_hex(8), f"{number:08x}"
        proof = hashed(f"{secret}:{nonce}:{count}:{mine}:auth:{asked}")
        told += ["qop=auth", f"nc={count}", f'cnonce="{mine}"']
    else:
        proof = hashed(f"{secret}:{nonce}:{asked}")
    told.append(f'response="{proof}"')
    told += [f'{name}="{challenge.fields[name]}"' for name in ("opaque",) if name in challenge.fields]
    told += [f"algorithm={challenge.fields['algorithm']}"] if "algorithm" in challenge.fields else []
    return "Digest " + ", ".join(told)
