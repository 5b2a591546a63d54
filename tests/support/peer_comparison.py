"""Compares userd's 422 answers with those of FastAPI and Pydantic 2, asked with the same bytes.

Where the contract differs, `expected` says how: secrets are masked. What strict JSON refuses (see
`only_strict_json_refuses`) is 422 here and 200, 400 or 500 there.
"""
import json

MASK = "**********"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PATHS = ["/user/register", "/user/login", "/user/login/refresh"]
OUR_WORDS = {"Duplicate key", "Nesting too deep", "Invalid UTF-8", "Lone surrogate or number out of range"}
MAX_DEPTH = 32
GOOD = {"username": "ada", "email": "ada@example.com", "password": "long enough", "old_refresh_token": "a.b.c"}


def is_secret(name):
    return isinstance(name, str) and any(part in name.lower() for part in ("password", "token", "secret"))


def masked(value):
    if isinstance(value, dict):
        return {name: MASK if is_secret(name) else masked(member) for name, member in value.items()}
    if isinstance(value, list):
        return [masked(element) for element in value]
    # Beyond 64 bits userd keeps a number as the nearest double.
    if isinstance(value, int) and not -2**63 <= value < 2**64:
        return float(value)
    return value


def masked_without_names(value):
    """A text outside any object may be a password as well as anything else."""
    if isinstance(value, list):
        return [masked_without_names(element) for element in value]
    return MASK if isinstance(value, str) else masked(value)


def expected(error):
    """FastAPI's error as the contract wants it."""
    if error["loc"] == ["body"]:
        return {**error, "input": masked_without_names(error["input"])}
    secret = error["type"] != "missing" and is_secret(error["loc"][-1])
    return {**error, "input": MASK if secret else masked(error["input"])}


def is_other_syntax(email):
    """Quoted local parts, display names, address literals and Unicode: the contract knows none,
    so its words differ."""
    return not email.isascii() or any(c in email for c in '"<[')


def comparable(errors):
    for error in errors:
        if error["loc"] == ["body", "email"] and error["type"] == "value_error" and is_other_syntax(error["input"]):
            prefix, _, _ = error["msg"].partition(": ")
            error = {**error, "msg": prefix, "ctx": list(error["ctx"])}
        # A text, since for Python 1 is True is 1.0, and an object's order does not matter.
        yield json.dumps(error)


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def only_strict_json_refuses(body):
    """RFC 8259 in UTF-8 without a mark, unique names, finite numbers and bounded depth, against json.loads."""
    if json.detect_encoding(body) != "utf-8":
        return True
    found = []

    def no_twin(pairs):
        if len(dict(pairs)) < len(pairs):
            found.append("twin")
        return dict(pairs)

    def finite(text):
        if float(text) in (float("inf"), float("-inf")):
            found.append("infinite")
        return float(text)

    try:
        text = body.decode()
        value = json.loads(text, object_pairs_hook=no_twin, parse_constant=found.append, parse_float=finite)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        return False
    except (UnicodeError, RecursionError):
        return True
    return bool(found) or depth(value) > MAX_DEPTH


def compare(server, peer, path, body, content_type=JSON):
    headers = {"Content-Type": content_type} if content_type is not None else {}
    ours = server.http.post(path, content=body, headers=headers)
    if content_type == JSON and only_strict_json_refuses(body):
        assert [e["type"] for e in ours.json()["detail"]] == ["json_invalid"]
        return
    theirs = peer.post(("/form" if content_type == FORM else "") + path, content=body, headers=headers)
    if theirs.status_code == 200:
        assert ours.status_code in (200, 401, 409), ours.text
        return
    assert (ours.status_code, theirs.status_code) == (422, 422), (ours.text, theirs.text)
    detail = ours.json()["detail"]
    if detail[0]["type"] == "json_invalid" and detail[0]["ctx"]["error"] in OUR_WORDS:
        # Strictness met something before json.loads met its fault.
        assert theirs.json()["detail"][0]["type"] == "json_invalid"
        return
    assert list(comparable(detail)) == list(comparable(map(expected, theirs.json()["detail"])))
