"""Tokens of sessions that no one logged in for: a genuine one's, with other ids, signed with the server's key."""
import base64
import hashlib
import hmac
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

COORDINATE_BYTES = 32


def refresh_secret(master_key: str) -> bytes:
    """As userd derives it: HKDF-SHA-256 without salt, one block."""
    extracted = hmac.digest(b"\0" * 32, master_key.encode(), hashlib.sha256)
    return hmac.digest(extracted, b"userd refresh tokens" + b"\x01", hashlib.sha256)


class Hs256:
    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, signed: bytes) -> bytes:
        return hmac.digest(self._secret, signed, hashlib.sha256)

    def has_signed(self, signed: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(signed), signature)


class Es256:
    """A new key. Signatures are R and S, 32 bytes each (RFC 7518 section 3.4)."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def pem(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def sign(self, signed: bytes) -> bytes:
        numbers = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return b"".join(number.to_bytes(COORDINATE_BYTES, "big") for number in numbers)

    def has_signed(self, signed: bytes, signature: bytes) -> bool:
        r, s = (int.from_bytes(part, "big") for part in (signature[:COORDINATE_BYTES], signature[COORDINATE_BYTES:]))
        try:
            self._key.public_key().verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class Signer:
    """Of tokens like `genuine`, signed with `key`."""

    def __init__(self, genuine: str, key: Hs256 | Es256) -> None:
        signed, _, signature = genuine.rpartition(".")
        if not key.has_signed(signed.encode(), _decoded(signature)):
            raise ValueError("the token was signed with another key")
        self._head, payload = signed.split(".")
        self._key = key
        self._claims = json.loads(_decoded(payload))

    def token(self, user: str, session: str, **claims) -> str:
        changed = {**self._claims, "sub": user, "sid": session, **claims}
        signed = f"{self._head}.{_encoded(json.dumps(changed, separators=(',', ':')).encode())}"
        return self.join(signed, self._key)

    @staticmethod
    def join(signed: str, key: Hs256 | Es256) -> str:
        return f"{signed}.{_encoded(key.sign(signed.encode()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")
