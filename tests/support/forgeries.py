"""Families of forged tokens: each makes, of one genuine token, those that must be refused."""
import base64
import hashlib
import hmac
import itertools
import json
import time
import uuid

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from support.forging import AttackerKeys, Genuine, b64, text_of

FAR = 9999999999
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
EVIL = "http://127.0.0.1:1/keys.json"


def no_algorithm(genuine: Genuine, _):
    for spelling in ("none", "None", "NONE", "nOnE", "", " none", "none\0"):
        for members in ({}, {"kid": None}):
            header = {**genuine.header, "alg": spelling, **members}
            head = b64(text_of({name: value for name, value in header.items() if value is not None}))
            for end in (".", f".{genuine.signature}", f".{b64('x')}", ""):
                yield f"{head}.{genuine.payload}{end}"


def algorithm_confusion(genuine: Genuine, _):
    digests = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
    for secret, (algorithm, digest) in itertools.product([*genuine.public_keys(), b""], digests.items()):
        for kid in (genuine.header["kid"], genuine.other.header["kid"]):
            signed = b64(text_of({**genuine.header, "alg": algorithm, "kid": kid})) + "." + genuine.payload
            yield signed + "." + b64(hmac.new(secret, signed.encode(), digest).digest())
    for algorithm in ("ES384", "ES512", "PS256", "RS256", "EdDSA", "HS384", "es256", "hs256"):
        yield genuine.sign_header(alg=algorithm)


def foreign_kid(genuine: Genuine, attacker: AttackerKeys):
    kid = genuine.header["kid"]
    for other in (genuine.other.header["kid"], kid.swapcase(), kid[:-1], kid + "A", kid + "\0", "", "0",
                  "../../../dev/null", "' OR '1'='1", "*", 0, 1, True, [kid], {"kid": kid}, None):
        yield genuine.sign_header(kid=other)
        yield genuine.sign_header(kid=other, key=attacker.by_algorithm[genuine.algorithm])
        yield genuine.sign_header(kid=other, alg="HS256", key=b"\0", algorithm="HS256")


def other_key(genuine: Genuine, attacker: AttackerKeys):
    for algorithm, key in attacker.by_algorithm.items():
        yield genuine.sign_header(key=key, algorithm=algorithm)
        yield genuine.sign_header(alg=algorithm, key=key, algorithm=algorithm)
        yield genuine.sign_header(alg=algorithm, kid="attacker", key=key, algorithm=algorithm)
    # The right key of the other kind.
    yield genuine.sign_header(key=genuine.other.key, algorithm=genuine.other.algorithm)
    yield genuine.other.sign(genuine.other.header, genuine.claims)


def header_that_brings_its_key(genuine: Genuine, attacker: AttackerKeys):
    key = attacker.by_algorithm["ES256"]
    jwk = attacker.public_jwk()
    for members in ({"jku": EVIL}, {"jwk": jwk}, {"x5u": EVIL}, {"x5c": [base64.b64encode(b"certificate").decode()]},
                    {"x5t": "AAAA"}, {"x5t#S256": "AAAA"}, {"jku": EVIL, "jwk": jwk, "x5u": EVIL}):
        yield genuine.sign_header(**members)
        for kid in (genuine.header["kid"], "attacker", None):
            yield genuine.sign_header(alg="ES256", kid=kid, key=key, algorithm="ES256", **members)


