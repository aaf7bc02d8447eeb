"""The cluster's own keys: the one that signs service account tokens, and the authority behind kube-root-ca.crt.

They are made when they are first asked for, and lie in `pki/` of the data directory, named as kubeadm names them, for their owner's
eyes only. Without a directory they live as long as the process. `cryptography` takes a tenth of a second and 20 MB to import: only what
signs or checks a token does, a server whose certificate is still to be made lets a second process make it (`begin`).
"""

import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_DIRECTORY: Final = "pki"
_CERTIFICATE: Final = "ca.crt"
_BETWEEN: Final = b"\0"
_RSA_BITS: Final = 2048
_LIFETIME: Final = timedelta(days=365 * 20)
_NAME: Final = "kubernetes"
_FIRST_DAY: Final = datetime(2025, 12, 1, tzinfo=UTC)
"""From when on the certificate is good: a fixed day, whatever clock the cluster runs on."""


class Keys:
    """The keys of one cluster."""

    def __init__(self, data: Path | None = None) -> None:
        self._directory = data / _DIRECTORY if data is not None else None
        self._maker: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Have the certificate made, if there is none, while others go on with their work."""
        if self._kept(_CERTIFICATE) is None:
            with suppress(OSError):
                self._maker = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def end(self) -> None:
        """Nobody will ask any more."""
        if self._maker is not None:
            self._maker.communicate()
            self._maker = None

    @cached_property
    def signing_key(self) -> "RSAPrivateKey":
        """What signs tokens."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key(self._kept("sa.key") or self._keep("sa.key", _new_signing_key(self._place)), password=None)
        assert isinstance(key, RSAPrivateKey)
        return key

    @cached_property
    def certificate(self) -> str:
        """The authority's certificate, PEM."""
        found = self._kept(_CERTIFICATE)
        if found is None:
            key, found = self._made() or _new_authority(self._place)
            self._keep("ca.key", key)
            self._keep(_CERTIFICATE, found)
        return found.decode()

    def _made(self) -> tuple[bytes, bytes] | None:
        """What the other process has made."""
        if self._maker is None:
            return None
        told, _ = self._maker.communicate()
        has_failed, self._maker = self._maker.returncode != 0, None
        key, separator, certificate = told.partition(_BETWEEN)
        return None if has_failed or not separator else (key, certificate)

    @property
    def _place(self) -> str:
        return str(self._directory or "")

    def _kept(self, name: str) -> bytes | None:
        if self._directory is None:
            return None
        try:
            return (self._directory / name).read_bytes()
        except FileNotFoundError:
            return None

    def _keep(self, name: str, data: bytes) -> bytes:
        """Write the file, whole or not at all."""
        if self._directory is not None:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._directory / f"{name}.{os.getpid()}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._directory / name)
        return data


@cache
def _new_signing_key(place: str) -> bytes:
    """A new key for the directory; all clusters of this process that keep nothing share one, so that tests need not wait for theirs."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def _new_authority(place: str) -> tuple[bytes, bytes]:
    """A key and its self-signed certificate, as kubeadm makes them; shared as above."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=True,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FIRST_DAY)
        .not_valid_after(_FIRST_DAY + _LIFETIME)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .sign(key, SHA256())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), certificate.public_bytes(Encoding.PEM)


if __name__ == "__main__":
    sys.stdout.buffer.write(_BETWEEN.join(_new_authority("")))
