"""Signs JWTs by hand, with the server's own keys too: what is then refused is refused for nothing but its flaw."""
import base64
import json

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY = "kV3mQ8xT1zL6wN0rY5uB9cF2hJ7pS4dG-test-master"


def b64(data: bytes | str) -> str:
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def refresh_secret() -> bytes:
    """As src/accounts derives it from the master key."""
    return HKDF(hashes.SHA256(), 32, b"", b"userd refresh tokens").derive(MASTER_KEY.encode())


def signature(algorithm: str, key, signed: str) -> bytes:
    return jwt.api_jws.get_algorithm_by_name(algorithm).sign(signed.encode(), key)


def text_of(value) -> str:
    """Objects as the server writes them; text as it is, for what no object can say."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


class Genuine:
    """A live token with the key that signed it."""

    def __init__(self, token: str, algorithm: str, key, other: "Genuine | None" = None) -> None:
        self.token, self.algorithm, self.key, self.other = token, algorithm, key, other
        self.head, self.payload, self.signature = token.split(".")
        self.header, self.claims = decoded(self.head), decoded(self.payload)

    def sign(self, header=None, claims=None, key=None, algorithm=None) -> str:
        """With the true key, unless another is given."""
        signed = b64(text_of(self.header if header is None else header)) + "." + (
            self.payload if claims is None else b64(text_of(claims)))
        key = self.key if key is None else key
        return signed + "." + b64(signature(algorithm or self.algorithm, key, signed))

    def sign_header(self, key=None, algorithm=None, **members) -> str:
        """With members added or replaced, or left out where None."""
        header = {name: value for name, value in {**self.header, **members}.items() if value is not None}
        return self.sign(header, key=key, algorithm=algorithm)

    def sign_claims(self, **members) -> str:
        claims = {name: value for name, value in {**self.claims, **members}.items() if value is not None}
        return self.sign(claims=claims)

    def public_keys(self) -> list[bytes]:
        """Every spelling of the public key that a verifier might take for a secret."""
        public = (self.key if self.algorithm == "ES256" else self.other.key).public_key()
        numbers = public.public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        encoding, form = serialization.Encoding, serialization.PublicFormat
        pem = public.public_bytes(encoding.PEM, form.SubjectPublicKeyInfo)
        jwk = {"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)}
        return [pem, pem.strip(), pem.replace(b"\n", b""), public.public_bytes(encoding.DER, form.SubjectPublicKeyInfo),
                public.public_bytes(encoding.X962, form.UncompressedPoint),
                public.public_bytes(encoding.X962, form.CompressedPoint), x, x + y, b64(x).encode(),
                json.dumps(jwk).encode(), json.dumps(jwk, separators=(",", ":")).encode(), self.header["kid"].encode()]


class AttackerKeys:
    def __init__(self) -> None:
        self.by_algorithm = {
            "ES256": ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate(),
            "RS256": rsa.generate_private_key(65537, 2048), "HS256": b"the attacker's own secret of 32 bytes"}

    def public_jwk(self) -> dict:
        return jwt.algorithms.ECAlgorithm.to_jwk(self.by_algorithm["ES256"].public_key(), as_dict=True)
