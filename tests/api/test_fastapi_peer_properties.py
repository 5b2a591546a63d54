"""422 answers are those of FastAPI with Pydantic 2: generated bodies."""
import json
import sys
import urllib.parse

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.peer_comparison import FORM, GOOD, PATHS, compare
from support.properties import at_most

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 13), reason="json's words for trailing commas changed")

few = at_most(150)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["a", "password", "refresh_token", "ä"]) | st.text(max_size=5), inner, max_size=3),
    max_leaves=8)
bodies = st.dictionaries(st.sampled_from(sorted(GOOD) + ["extra", "token"]), json_values, max_size=5) | json_values


@few
@given(path=st.sampled_from(PATHS), body=bodies, ascii_only=st.booleans())
@example(path="/user/login", body={"username": 5e-324}, ascii_only=True)
@example(path="/user/login", body={"username": 1.7976931348623157e308}, ascii_only=True)
@example(path="/user/login", body={"username": 9007199254740993.5}, ascii_only=True)
def test_any_wrongly_typed_body(unlimited, peer, path, body, ascii_only):
    compare(unlimited, peer, path, json.dumps(body, ensure_ascii=ascii_only).encode())


@few
@given(value=st.floats(allow_nan=False, allow_infinity=False), digits=st.integers(1, 25))
def test_any_number_comes_back_as_it_was_sent(unlimited, peer, value, digits):
    for text in (repr(value), f"{value:.{digits}e}", f"{value:.{digits}g}"):
        compare(unlimited, peer, "/user/login", b'{"username":%s}' % text.encode())


pieces = st.sampled_from(
    list('{}[]:,"\\ \n\t/-+.0123456789eEu') + ['\\"', "\\u", "\\u00e4", "\\ud83d", "\\ude00", "null", "true", "NaN",
    "ä", "😀", "\x00",
                                               '"username"', '"password":"x"', '"a":1'])


@few
@given(text=st.lists(pieces, max_size=24).map("".join))
def test_any_text_of_json_pieces(unlimited, peer, text):
    compare(unlimited, peer, "/user/login", text.encode())


@few
@given(data=st.data(), path=st.sampled_from(PATHS))
def test_any_damage_to_a_good_text(unlimited, peer, data, path):
    text = json.dumps({**GOOD, "more": [1.5, True, {"ä": "\n\u2028😀"}]}, ensure_ascii=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(st.lists(pieces, max_size=2).map("".join)) + text[
            start + data.draw(st.integers(0, 3)):]
    compare(unlimited, peer, path, text.encode())


@few
@given(local=st.text("ab.-_+@\"'\\ ,(\x01\x7f!", max_size=8), domain=st.text("ab1.-_@ \x00:'\\", max_size=10),
       end=st.sampled_from(["", ".example", ".c", ".1"]))
def test_any_email_of_plain_characters(unlimited, peer, local, domain, end):
    body = {"username": "peer", "email": f"{local}@{domain}{end}", "password": GOOD["password"]}
    compare(unlimited, peer, "/user/register", json.dumps(body).encode())


@few
@given(fields=st.dictionaries(st.sampled_from(["username", "password", "grant_type", "scope"]) | st.text(max_size=4),
                              st.text(max_size=12) | st.just("password"), max_size=5))
def test_any_form(unlimited, peer, fields):
    if not {"username", "password"} <= fields.keys():
        compare(unlimited, peer, "/user/login", urllib.parse.urlencode(fields).encode(), FORM)
