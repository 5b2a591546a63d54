"""422 answers are those of FastAPI with Pydantic 2: a table of what goes wrong."""
import json
import sys

import pytest

from support.peer_comparison import FORM, GOOD, JSON, PATHS, compare

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 13), reason="json's words for trailing commas changed")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body, content_type", [
    (b"", JSON), (b"", None), (b"", "text/plain"), (b" ", JSON), (b"null", JSON), (b"{}", None), (b"[]", JSON),
    (b"{}", "application/problem+json"), (b"{}", "Application/JSON ; charset=latin-1"), (b"{}", "text/json"),
    (b"{}", "application/a/b+json"), (b"{}", "json"), (b"{}", "application/jsonp"), (b"plain", "text/plain"),
    (b'{"username":"ada"}', "application/x-ndjson"), (b"--x--", "multipart/mixed; boundary=x"), (b"1", JSON),
    (b"-1.5e3", JSON), (b"true", JSON), (b'"ada"', JSON), (b'[{"password":"hunter22"},"token"]', JSON),
])
def test_bodies_that_are_no_object(unlimited, peer, path, body, content_type):
    compare(unlimited, peer, path, body, content_type)


@pytest.mark.parametrize("text", [
    "{", "}", "[", "]", "{]", "[}", "{,}", "[,]", "[1,]", "[1 2]", '{"a"}', '{"a":}', '{"a":1,}', '{"a":1 "b":2}',
    '{"a" "b"}', "{a:1}", "{'a':1}", "{1:2}", '{"a":1}}', "{} {}", "nul", "nulll", "True", "tru", "+1", "-", "01",
    "1.", ".5", "1e", "1e+", "0x10", "-01", "--1", '"', '"a', '"\\', '"\\"', '"\\q"', '"\\u12"', '"\\u123',
    '"\\u1234', '"\\u12g4"', '"\\ud83d\\u', '"\\ud83d\\u12', '"\\ud83d\\ude0"', '"\\ud83d\\ude00', '"\ta"', '"\n',
    '"\x7f"x', '\ufeff', '{"ä": ,', '"😀" 😀', '{"a":"\x00"}', "[NaN,]", "[Infinity", "-Infinit", "// a", "/* a */{}",
    "{}\x00", "\x00", '{"username":"ada",\r\n"password":}', '["\\ud800",', "[" * 40, '[NaN,"', "\v{}", "\u00a0{}",
])
def test_malformed_texts(unlimited, peer, text):
    compare(unlimited, peer, "/user/login", text.encode())


@pytest.mark.parametrize("field, value", [
    ("username", value) for value in (
        None, 0, -1, 1.5, 1e300, 0.1, 123456789.123456789, 2**63, 2**64, 10**25, True, [], {}, [1, [2]],
        {"password": "x"}, {"Token": {"a": 1}, "b": ["y", {"client_secret": 2}]}, "", "a", "ab", "a" * 64, "a" * 65,
        "ä", "ää", "äää", "😀" * 65, "-ab", ".ab", "_ab", "a b", "ab\n", "a@b.example", "ab\0", "ａｂｃ", "a/b",
        "AB-c.d_e")
] + [
    ("email", value) for value in (
        None, 1, "", "@", "a", "a@", "@b.example", "a@b", "a@b.example", "a@@b.example", "a@b@c.example",
        ".a@b.example", "a.@b.example", "a..b@c.example", ".@b.example", "..@b.example", "a@.b.example",
        "a@b.example.", "a@b..example", "a@-b.example", "a@b-.example", "a@b.-example", "a@b.example-", "a@b-", "a@-",
        "a b@c.example", "a\tb\x7f\n b@c.example", "a,b;c@d.example", "a\\b@c.example", "a(b)@c.example",
        "a@b c.example", "a@b'c\"d.example", "a@b_c.example", "a@b.c1", "a@1.2.3.4", "a@ab--cd.example",
        "a@xx--y.example", "a@a--b.example", "!#$%&'*+-/=?^_`{|}~@b.example", "a" * 64 + "@b.example",
        "a" * 65 + "@b.example", "a" * 66 + "@b.example", "a@" + "b" * 63 + ".example", "a@" + "b" * 64 + ".example",
        "a@" + "b" * 65 + ".example", "a@" + "b." * 122 + "example", "a@" + "b." * 124 + "ex",
        "a@" + "b." * 125 + "ex", "a@" + "b." * 123 + "example", "a" * 9 + "@" + "b." * 120 + "example",
        "a@B.EXAMPLE", "ä@b.example", "a@ä.example", '"a"@b.example', "A <a@b.example>", "a@[1.2.3.4]", "a@b<c",
        "\0@b.example", "a@\0.example", " a@b.example", "a@b.example ")
] + [
    ("password", value) for value in (
        None, 1, [], {}, "", "1234567", "12345678", "PassWord1", "äää", "ääää", "x" * 1024, "x" * 1025, "ä" * 513, "a\0bcdefgh",
        "\0", "x" * 1024 + "\0")
])
def test_registration_field_by_field(unlimited, peer, field, value):
    body = {**GOOD, field: value}
    if field != "username":
        # What is accepted is taken then, and costs no second hash.
        body["username"] = "peer"
    compare(unlimited, peer, "/user/register", json.dumps(body, ensure_ascii=False).encode())


@pytest.mark.parametrize("body", [
    {"username": "a" * 254, "password": ""}, {"username": "a" * 255, "password": "x" * 1025},
    {"username": "", "password": ""}, {"username": "ä" * 128, "password": "ä" * 513},
    {"username": "a\0", "password": "\0"}, {"username": {}, "password": {}}, {"old_refresh_token": 1},
    {"old_refresh_token": None, "extra": {"secret": 1}}, {"old_refresh_token": [1]}, {"Username": "a"},
    {"email": [], "username": 1, "password": 2}, {"username": ["a"], "zzz": 1},
    {"passwd": "x", "my_password_2": "y", "TOKENS": [1]},
])
@pytest.mark.parametrize("path", PATHS)
def test_several_faults_keep_their_order(unlimited, peer, path, body):
    compare(unlimited, peer, path, json.dumps(body).encode())


@pytest.mark.parametrize("body", [
    b"", b"&", b"username", b"username=", b"username=a", b"password=b", b"=b", b"username=&password=",
    b"grant_type=x", b"grant_type=&username=a&password=b", b"grant_type=password&username=a",
    b"grant_type=Password&username=a&password=b", b"username=a&password=100%", b"username=a&password=%",
    b"username=a%00&password=b", b"username=a&password=%00", b"username=a+b&password=%2B", b"username=%zz&password=",
    b"username=" + b"a" * 255 + b"&password=x", b"username=%C3%A4&password=" + b"%C3%A4" * 513,
    b"grant_type=%70assword&username=&scope=a&client_id=b&client_secret=c", b"Username=a&PASSWORD=b",
])
def test_forms(unlimited, peer, body):
    compare(unlimited, peer, "/user/login", body, FORM)
