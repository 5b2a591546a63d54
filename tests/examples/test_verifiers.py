"""The programs of docs/verifying-tokens.md against the real server."""
import re
import time

import jwt
from forgeries import (LEAVE_OUT, SUBJECT, claims_with, es256, forgeries, header_with, malformed, new_key,
                       token_of)
from key_server import KeyServer
from verifiers import LANGUAGES, Verifier, run_userd

WAIT_SECONDS = 60


def kid_of(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


def wait_for(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return value


def jwks_fetches(server) -> int:
    page = server.management.get("/metrics").text
    counts = re.findall(r'^userd_http_requests_total\{[^}]*jwks[^}]*\} (\d+)$', page, re.MULTILINE)
    return sum(int(count) for count in counts)


def test_a_good_token_is_taken_with_its_subject(server, verifier):
    _, tokens = server.new_user()
    subject = jwt.decode(tokens["access_token"], options={"verify_signature": False})["sub"]
    assert verifier.ask(tokens["access_token"]) == f"ok {subject}"


def test_a_token_by_a_key_of_the_ring_is_taken_and_one_fault_makes_it_refused(verifier, imported):
    key, kid = imported
    assert verifier.ask(token_of(header_with(kid), claims_with(), es256(key))) == f"ok {SUBJECT}"
    assert verifier.ask(token_of(header_with(kid), claims_with(aud=["shop", "userd"]), es256(key))) == f"ok {SUBJECT}"
    for name, token in forgeries(key, kid).items():
        assert verifier.ask(token) == "refused", name


def test_what_is_malformed_is_refused_and_ends_no_program(verifier, imported):
    key, kid = imported
    for name, token in malformed(key, kid).items():
        assert verifier.ask(token) == "refused", name
    assert verifier.ask(token_of(header_with(kid), claims_with(), es256(key))) == f"ok {SUBJECT}"


def test_what_was_changed_or_is_no_access_token_is_refused(server, verifier):
    _, tokens = server.new_user()
    good = tokens["access_token"]
    header, payload, signature = good.split(".")
    _, other_payload, _ = server.new_user()[1]["access_token"].split(".")
    first = "A" if signature[0] != "A" else "B"
    for bad in (tokens["refresh_token"], f"{header}.{other_payload}.{signature}", f"{header}.{payload}.",
                f"{header}.{payload}", f"{header}.{payload}.{first}{signature[1:]}", good[:-4], f"{good}.x", "", "..",
                "no token", "\u2603"):
        assert verifier.ask(bad) == "refused", bad
    assert verifier.ask(good).startswith("ok ")


def test_after_a_rotation_running_programs_take_old_and_new_tokens(server, verifiers):
    wait_for(lambda: all(key["state"] != "next" for key in run_userd(server, "keys", "list")))
    name, tokens = server.new_user()
    old = tokens["access_token"]
    (taken,) = {verifier.ask(old) for verifier in verifiers.values()}
    assert taken.startswith("ok ")
    (made,) = run_userd(server, "keys", "rotate")
    assert made["kid"] != kid_of(old)

    def login_by_the_new_key() -> str | None:
        token = server.login(name).json()["access_token"]
        return token if kid_of(token) == made["kid"] else None

    new = wait_for(login_by_the_new_key)
    assert {language: [verifier.ask(token) for token in (new, old, new)] for language, verifier in verifiers.items()} \
        == {language: [taken] * 3 for language in verifiers}
    foreign = token_of(header_with("foreign"), claims_with(), es256(new_key()))
    assert {verifier.ask(foreign) for verifier in verifiers.values()} == {"refused"}


def test_tokens_of_unknown_keys_do_not_make_a_program_ask_for_the_keys_each_time(server, verifier):
    _, tokens = server.new_user()
    assert verifier.ask(tokens["access_token"]).startswith("ok ")
    before = jwks_fetches(server)
    assert before > 0
    foreign = new_key()
    for number in range(200):
        verifier.send(token_of(header_with(f"foreign{number}"), claims_with(), es256(foreign)))
    assert [verifier.answer() for _ in range(200)] == ["refused"] * 200
    assert jwks_fetches(server) - before < 20
    assert verifier.ask(tokens["access_token"]).startswith("ok ")


def test_through_an_outage_the_programs_keep_the_keys_and_then_learn_new_ones(tmp_path):
    first, second = new_key(), new_key()
    with KeyServer() as server:
        server.publish({"first": first})
        old, new = (token_of(header_with(kid), claims_with(), es256(key)) for kid, key in
                    (("first", first), ("second", second)))
        nameless = token_of(header_with("", kid=LEAVE_OUT), claims_with(), es256(first))
        running = [Verifier(name, server.url, "userd", "userd", tmp_path / name) for name in LANGUAGES]
        try:
            assert [verifier.ask(old) for verifier in running] == [f"ok {SUBJECT}"] * len(running)
            assert [verifier.ask(nameless) for verifier in running] == ["refused"] * len(running)
            server.publish({"first": first, "second": second})
            server.down = True
            for token, answer in ((new, "refused"), (old, f"ok {SUBJECT}")):
                assert [verifier.ask(token) for verifier in running] == [answer] * len(running)
            server.down = False
            for verifier in running:
                wait_for(lambda: verifier.ask(new) == f"ok {SUBJECT}")
                assert verifier.ask(old) == f"ok {SUBJECT}"
        finally:
            for verifier in running:
                verifier.stop()
