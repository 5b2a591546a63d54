import sys

import jwt

jwks_url, issuer, audience = sys.argv[1:]

# Asks again for a kid it does not know, but not within 5 s of the last time.
keys = jwt.PyJWKClient(jwks_url, lifespan=300, timeout=5, cooldown_duration=5)


def verify(token: str) -> dict:
    """The claims of a good access token; raises jwt.PyJWTError for any other."""
    key = keys.get_signing_key_from_jwt(token)
    signed = jwt.decode_complete(
        token, key, algorithms=["ES256"], issuer=issuer, audience=audience,
        options={"require": ["exp", "iss", "aud", "sub"]})
    if signed["header"].get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    return signed["payload"]


for line in sys.stdin:
    try:
        print("ok", verify(line.strip())["sub"], flush=True)
    except jwt.PyJWTError as error:
        print("refused", flush=True)
        print(error, file=sys.stderr)
