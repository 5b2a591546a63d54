"""Access tokens as other services see them: each algorithm both ways against PyJWT, and forgeries."""
import base64
import json
import time

import jwt
import pytest

SECRET = "b7Hk2pQz9vXw4Rt6Ym1Ns8Ld3Fg5Jc0A-test-key"
ASYMMETRIC = ["ES256", "EdDSA", "RS256"]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def hs256(make_userd):
    return make_userd(JWT_ALGORITHM="HS256", SECRET_KEY=SECRET).start()


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_pyjwt_verifies_by_jwks(make_userd, algorithm):
    server = make_userd(JWT_ALGORITHM=algorithm).start()
    name, tokens = server.new_user()
    (key,) = server.http.get("/.well-known/jwks.json").json()["keys"]
    header = jwt.get_unverified_header(tokens["access_token"])
    assert header == {"alg": algorithm, "typ": "at+jwt", "kid": key["kid"]}
    claims = jwt.decode(tokens["access_token"], jwt.PyJWK(key).key, [algorithm], audience="userd", issuer="userd")
    assert set(claims) == {"iss", "aud", "sub", "sid", "username", "iat", "exp", "jti"}
    assert claims["username"] == name
    assert claims["exp"] - claims["iat"] == 300


def test_hs256_has_no_public_key_and_pyjwt_agrees(hs256):
    _, tokens = hs256.new_user()
    assert hs256.http.get("/.well-known/jwks.json").json() == {"keys": []}
    claims = jwt.decode(tokens["access_token"], SECRET, ["HS256"], audience="userd", issuer="userd")
    header = jwt.get_unverified_header(tokens["access_token"])
    assert hs256.me(jwt.encode(claims, SECRET, "HS256", headers=header)).status_code == 200


@pytest.mark.parametrize("change", [
    {"exp": int(time.time()) - 1}, {"exp": None}, {"exp": "9999999999"}, {"exp": 9999999999.5}, {"iss": "other"},
    {"aud": "other"}, {"aud": ["userd"]}, {"sub": "not-a-uuid"}, {"sid": None}, {"iat": int(time.time()) + 3600},
    {"nested": {"a": 1}},
])
def test_wrong_claims_are_refused(hs256, change):
    _, tokens = hs256.new_user()
    claims = jwt.decode(tokens["access_token"], SECRET, ["HS256"], audience="userd")
    claims = {name: value for name, value in {**claims, **change}.items() if value is not None}
    header = jwt.get_unverified_header(tokens["access_token"])
    signing_input = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    signature = jwt.api_jws.get_algorithm_by_name("HS256")
    token = signing_input + "." + b64(signature.sign(signing_input.encode(), SECRET.encode()))
    assert hs256.me(token).status_code == 401


@pytest.mark.parametrize("change", [
    {"alg": "none"}, {"alg": "HS512"}, {"alg": "ES256"}, {"typ": "rt+jwt"}, {"typ": "JWT"}, {"typ": None},
    {"kid": "other"}, {"kid": None}, {"crit": ["exp"]}, {"jku": "https://evil.example"}, {"jwk": {"kty": "oct"}},
    {"x5u": "https://evil.example"}, {"zip": "DEF"},
])
def test_foreign_headers_are_refused(hs256, change):
    _, tokens = hs256.new_user()
    _, payload, _ = tokens["access_token"].split(".")
    header = {**jwt.get_unverified_header(tokens["access_token"]), **change}
    header = {name: value for name, value in header.items() if value is not None}
    signing_input = b64(json.dumps(header).encode()) + "." + payload
    signature = jwt.api_jws.get_algorithm_by_name("HS256")
    token = signing_input + "." + b64(signature.sign(signing_input.encode(), SECRET.encode()))
    assert hs256.me(token).status_code == 401


def test_other_spellings_of_a_token_are_refused(hs256):
    _, tokens = hs256.new_user()
    token = tokens["access_token"]
    head, payload, signature = token.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelled = signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]
    for other in (token + "=", token + ".", "." + token, f"{head}.{payload}.", f"{head}.{payload}",
                  f"{head}.{payload}.{respelled}", token.replace(".", "..", 1), f"{head}.{payload}.{signature[:-2]}"):
        assert hs256.me(other).status_code == 401, other


def test_the_public_key_is_no_secret_key(make_userd):
    server = make_userd().start()
    _, tokens = server.new_user()
    (jwk,) = server.http.get("/.well-known/jwks.json").json()["keys"]
    header, payload, _ = tokens["access_token"].split(".")
    forged_header = b64(json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": jwk["kid"]}).encode())
    algorithm = jwt.api_jws.get_algorithm_by_name("HS256")
    for key in (json.dumps(jwk).encode(), base64.urlsafe_b64decode(jwk["x"] + "=")):
        signing_input = f"{forged_header}.{payload}"
        assert server.me(f"{signing_input}.{b64(algorithm.sign(signing_input.encode(), key))}").status_code == 401


def test_tokens_and_keys_outlive_a_restart(userd):
    _, tokens = userd.new_user()
    userd.stop()
    userd.start()
    assert userd.me(tokens["access_token"]).status_code == 200
    assert userd.refresh(tokens["refresh_token"]).status_code == 200
