"""422 answers have FastAPI's shapes, and never a secret."""
import pytest

from support.userd import unique_name

SECRET = "sup3r-s3cret-value"


def errors(answer):
    assert answer.status_code == 422, answer.text
    return answer.json()["detail"]


def test_an_empty_body_is_missing(shared):
    assert errors(shared.http.post("/user/register")) == [
        {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]


def test_missing_fields_in_declared_order_with_the_masked_body(shared):
    assert errors(shared.http.post("/user/register", json={"password": SECRET})) == [
        {"type": "missing", "loc": ["body", name], "msg": "Field required", "input": {"password": "**********"}}
        for name in ("username", "email")]


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], {}])
def test_other_types_are_no_strings(shared, value):
    body = {"username": value, "email": "a@example.com", "password": "longenough"}
    assert errors(shared.http.post("/user/register", json=body)) == [
        {"type": "string_type", "loc": ["body", "username"], "msg": "Input should be a valid string", "input": value}]


@pytest.mark.parametrize("text, position, message", [
    ("{", 1, "Expecting property name enclosed in double quotes"),
    ("nonsense", 0, "Expecting value"),
    ('{"a" 1}', 5, "Expecting ':' delimiter"),
    ('{"a":1 "b":2}', 7, "Expecting ',' delimiter"),
    ('{"a":"x', 5, "Unterminated string starting at"),
    ("{} x", 3, "Extra data"),
])
def test_malformed_json_has_pythons_words_and_position(shared, text, position, message):
    assert errors(shared.http.post("/user/login", content=text)) == [
        {"type": "json_invalid", "loc": ["body", position], "msg": "JSON decode error", "input": {},
         "ctx": {"error": message}}]


@pytest.mark.parametrize("body", [
    b'{"username":"a","username":"b","password":"x"}',
    b'{"username":"\\ud800","password":"x"}',
    b'{"username":"\xff","password":"x"}',
    b"[" * 33 + b"]" * 33,
    b"[" * 60000,
    b'{"username":NaN,"password":"x"}',
    b'{"username":1e400,"password":"x"}',
])
def test_what_strict_json_forbids_is_invalid(shared, body):
    assert errors(shared.http.post("/user/login", content=body))[0]["type"] == "json_invalid"


@pytest.mark.parametrize("name, kind, context", [
    ("ab", "string_too_short", {"min_length": 3}),
    ("a" * 65, "string_too_long", {"max_length": 64}),
    ("a@example.com", "string_pattern_mismatch", {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}),
    ("-abc", "string_pattern_mismatch", {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}),
    ("abc\n", "string_pattern_mismatch", {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}),
])
def test_usernames_have_their_form(shared, name, kind, context):
    (error,) = errors(shared.register(name, email="a@example.com"))
    assert (error["type"], error["ctx"], error["input"]) == (kind, context, name)


@pytest.mark.parametrize("email", [
    "plain", "@example.com", "a@", "a@b", "a b@example.com", "a@exa mple.com", ".a@example.com", "a.@example.com",
    "a..b@example.com", "a@-example.com", "a@example..com", "a@example.123", "a@b@example.com", "ä@example.com",
    "a" * 65 + "@example.com", "a@" + "b" * 64 + ".com", "a@" + "b." * 125 + "com",
])
def test_malformed_emails_are_value_errors(shared, email):
    (error,) = errors(shared.register(unique_name(), email=email))
    assert (error["type"], error["loc"]) == ("value_error", ["body", "email"])
    assert error["msg"] == "value is not a valid email address: " + error["ctx"]["reason"]


@pytest.mark.parametrize("password, kind", [
    ("short", "string_too_short"), ("x" * 1025, "string_too_long"), ("has\0nul-inside", "value_error")])
def test_passwords_have_their_bounds_and_are_not_echoed(shared, password, kind):
    answer = shared.register(unique_name(), password=password)
    (error,) = errors(answer)
    assert (error["type"], error["input"]) == (kind, "**********")


def test_passwords_are_taken_as_they_are(shared):
    for password in ("ä" * 4, "x" * 1024, "  spaces  ", "😀😀"):
        name = unique_name()
        assert shared.register(name, password=password).status_code == 200
        assert shared.login(name, password).status_code == 200
        assert shared.login(name, password[:-1]).status_code == 401


@pytest.mark.parametrize("content_type, body", [
    ("text/plain", SECRET), ("application/json", f'"{SECRET}"'), ("application/json", f'[{{"password":"{SECRET}"}}]'),
    ("application/json", f'{{"username":{{"password":"{SECRET}"}},"old_refresh_token":["{SECRET}"]}}'),
    ("application/json", f'{{"password":["{SECRET}"]}}'), ("application/x-www-form-urlencoded", f"password={SECRET}"),
    ("multipart/form-data; boundary=x", SECRET), ("application/json", f'{{"password":"{SECRET}"'),
])
@pytest.mark.parametrize("path", ["/user/register", "/user/login", "/user/login/refresh"])
def test_no_secret_is_echoed(shared, path, content_type, body):
    answer = shared.http.post(path, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 422
    assert SECRET not in answer.text


def test_a_form_without_password_is_missing_it(shared):
    assert errors(shared.http.post("/user/login", data={"username": "ada"})) == [
        {"type": "missing", "loc": ["body", "password"], "msg": "Field required", "input": None}]


def test_bodies_over_the_limit_are_413(shared):
    answer = shared.http.post("/user/login", content=b"x" * (64 * 1024 + 1))
    assert (answer.status_code, answer.json()) == (413, {"detail": "Request body too large"})
