"""Certificates for tests: an authority, and what it or nobody signs."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, in PEM files."""

    certificate: Path
    key: Path
    private: ec.EllipticCurvePrivateKey
    issued: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex, as `openssl x509 -fingerprint -sha256` has it, without colons."""
        return hashlib.sha256(self.issued.public_bytes(serialization.Encoding.DER)).hexdigest()

    def client(self, *, trusts: Issued) -> ssl.SSLContext:
        """A client that shows this certificate and believes servers of that authority."""
        context = client_context(trusts)
        context.load_cert_chain(self.certificate, self.key)
        return context


def client_context(trusts: Issued) -> ssl.SSLContext:
    """A client without a certificate."""
    context = ssl.create_default_context(cafile=trusts.certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def issue(folder: Path, name: str, *, by: Issued | None = None, is_authority: bool = False) -> Issued:
    """A certificate for a DNS name (and 127.0.0.1), signed by an authority or by itself; valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName(name), x509.DNSName("localhost")] if not is_authority else [x509.DNSName(name)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.issued.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key if by is None else by.private, hashes.SHA256())
    )
    made = Issued(folder / f"{name}.crt", folder / f"{name}.key", key, certificate)
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made
