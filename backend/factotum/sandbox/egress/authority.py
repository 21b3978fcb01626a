"""The certificates of the proxy: an authority of its own, in this process's memory and nowhere else.

What it signs is shown to sandboxes alone, for the hosts of secrets. Its own certificate, which is public,
lies beside the proxy's socket for the programs inside to trust: behind those of the system, and alone for
the browser, which has a store of its own.
"""

import asyncio
import datetime
import ipaddress
import os
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from factotum.core.clock import now

BUNDLE = "certificates.pem"
ALONE = "authority.pem"
_BUNDLE_INSIDE = f"/run/egress/{BUNDLE}"
_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
)
_USUAL_PLACES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_MOST_CONTEXTS = 256
_VALID = datetime.timedelta(days=397)
_RENEWED_AFTER = datetime.timedelta(days=30)
_CLOCKS_DIFFER = datetime.timedelta(days=1)
_AUTHORITY_VALID = datetime.timedelta(days=3650)


class Authority:
    """Makes the certificate of a host when it is first needed. Making one takes a millisecond of work."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._host_key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "Factotum: secrets of this service's sandboxes")]
        )
        self._certificate = self._signed_by_itself()
        self._contexts: OrderedDict[str, tuple[datetime.datetime, ssl.SSLContext]] = OrderedDict()

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, as PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes the programs in a sandbox trust it, beside the system's."""
        return dict.fromkeys(_VARIABLES, _BUNDLE_INSIDE)

    def publish(self, folder: Path) -> None:
        """Write what sandboxes see of it. Blocks. Raises OSError."""
        bundle = _system_authorities() + b"\n" + self.certificate
        for name, content in ((BUNDLE, bundle), (ALONE, self.certificate)):
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o644)

    @staticmethod
    def withdraw(folder: Path) -> None:
        """Take it away again. Blocks. Raises OSError."""
        for name in (BUNDLE, ALONE):
            (folder / name).unlink(missing_ok=True)

    async def context_for(self, host: str) -> ssl.SSLContext:
        """Return how to be `host`, towards a sandbox."""
        made_at, context = self._contexts.pop(host, (now(), None))
        if context is None or now() - made_at > _RENEWED_AFTER:
            made_at, context = now(), await asyncio.to_thread(self._made, host)
        self._contexts[host] = (made_at, context)
        while len(self._contexts) > _MOST_CONTEXTS:
            self._contexts.popitem(last=False)
        return context

    def _made(self, host: str) -> ssl.SSLContext:
        key = self._host_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # The ssl module reads keys from files only: this one is in memory, and has no name.
        handle = os.memfd_create("key", os.MFD_CLOEXEC)
        try:
            os.write(handle, key + self._for_host(host))
            context.load_cert_chain(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return context

    def _for_host(self, host: str) -> bytes:
        builder = self._builder(self._name_of(host), self._host_key.public_key(), _VALID)
        made = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([_subject(host)]), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(signs=False), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    def _signed_by_itself(self) -> x509.Certificate:
        builder = self._builder(self._name, self._key.public_key(), _AUTHORITY_VALID)
        return (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, valid: datetime.timedelta
    ) -> x509.CertificateBuilder:
        own = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - _CLOCKS_DIFFER)
            .not_valid_after(now() + valid)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        )

    def _name_of(self, host: str) -> x509.Name:
        # A common name has 64 characters at most; what counts is the alternative name.
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])


def _subject(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _system_authorities() -> bytes:
    """Return the certificates that this machine trusts, as PEM."""
    named = ssl.get_default_verify_paths().cafile
    for place in (named, *_USUAL_PLACES):
        if place and Path(place).is_file():
            return Path(place).read_bytes()
    loaded = ssl.create_default_context().get_ca_certs(binary_form=True)
    return b"".join(ssl.DER_cert_to_PEM_cert(each).encode() for each in loaded)
