"""Makes Chromium trust the authority of the egress proxy, beside those that it knows, and nothing else.

Chromium reads what a person trusts from an NSS database in its home. So it gets a home of its own, with a
database made by the library that it needs itself. A flag that ignores errors for a key would be shorter, and
wrong: it takes every certificate that is merely sent along with the authority's, for any host.
"""

import base64
import contextlib
import ctypes
import os
import re
import tempfile

AUTHORITY = "/run/egress/authority.pem"
VALID_CA, TRUSTED_CA = 1 << 3, 1 << 4


class Item(ctypes.Structure):
    """SECItem of NSS: some bytes."""

    _fields_ = (("type", ctypes.c_int), ("data", ctypes.c_char_p), ("size", ctypes.c_uint))


class Trust(ctypes.Structure):
    """CERTCertTrust of NSS: what a certificate is trusted for."""

    _fields_ = (("servers", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint))


def environment() -> "dict[str, str]":
    """Return what Chromium is to be started with: as we were, with a home that trusts the proxy, if any.

    Without NSS it goes without: then it refuses what the proxy shows it. Blocks for some 100 ms.
    """
    variables = dict(os.environ)
    try:
        with open(AUTHORITY, encoding="ascii") as file:
            certificate = decoded(file.read())
        home = tempfile.mkdtemp(prefix="browser-home-")
        make_database(os.path.join(home, ".pki", "nssdb"), certificate)
    except (OSError, RuntimeError):
        return variables
    shared = os.path.join(os.path.expanduser("~"), ".local", "share")
    variables.setdefault("XDG_DATA_HOME", shared)  # fonts that were put there are still found
    return {**variables, "HOME": home}


def decoded(pem: str) -> bytes:
    """Return the one certificate of a PEM file. Raises RuntimeError."""
    found = re.search("-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", pem, re.DOTALL)
    if found is None:
        raise RuntimeError("no certificate")
    return base64.b64decode(found[1])


def make_database(folder: str, certificate: bytes) -> None:
    """Make an NSS database that trusts one authority for servers. Raises OSError, RuntimeError."""
    os.makedirs(folder, mode=0o700)
    nss = library()
    with contextlib.ExitStack() as used:
        checked(nss.NSS_InitReadWrite(f"sql:{folder}".encode()))
        used.callback(nss.NSS_Shutdown)
        database = nss.CERT_GetDefaultCertDB()
        slot = nss.PK11_GetInternalKeySlot()
        used.callback(nss.PK11_FreeSlot, slot)
        checked(nss.PK11_InitPin(slot, None, b""))
        item = Item(0, certificate, len(certificate))
        held = nss.CERT_NewTempCertificate(database, ctypes.byref(item), None, 0, 1)
        if not held:
            raise RuntimeError("not a certificate")
        used.callback(nss.CERT_DestroyCertificate, held)
        checked(nss.PK11_ImportCert(slot, held, 0, b"factotum", 0))
        checked(nss.CERT_ChangeCertTrust(database, held, ctypes.byref(Trust(VALID_CA | TRUSTED_CA, 0, 0))))


def library() -> ctypes.CDLL:
    """Return NSS, told which of its answers and arguments are pointers. Raises OSError."""
    nss = ctypes.CDLL("libnss3.so")
    pointer = ctypes.c_void_p
    for name in ("PK11_GetInternalKeySlot", "CERT_GetDefaultCertDB", "CERT_NewTempCertificate"):
        getattr(nss, name).restype = pointer
    nss.PK11_InitPin.argtypes = (pointer, pointer, ctypes.c_char_p)
    nss.CERT_NewTempCertificate.argtypes = (pointer, pointer, pointer, ctypes.c_int, ctypes.c_int)
    nss.PK11_ImportCert.argtypes = (pointer, pointer, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int)
    nss.CERT_ChangeCertTrust.argtypes = (pointer, pointer, pointer)
    nss.CERT_DestroyCertificate.argtypes = nss.PK11_FreeSlot.argtypes = (pointer,)
    return nss


def checked(answer: int) -> None:
    """Raise RuntimeError for what NSS could not do."""
    if answer != 0:
        raise RuntimeError("NSS refused")
