"""Tokens of sessions that no one logged in for: a genuine one's, with other ids, signed with the server's key."""
import base64
import hashlib
import hmac
import json


def refresh_secret(master_key: str) -> bytes:
    """As userd derives it: HKDF-SHA-256 without salt, one block."""
    extracted = hmac.digest(b"\0" * 32, master_key.encode(), hashlib.sha256)
    return hmac.digest(extracted, b"userd refresh tokens" + b"\x01", hashlib.sha256)


class Signer:
    """Of tokens like `genuine`, signed with HS256 and `secret`."""

    def __init__(self, genuine: str, secret: bytes) -> None:
        head, payload, signature = genuine.split(".")
        if signature != _signature(f"{head}.{payload}", secret):
            raise ValueError("the secret is not that of the token")
        self._head, self._secret = head, secret
        self._claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    def token(self, user: str, session: str, **claims) -> str:
        changed = {**self._claims, "sub": user, "sid": session, **claims}
        signed = f"{self._head}.{_base64(json.dumps(changed, separators=(',', ':')).encode())}"
        return f"{signed}.{_signature(signed, self._secret)}"


def _signature(signed: str, secret: bytes) -> str:
    return _base64(hmac.digest(secret, signed.encode(), hashlib.sha256))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
