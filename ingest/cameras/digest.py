"""What a server asks for before it answers (`WWW-Authenticate`), and the answer to it by Digest (RFC 7616, MD5)."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import md5

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to prove who one is: `scheme` and `algorithm` in upper case, MD5 where Digest names none."""

    scheme: str
    fields: dict[str, str]

    @property
    def algorithm(self) -> str:
        return self.fields.get("algorithm", "MD5").upper() if self.scheme == "DIGEST" else ""

    @property
    def is_md5(self) -> bool:
        return self.algorithm == "MD5"


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """Those of the values of `WWW-Authenticate`, in their order."""
    found = []
    for header in headers:
        scheme, _, rest = header.strip().partition(" ")
        fields = {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
        found.append(Challenge(scheme.upper(), fields))
    return found


def answer(challenge: Challenge, method: str, url: str, username: str, password: str) -> str:
    """The value of `Authorization` by which `challenge`, a Digest with MD5, is met."""
    realm, nonce = challenge.fields.get("realm", ""), challenge.fields.get("nonce", "")
    secret, asked = _md5(f"{username}:{realm}:{password}"), _md5(f"{method}:{url}")
    told = [f'username="{username}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{url}"']
    if "auth" in re.split(r"[\s,]+", challenge.fields.get("qop", "")):
        mine = secrets.token_hex(8)
        proof = _md5(f"{secret}:{nonce}:00000001:{mine}:auth:{asked}")
        told += ["qop=auth", "nc=00000001", f'cnonce="{mine}"']
    else:
        proof = _md5(f"{secret}:{nonce}:{asked}")
    told.append(f'response="{proof}"')
    told += [f'{name}="{challenge.fields[name]}"' for name in ("opaque",) if name in challenge.fields]
    told += [f"algorithm={challenge.fields['algorithm']}"] if "algorithm" in challenge.fields else []
    return "Digest " + ", ".join(told)


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
