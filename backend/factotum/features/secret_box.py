"""Seals the values of secrets, and opens them: AES-256-GCM under the service's key, bound to their owner."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_KEY_BYTES = 32
_PLACEHOLDER_DIGITS = 32


class SecretBox:
    """Holds the key. `key_text` is the setting: a random text of at least 256 bits.

    What is sealed is a nonce of 96 random bits and the ciphertext with its tag (NIST SP 800-38D); the account
    and the name are bound to it, so that no row's value can be put into another row.
    """

    def __init__(self, key_text: str) -> None:
        self._cipher = AESGCM(_derived(key_text, b"factotum secrets: values"))
        self._marks = _derived(key_text, b"factotum secrets: placeholders")

    def seal(self, account_id: str, name: str, value: bytes) -> bytes:
        """Return what may be stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, _owner(account_id, name))

    def open(self, account_id: str, name: str, sealed: bytes) -> bytes | None:
        """Return the value; None when it was sealed for another row, under another key, or was changed."""
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, _owner(account_id, name))
        except InvalidTag:
            return None

    def placeholder(self, account_id: str, name: str) -> str:
        """Return what stands for the value in sandboxes: always the same, and not to be guessed."""
        digest = hmac.new(self._marks, _owner(account_id, name), "sha256").hexdigest()
        return f"factotum-secret-{digest[:_PLACEHOLDER_DIGITS]}"


def _owner(account_id: str, name: str) -> bytes:
    return f"{account_id}\0{name}".encode()


def _derived(key_text: str, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, None, purpose).derive(key_text.encode())
