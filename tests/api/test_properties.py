"""What holds for any body and any credentials."""
import json
import re
import string
import uuid

from hypothesis import assume, example, given
from hypothesis import strategies as st

from support.common_passwords import is_common
from support.properties import any_text, at_most

PATHS = ["/user/register", "/user/login", "/user/login/refresh"]


def assert_well_formed(answer):
    assert answer.status_code < 500, answer.text
    assert re.fullmatch("[A-Za-z0-9._-]{1,128}", answer.headers["x-request-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/json"
    json.loads(answer.content)


content_types = st.sampled_from(
    [None, "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]
) | st.text(string.printable.strip(), min_size=1, max_size=20)


@at_most(200)
@given(path=st.sampled_from(PATHS), body=st.binary(max_size=300), content_type=content_types)
@example(path=PATHS[1], body=b"[NaN," + b"[" * 65000, content_type=None)
@example(path=PATHS[1], body=b'{"a":NaN,"b":' + b'{"a":' * 13000, content_type=None)
@example(path=PATHS[1], body=b'["\\ud800",' + b"[" * 65000, content_type=None)
@example(path=PATHS[1], body=b'{"username":1e999,"password":""}', content_type=None)
@example(path=PATHS[1], body=b"&" * 65536, content_type="application/x-www-form-urlencoded")
@example(path=PATHS[0], body=b'"' + b"\\u0000" * 10000 + b'"', content_type=None)
def test_any_body_has_a_well_formed_answer(unlimited, path, body, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = unlimited.http.post(path, content=body, headers=headers)
    assert_well_formed(answer)
    assert answer.status_code in (401, 422)


class Rules:
    """The contract's paragraph "At registration", once more, and the policy's list."""

    @staticmethod
    def username(text):
        first = string.ascii_letters + string.digits
        return 3 <= len(text) <= 64 and text[0] in first and all(c in first + "._-" for c in text)

    @staticmethod
    def email(text):
        local, _, domain = text.partition("@")
        labels = domain.split(".")
        return (len(text.encode()) <= 254 and text.isascii() and text.count("@") == 1
                and re.fullmatch(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", local, re.ASCII) is not None
                and len(local) <= 64 and len(labels) >= 2 and labels[-1][-1:].isalpha()
                and all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label, re.I) and len(label) <= 63
                        and (label[2:4] != "--" or label[:2].lower() == "xn") for label in labels))

    @staticmethod
    def password(text):
        return 8 <= len(text.encode()) <= 1024 and "\0" not in text and not is_common(text)


def mixed_case(text, upper):
    return "".join(c.upper() if up else c.lower() for c, up in zip(text, upper))


near_names = st.text(string.ascii_letters + string.digits + "._-", max_size=70) | st.builds(
    "{}{}{}".format, st.text(string.ascii_letters, max_size=3), st.characters(exclude_categories=["Cs"]),
    st.text("ab", max_size=3))
near_emails = st.builds(
    "{}@{}.{}".format, st.text(string.ascii_lowercase + ".+-'\"@ ä", min_size=1, max_size=8),
    st.text("aB1-.", min_size=1, max_size=8), st.sampled_from(["example", "C", "1", "", "-", "xn--p1ai"]))
near_passwords = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9) | st.builds(
    lambda unit, size: unit * size, st.sampled_from(["x", "ä", "😀"]), st.integers(255, 1025))


def assert_registration(server, username, email, password):
    """Gives whether it was accepted, which the rules decide."""
    body = {"username": username, "email": email, "password": password}
    answer = server.http.post("/user/register", json=body)
    broken = [name for name, text in (("username", username), ("email", email), ("password", password))
              if not getattr(Rules, name)(text)]
    if broken:
        assert answer.status_code == 422, answer.text
        assert [error["loc"] for error in answer.json()["detail"]] == [["body", name] for name in broken]
        return False
    assert answer.status_code == 200, answer.text
    return True


@at_most(250)
@given(username=near_names | any_text, email=near_emails | any_text, password=near_passwords | any_text)
def test_registration_is_refused_for_just_the_broken_rules(unlimited, username, email, password):
    # Good ones are the next test's, since they cost a hash.
    assume(not (Rules.username(username) and Rules.email(email) and Rules.password(password)))
    assert not assert_registration(unlimited, username, email, password)


@at_most(12)
@given(name=st.text(string.ascii_letters + string.digits + "._-", max_size=31),
       local=st.text(string.ascii_letters + string.digits + "+_%'", max_size=20),
       domain=st.sampled_from(["example.com", "EXAMPLE.com", "a-b.C1.example", "xn--p1ai.example"]),
       password=near_passwords.filter(Rules.password), upper=st.lists(st.booleans(), min_size=110, max_size=110))
def test_what_the_rules_take_logs_in_in_any_case_and_keeps_its_own(unlimited, name, local, domain, password, upper):
    username = uuid.uuid4().hex + name
    email = f"{local}{uuid.uuid4().hex}@{domain}"
    assert assert_registration(unlimited, username, email, password)
    for login in (username, mixed_case(username, upper), mixed_case(email, upper)):
        tokens = unlimited.login(login, password)
        assert tokens.status_code == 200, tokens.text
    profile = unlimited.me(tokens.json()["access_token"]).json()
    kept = email.partition("@")[0] + "@" + domain.lower()
    assert (profile["username"], profile["email"]) == (username, kept)


secrets = st.text(string.ascii_letters + string.digits, min_size=12, max_size=24).map(lambda text: "s3cr3t" + text)
shapes = st.sampled_from([
    '{"username":"ada","email":"x","password":"SECRET"', '{"username":1,"email":2,"password":"SECRET"}', '{"password":["SECRET"]}',
    '{"password":{"a":"SECRET"}}', '{"old_refresh_token":{"a":["SECRET"]}}', '["SECRET"]', '"SECRET"', "SECRET", "password=SECRET",
    "username=&password=SECRET", "username=a&password=SECRET&grant_type=x", "password=SECRET&password=SECRET", "password=SECRET%FF",
    '{"a":{"b":[{"Refresh_Token":"SECRET"}]}}', '{"password":"SECRET","password":1}', '{"old_refresh_token":NaN,"password":"SECRET"}',
    '[[{"new_password":"SECRET"}]]', '{"client_secret":"SECRET","username":[]}', '{"password":"SECRET\\u0000"}',
])


def test_no_secret_comes_back_or_enters_the_log(unlimited):
    sent = []

    @at_most(120)
    @given(path=st.sampled_from(PATHS), shape=shapes, secret=secrets, content_type=content_types)
    def ask(path, shape, secret, content_type):
        headers = {} if content_type is None else {"Content-Type": content_type}
        answer = unlimited.http.post(path, content=shape.replace("SECRET", secret).encode(), headers=headers)
        assert answer.status_code in (401, 422)
        assert secret not in answer.text
        sent.append((secret, answer.headers["x-request-id"]))

    ask()
    log = unlimited.log_with(sent[-1][1])
    assert [secret for secret, _ in sent if secret in log] == []
