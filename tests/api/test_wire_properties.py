"""What holds for any bytes on a connection."""
import json
import socket

from hypothesis import given
from hypothesis import strategies as st

from support.properties import at_most
from support.userd import read_all

PATHS = [b"/user/register", b"/user/login", b"/user/login/refresh", b"/user/me", b"/", b"/docs", b"*", b"//"]


def assert_answers(received, most):
    """Complete answers of ours, or a closed connection where the request was not complete."""
    answers = received.split(b"HTTP/1.1 ")
    assert answers[0] == b"" and len(answers) <= most + 1, received
    for answer in answers[1:]:
        head, _, body = answer.partition(b"\r\n\r\n")
        if head.startswith(b"100 "):
            continue
        assert 200 <= int(head[:3]) < 500, received
        assert b"\r\nX-Request-ID: " in head and b"\r\nX-Content-Type-Options: nosniff" in head
        if b"\r\nContent-Type: application/json" in head and body:
            json.loads(body)


def send_and_close(server, data):
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return read_all(connection)
        except (BrokenPipeError, ConnectionResetError):
            # Refused before all was sent.
            return b""


visible = st.binary(max_size=30).map(lambda data: bytes(byte for byte in data if byte > 32 and byte != 127))
lines = st.lists(st.tuples(
    st.sampled_from([b"Authorization", b"Content-Type", b"Content-Length", b"Transfer-Encoding", b"Expect", b"Origin",
                     b"X-Request-ID", b"traceparent", b"Connection", b"Access-Control-Request-Method"]) | visible,
    st.binary(max_size=40) | st.sampled_from([b"chunked", b"0", b"5", b"-1", b"Bearer ", b"100-continue", b"close"])),
    max_size=5)


@at_most(250)
@given(method=st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"get", b"PROPFIND"]) | visible,
       path=st.sampled_from(PATHS) | visible.map(lambda data: b"/" + data), fields=lines, body=st.binary(max_size=60))
def test_any_path_and_headers_are_answered_or_closed(unlimited, method, path, fields, body):
    head = b"%s %s HTTP/1.1\r\nHost: x\r\n" % (method, path)
    head += b"".join(b"%s: %s\r\n" % field for field in fields)
    # What follows the first request may be read as further ones.
    assert_answers(send_and_close(unlimited, head + b"\r\n" + body), 4)


@at_most(150)
@given(data=st.binary(max_size=200) | st.lists(st.sampled_from(
    [b"GET ", b"/ ", b"HTTP/1.1", b"\r\n", b"\n", b"\r", b"Host: x", b"\x00", b"Content-Length: 3", b"abc", b" ",
     b"Transfer-Encoding: chunked", b"0\r\n\r\n", b"3\r\nabc\r\n", b"\xff"]), max_size=20).map(b"".join))
def test_any_bytes_are_answered_or_closed(unlimited, data):
    assert_answers(send_and_close(unlimited, data), 10)


def test_the_server_has_outlived_all_of_this(unlimited):
    assert unlimited.process.poll() is None
    assert unlimited.http.get("/health/live").status_code == 200
