"""Access tokens signed by hand, each good but for one thing."""
import base64
import hashlib
import hmac
import json
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

SUBJECT = "0192f0c1-2345-7abc-8def-0123456789ab"
LEAVE_OUT = object()


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def public_pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_jwk_of(key: ec.EllipticCurvePrivateKey) -> dict:
    return jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)


def claims_with(**changes) -> dict:
    now = int(time.time())
    claims = {"iss": "userd", "aud": "userd", "sub": SUBJECT, "sid": SUBJECT, "username": "ada", "iat": now,
              "exp": now + 300, "jti": "one", **changes}
    return {name: value for name, value in claims.items() if value is not LEAVE_OUT}


def header_with(kid: str, /, **changes) -> dict:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": kid, **changes}
    return {name: value for name, value in header.items() if value is not LEAVE_OUT}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token_of(header: dict, claims: dict, sign) -> str:
    """As they are: a library would add what is left out."""
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{base64url(sign(signed.encode()))}"


def es256(key: ec.EllipticCurvePrivateKey):
    return lambda data: jwt.get_algorithm_by_name("ES256").sign(data, key)


def forgeries(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, str]:
    """Tokens to refuse; the key is one of the ring, so that its signature is no reason."""
    foreign = new_key()
    now = int(time.time())
    claims = {
        "expired": {"exp": now - 1, "iat": now - 301}, "no exp": {"exp": LEAVE_OUT},
        "another audience": {"aud": "shop"}, "no audience": {"aud": LEAVE_OUT}, "another issuer": {"iss": "shop"},
        "no issuer": {"iss": LEAVE_OUT}, "no subject": {"sub": LEAVE_OUT}, "not yet": {"nbf": now + 300},
    }
    headers = {
        "refresh typ": {"typ": "rt+jwt"}, "plain typ": {"typ": "JWT"}, "no typ": {"typ": LEAVE_OUT},
        "typ in capitals": {"typ": "AT+JWT"}, "typ in full": {"typ": "application/at+jwt"},
        "no kid": {"kid": LEAVE_OUT}, "another kid": {"kid": "another"}, "empty kid": {"kid": ""},
        "unknown crit": {"crit": ["later"], "later": True}, "another alg": {"alg": "ES384"},
    }
    made = {name: token_of(header_with(kid), claims_with(**change), es256(key)) for name, change in claims.items()}
    made |= {name: token_of(header_with(kid, **change), claims_with(), es256(key)) for name, change in headers.items()}
    for alg in ("none", "None", "NONE"):
        made[f"alg {alg}"] = token_of(header_with(kid, alg=alg), claims_with(), lambda data: b"")
    public = public_pem_of(key)
    made["public key as secret"] = token_of(
        header_with(kid, alg="HS256"), claims_with(), lambda data: hmac.new(public, data, hashlib.sha256).digest())
    made["foreign key, known kid"] = token_of(header_with(kid), claims_with(), es256(foreign))
    made["foreign key in jwk"] = token_of(
        header_with(kid, jwk=public_jwk_of(foreign)), claims_with(), es256(foreign))
    made["foreign key in jwk, foreign kid"] = token_of(
        header_with("foreign", jwk={**public_jwk_of(foreign), "kid": "foreign"}), claims_with(), es256(foreign))
    made["zero signature"] = token_of(header_with(kid), claims_with(), lambda data: bytes(64))
    return made


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def malformed(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, str]:
    """Tokens whose JSON is not what a reader hopes for, signed by a key of the ring."""
    parts = {"header an array": (b"[]", b"{}"), "header null": (b"null", b"{}"), "header a text": (b'"x"', b"{}"),
             "header not UTF-8": (b'{"alg":"ES256","kid":"\xff"}', b"{}"), "no JSON": (b"{", b"{}"),
             "deep header": (f'{{"alg":"ES256","kid":{json.dumps(kid)},"x":{deep(20_000)}}}'.encode(), b"{}")}
    for value in (None, 5, [], {}, True, [kid]):
        for name in ("alg", "kid", "typ", "crit"):
            parts[f"{name} {value}"] = (json.dumps(header_with(kid, **{name: value})).encode(),
                                        json.dumps(claims_with()).encode())
    good = json.dumps(header_with(kid)).encode()
    for value in (5, [], {}, True, None):
        for name in ("exp", "iss", "aud", "sub"):
            parts[f"{name} {value}"] = (good, json.dumps(claims_with(**{name: value})).encode())
    parts |= {f"claims {body[:5]}": (good, body) for body in (b"[]", b"null", b"5", b"", b"\xff", b"{")}
    parts["deep claims"] = (good, f'{{"x":{deep(20_000)}}}'.encode())
    made = {}
    for name, (header, claims) in parts.items():
        signed = f"{base64url(header)}.{base64url(claims)}"
        made[name] = f"{signed}.{base64url(es256(key)(signed.encode()))}"
    # To some readers these demand nothing, and a number is its text.
    del made["crit None"], made["crit []"], made["sub 5"]
    return made