def critical_extension(genuine: Genuine, _):
    for members in ({"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"crit": "exp"}, {"crit": {}},
                    {"b64": False}, {"b64": True}, {"crit": True}, {"cty": "JWT"}, {"zip": "DEF"}, {"enc": "A128GCM"}):
        yield genuine.sign_header(**members)


def other_typ(genuine: Genuine, _):
    others = {"at+jwt", "rt+jwt"} - {genuine.header["typ"]}
    typ = genuine.header["typ"]
    for spelling in (*others, "JWT", "jwt", typ.upper(), f"application/{typ}", typ + " ", "", None, [typ], 1, True):
        yield genuine.sign_header(typ=spelling)
    yield genuine.sign(genuine.other.header)
    if typ == "rt+jwt":
        yield genuine.sign(claims=genuine.other.claims)


def truncated(genuine: Genuine, _):
    token = genuine.token
    yield from (token[:length] for length in range(1, len(token), 7))
    yield from (token[:-length] for length in range(1, 12))
    yield from (token[length:] for length in range(1, len(token), 29))
    yield from (f"{genuine.head}.{genuine.payload}", f"{genuine.payload}.{genuine.signature}", genuine.head, "..", ".",
                f"{genuine.head}..{genuine.signature}", f".{genuine.payload}.{genuine.signature}",
                f"{genuine.head}.{genuine.payload}.{genuine.signature[:len(genuine.signature) // 2]}")


def re_encoded(genuine: Genuine, _):
    head, payload, signature = genuine.head, genuine.payload, genuine.signature
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    yield from (token for token in (
        f"{head}.{payload}.{signature}=", f"{head}.{payload}.{signature}==", f"{head}=.{payload}.{signature}",
        f"{head}.{payload}==.{signature}", f"{head}.{payload}.{signature}.", f".{head}.{payload}.{signature}",
        f"{head}..{payload}.{signature}", f"{head}.{payload}.{signature}.{signature}", f"{head}.{payload} .{signature}",
        f"{head}.{payload}.{signature}%3D", genuine.token.replace(".", "%2E"), b64(genuine.token),
        genuine.token.swapcase(),
        f"{head}.{payload}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) ^ 1]}", f"\"{genuine.token}\""))
    # The same values in other spellings under the old signature.
    yield f"{b64(json.dumps(genuine.header))}.{payload}.{signature}"
    yield f"{head}.{b64(json.dumps(genuine.claims))}.{signature}"
    yield json.dumps({"payload": payload, "protected": head, "signature": signature})
    yield json.dumps({"payload": payload, "signatures": [{"protected": head, "signature": signature}]})
    raw = base64.urlsafe_b64decode(signature + "==")
    half = len(raw) // 2
    der = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
    yield f"{head}.{payload}.{b64(der)}"
    yield f"{head}.{payload}.{b64(raw.hex())}"
    yield f"{head}.{payload}.{b64(raw + bytes(1))}"
    yield f"{head}.{payload}.{b64(bytes(1) + raw)}"


def empty_signature_values(genuine: Genuine, _):
    """Zero and the order as R and S (CVE-2022-21449), and nothing at all."""
    values = [0, 1, P256_ORDER - 1, P256_ORDER, P256_ORDER + 1, 2**256 - 1]
    for r, s in itertools.product(values, values):
        yield f"{genuine.head}.{genuine.payload}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    for size in (1, 16, 31, 32, 33, 63, 65, 512):
        yield f"{genuine.head}.{genuine.payload}.{b64(bytes(size))}"


def changed_claims(genuine: Genuine, _):
    """Under the signature of the unchanged ones."""
    for members in ({"exp": FAR}, {"exp": genuine.claims["exp"] + 1}, {"iat": 0}, {"sub": str(uuid.uuid4())},
                    {"iss": "x"}, {"sid": str(uuid.uuid4())}, {"username": "root"}, {"jti": "x"}, {"aud": ["userd"]},
                    {"admin": True}):
        yield f"{genuine.head}.{b64(text_of({**genuine.claims, **members}))}.{genuine.signature}"


def wrong_claims(genuine: Genuine, _):
    """Well signed."""
    now = int(time.time())
    for members in ({"exp": now - 1}, {"exp": 0}, {"exp": -1}, {"exp": str(FAR)}, {"exp": FAR + 0.5}, {"exp": 2**63},
                    {"exp": 2**63 - 1}, {"exp": 1e300}, {"exp": True}, {"exp": [FAR]}, {"iat": now + 3600}, {"iat": -1},
                    {"iat": "0"}, {"iss": "other"}, {"iss": "userd "}, {"aud": "other"}, {"aud": ["userd"]},
                    {"aud": ""},
                    {"sub": str(uuid.uuid4())}, {"sub": "none"}, {"sub": 1}, {"sid": str(uuid.uuid4())}, {"sid": ""},
                    {"sid": genuine.claims["sub"]}, {"sub": genuine.claims["sid"]}, {"jti": 1}, {"nested": {"a": 1}}):
        yield genuine.sign_claims(**members)
    for name in genuine.claims:
        yield genuine.sign_claims(**{name: None})


def duplicated_members(genuine: Genuine, _):
    """Well signed; which of the two a reader takes would be chance."""
    for whole, is_header in ((genuine.header, True), (genuine.claims, False)):
        text = text_of(whole)
        for name, value in whole.items():
            escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
            for spelling, second in itertools.product((name, escaped), (value, "other", FAR)):
                for doubled in (f'{text[:-1]},"{spelling}":{json.dumps(second)}}}',
                                f'{{"{spelling}":{json.dumps(second)},{text[1:]}'):
                    yield genuine.sign(doubled) if is_header else genuine.sign(claims=doubled)


def no_plain_object(genuine: Genuine, _):
    """Well signed."""
    for whole, is_header in ((genuine.header, True), (genuine.claims, False)):
        text = text_of(whole)
        for other in (f"[{text}]", json.dumps(text), "null", "1", "{}", "[]", " ", text[:-1], text + "}", text + text,
                      "\ufeff" + text, text[:-1] + ",}", f"/**/{text}", text.replace('"', "'"),
                      f'{text[:-1]},"a":null}}',
                      f'{text[:-1]},"a":NaN}}', f'{text[:-1]},"a":[]}}', text + "\0", f'{text[:-1]},"a":{"[" * 500}'):
            yield genuine.sign(other) if is_header else genuine.sign(claims=other)


FAMILIES = {family.__name__.replace("_", " "): family for family in (
    no_algorithm, algorithm_confusion, foreign_kid, other_key, header_that_brings_its_key, critical_extension,
    other_typ, truncated, re_encoded, empty_signature_values, changed_claims, wrong_claims, duplicated_members,
    no_plain_object)}
