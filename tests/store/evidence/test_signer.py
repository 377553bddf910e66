import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from store.evidence.errors import InvalidKey
from store.evidence.signer import FileSigner, public_key_of, verifies


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "r.pem"
    with ThreadPoolExecutor(8) as pool:
        keys = {s.public_key for s in pool.map(FileSigner.open_or_create, [path] * 8)}
    assert len(keys) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    signer = FileSigner.open_or_create(path)
    assert verifies(signer.public_key, signer.sign(b"m"), b"m")
    assert not verifies(signer.public_key, signer.sign(b"m"), b"n")
    assert not verifies(signer.public_key, b"short", b"m")
    assert not verifies(b"short", signer.sign(b"m"), b"m")


def test_its_certificate_is_self_signed_and_carries_the_key(signer):
    certificate = x509.load_pem_x509_certificate(signer.certificate)
    certificate.verify_directly_issued_by(certificate)
    assert public_key_of(signer.certificate, "it") == signer.public_key
    assert certificate.not_valid_after_utc.year == 9999


def test_a_public_key_as_pem_will_do_too(signer):
    public = x509.load_pem_x509_certificate(signer.certificate).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert public_key_of(pem, "it") == signer.public_key


def test_a_key_that_others_may_read_is_refused(tmp_path):
    FileSigner.open_or_create(tmp_path / "k.pem")
    (tmp_path / "k.pem").chmod(0o644)
    with pytest.raises(InvalidKey, match=r"k\.pem: others may read it \(mode 0644\); expected mode 0600"):
        FileSigner.open_or_create(tmp_path / "k.pem")


def test_what_is_no_key_of_ours_is_refused_by_name(tmp_path):
    path = tmp_path / "k.pem"
    path.touch(0o600)
    with pytest.raises(InvalidKey, match=r"k\.pem: expected an Ed25519 private key"):
        FileSigner.open_or_create(path)
    p256 = generate_private_key(SECP256R1())
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(p256.private_bytes(*private))
    with pytest.raises(InvalidKey, match="expected an Ed25519 key, got ECPrivateKey"):
        FileSigner.open_or_create(path)
    other = FileSigner.open_or_create(tmp_path / "other.pem")
    third = FileSigner.open_or_create(tmp_path / "third.pem")
    key = (tmp_path / "third.pem").read_bytes().partition(b"-----BEGIN CERT")[0]
    path.write_bytes(key)
    with pytest.raises(InvalidKey, match="certificate after the key"):
        FileSigner.open_or_create(path)
    path.write_bytes(key + other.certificate)
    with pytest.raises(InvalidKey, match="got another's"):
        FileSigner.open_or_create(path)
    path.write_bytes(key + third.certificate)
    assert FileSigner.open_or_create(path).public_key == third.public_key
    with pytest.raises(InvalidKey, match="expected a certificate or public key"):
        public_key_of(b"-----BEGIN CERTIFICATE-----\nx\n", "c.pem")
    with pytest.raises(InvalidKey, match="below"):
        FileSigner.open_or_create(path / "below.pem")


def test_a_key_made_by_openssl_with_its_certificate_is_taken(tmp_path):
    command = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=r", "-keyout", "k", "-out", "c"]
    try:
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("needs the openssl program")
    path = tmp_path / "both.pem"
    path.touch(0o600)
    path.write_bytes((tmp_path / "k").read_bytes() + (tmp_path / "c").read_bytes())
    signer = FileSigner.open_or_create(path)
    assert signer.certificate == (tmp_path / "c").read_bytes()
