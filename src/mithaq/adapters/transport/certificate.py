"""The link certificate: self-signed, pinned by both sides through the card. It protects the pipe, not the identity."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=825)


def make_certificate(party: str, at: datetime) -> tuple[bytes, str]:
    """(private key and certificate as PEM, the certificate alone as PEM) for a nation's link server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Mithaq {party}")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return private + public, public.decode()


def client_context(own: Path, partner: str) -> ssl.SSLContext:
    """TLS 1.3 to a partner that must show exactly this certificate, showing it ours."""
    return _pinned(ssl.PROTOCOL_TLS_CLIENT, own, [partner])


def server_context(own: Path, partners: list[str]) -> ssl.SSLContext:
    """TLS 1.3 for callers that must show the certificate of one of our partners."""
    return _pinned(ssl.PROTOCOL_TLS_SERVER, own, partners)


def _pinned(side: int, own: Path, trusted: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(own)
    context.check_hostname = False  # the certificate itself is pinned: its name proves nothing more
    context.verify_mode = ssl.CERT_REQUIRED
    for certificate in trusted:
        context.load_verify_locations(cadata=certificate)
    return context


def ends_at(pem: bytes) -> datetime:
    """Until when the certificate in this file is good."""
    return x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :]).not_valid_after_utc
