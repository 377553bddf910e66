"""The key a recorder signs with: behind a protocol, so that it may lie in a file or in a token.

A key comes with its certificate. :meth:`FileSigner.open_or_create` makes a self-signed one; a bureau with a
certification authority puts its own in the same PEM file.
"""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from store.evidence import files
from store.evidence.errors import InvalidKey

_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280's "no well-defined expiration date"


class Signer(Protocol):
    """Signs with one Ed25519 key. To be called from any thread."""

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""

    @property
    def certificate(self) -> bytes:
        """Its X.509 certificate as PEM."""

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""


def verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is that of the key's holder on `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    """What people compare: the first 16 bytes of the key's SHA-256, in hex groups of four."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public_key)
    text = digest.finalize()[:16].hex()
    return " ".join(text[i : i + 4] for i in range(0, 32, 4))


def public_key_of(pem: bytes, source: str) -> bytes:
    """The Ed25519 public key in a PEM certificate or PEM public key; `source` names it in errors.

    Raises:
        InvalidKey
    """
    certificate = b"BEGIN CERTIFICATE" in pem
    try:
        key: object = (
            x509.load_pem_x509_certificate(pem).public_key() if certificate else serialization.load_pem_public_key(pem)
        )
    except ValueError as error:
        raise InvalidKey(f"{source}: expected a certificate or public key as PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidKey(f"{source}: expected an Ed25519 key, got {type(key).__name__}")
    return key.public_bytes_raw()


class FileSigner:
    """A key in a PEM file that its owner alone may read: the private key (PKCS #8), then its certificate."""

    def __init__(self, key: Ed25519PrivateKey, certificate: bytes) -> None:
        self._key = key
        self._certificate = certificate
        self._public_key = key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        return self._public_key

    @property
    def certificate(self) -> bytes:
        return self._certificate

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    @classmethod
    def open_or_create(cls, path: Path) -> Self:
        """The key in the file at `path`, made now where there is none.

        Raises:
            InvalidKey: naming the file, and what was expected.
        """
        try:
            if not path.exists():
                files.make_folder(path.parent)
                files.create(path, _new_key())
            return cls.open(path)
        except OSError as error:
            raise InvalidKey(f"{path}: {error.strerror}; expected a key of ours, or a folder to make it in") from error

    @classmethod
    def open(cls, path: Path) -> Self:
        """The key in the file at `path`.

        Raises:
            InvalidKey: naming the file, and what was expected.
            OSError: it can't be read.
        """
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise InvalidKey(f"{path}: others may read it (mode {mode:04o}); expected mode 0600")
            pem = file.read(1 << 16)
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise InvalidKey(f"{path}: expected an Ed25519 private key as unencrypted PEM") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidKey(f"{path}: expected an Ed25519 key, got {type(key).__name__}")
        begins = pem.find(b"-----BEGIN CERTIFICATE-----")
        if begins < 0:
            raise InvalidKey(f"{path}: expected the key's certificate after the key")
        certificate = pem[begins:]
        if public_key_of(certificate, str(path)) != key.public_key().public_bytes_raw():
            raise InvalidKey(f"{path}: expected the certificate of this key, got another's")
        return cls(key, certificate)


def _new_key() -> bytes:
    key = Ed25519PrivateKey.generate()
    public_key = key.public_key()
    group = fingerprint(public_key.public_bytes_raw()).split()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ducha recorder {group[0]}{group[1]}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(_NEVER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, algorithm=None)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
