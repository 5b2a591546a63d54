"""What holds for any token that is not a real one."""
import base64
import json
import string
import uuid

from hypothesis import given
from hypothesis import strategies as st

from support.properties import at_most

BAD_TOKEN = b'{"detail":"Could not validate credentials"}'
BAD_REFRESH = b'{"detail":"Invalid token, Please login again"}'
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def respelled(token, payload_change):
    """The same claims or others, encoded anew under the old signature."""
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    text = json.dumps({**claims, **payload_change}).encode()
    return f"{head}.{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{signature}"


@st.composite
def damaged(draw, tokens):
    """A token, or two, with something changed."""
    token, other = draw(st.permutations(tokens))
    position = draw(st.integers(1, len(token) - 2))
    character = draw(st.sampled_from(ALPHABET + ".=+/%~\"\\{"))
    parts, others = token.split("."), other.split(".")
    return draw(st.sampled_from([
        token[:position] + character + token[position + 1:],
        token[:position] + character + token[position:],
        token[:position],
        token[position + 1:],
        token + character,
        token[:-1] + ALPHABET[ALPHABET.index(token[-1]) ^ 1 if token[-1] in ALPHABET[:62] else 0],
        token.swapcase(),
        token[::-1],
        ".".join(draw(st.permutations(parts))),
        ".".join(draw(st.sampled_from(pair)) for pair in zip(parts, others)),
        ".".join(parts + others),
        respelled(token, {}),
        respelled(token, {"exp": 9999999999, "sub": str(uuid.UUID(int=position))}),
        base64.urlsafe_b64encode(token.encode()).decode(),
        "%" + token[1:].replace(".", "%2E"),
    ]))


def test_any_damaged_token_is_refused_and_the_session_lives_on(unlimited):
    name, tokens = unlimited.new_user()
    pair = (tokens["access_token"], tokens["refresh_token"])

    @at_most(150)
    @given(token=damaged(pair) | st.text(string.printable.strip(), min_size=1, max_size=60))
    def ask(token):
        if token != pair[0]:
            answer = unlimited.me(token)
            assert (answer.status_code, answer.content) == (401, BAD_TOKEN), token
            assert answer.headers["www-authenticate"] == "Bearer"
        if token != pair[1]:
            answer = unlimited.refresh(token)
            assert (answer.status_code, answer.content) == (401, BAD_REFRESH), token
            assert answer.headers["www-authenticate"] == "Bearer"

    ask()
    assert unlimited.me(pair[0]).json()["username"] == name
    assert unlimited.refresh(pair[1]).status_code == 200
