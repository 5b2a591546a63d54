"""The wire: what is malformed, too large or too slow, sent byte by byte."""
import socket
import time

import pytest

from support.userd import read_all

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("head", [
    b"GET / HTTP/1.1\r\n\r\n",
    GET + b"Host: y\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
    b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    b"GET / \r\nHost: x\r\n\r\n",
    b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /#a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
    GET + b"Name : value\r\n\r\n",
    GET + b"A: b\r\n folded\r\n\r\n",
    GET + b"No-Colon\r\n\r\n",
    GET + b"A: b\nC: d\r\n\r\n",
    GET + b"A: b\rC: d\r\n\r\n",
    GET + b"A: \x01\r\n\r\n",
    GET + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    GET + b"Content-Length: +1\r\n\r\nx",
    GET + b"Content-Length: 1,1\r\n\r\nx",
    GET + b"Content-Length: 1 1\r\n\r\nx",
    GET + b"Content-Length: 99999999999999999999\r\n\r\n",
    GET + b"Content-Length: \r\n\r\n",
    GET + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    GET + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
    GET + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    GET + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
])
def test_malformed_requests_are_400_and_close(shared, head):
    answer = shared.raw(head)
    assert status(answer) == 400
    assert answer.endswith(b'{"detail":"Bad Request"}')
    assert b"Connection: close" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("head", [
    GET + b"Connection: close\r\n\r\n",
    b"\r\n" + GET + b"Connection: close\r\n\r\n",
    b"GET http://x/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET /%2F HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
])
def test_unusual_but_valid_requests_are_served(shared, head):
    assert status(shared.raw(head)) in (200, 307, 404)


def test_pipelined_requests_are_answered_in_order(shared):
    answer = shared.raw(GET + b"\r\nGET /user/ HTTP/1.1\r\nHost: x\r\n\r\nGET /no HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 ") == 3
    assert answer.index(b"User App") < answer.index(b"User Page") < answer.index(b"Not Found")


def test_a_chunked_body_sent_byte_by_byte_arrives_whole(shared):
    with socket.create_connection(("127.0.0.1", shared.port), 20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in (b"POST /user/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"5;ext=1\r\n{\"use\r\nB\r\nrname\":\"a\"}\r\n0\r\nTrailer: t\r\n\r\n"):
            connection.sendall(bytes([byte]))
        answer = read_all(connection)
    assert status(answer) == 422
    assert b'["body","password"]' in answer


def test_bodies_over_the_limit_are_413_however_they_come(shared):
    head = b"POST /user/login HTTP/1.1\r\nHost: x\r\n"
    for request in (head + b"Content-Length: 70000\r\n\r\n", head + b"Transfer-Encoding: chunked\r\n\r\n11170\r\n"):
        answer = shared.raw(request)
        assert status(answer) == 413
        assert answer.endswith(b'{"detail":"Request body too large"}')


def test_headers_over_the_limit_are_431(shared):
    answer = shared.raw(GET + b"A: " + b"x" * 16400 + b"\r\n\r\n")
    assert status(answer) == 431
    assert answer.endswith(b'{"detail":"Request header too large"}')


@pytest.mark.parametrize("start", [
    b"GET / HTTP/1.1\r\nHo", b"POST /user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"])
def test_slow_heads_and_bodies_are_408(shared, start):
    answer = shared.raw(start, 30)
    assert status(answer) == 408
    assert answer.endswith(b'{"detail":"Request timeout"}')


def test_expect_100_continue_is_answered(shared):
    with socket.create_connection(("127.0.0.1", shared.port), 20) as connection:
        connection.sendall(b"POST /user/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
                           b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"{}")
        assert status(read_all(connection)) == 422


def test_connections_over_the_limit_get_503(make_userd):
    server = make_userd(MAX_CONNECTIONS="4", IDLE_TIMEOUT_SECONDS="60").start()
    server.management.close()
    open_ones = [socket.create_connection(("127.0.0.1", server.port), 20) for _ in range(4)]
    time.sleep(0.2)
    answer = server.raw(b"")
    assert status(answer) == 503
    assert b"Retry-After: " in answer
    assert answer.endswith(b'{"detail":"Service busy, try again"}')
    for connection in open_ones:
        connection.close()


def test_a_running_request_is_finished_on_sigterm(userd):
    name, _ = userd.new_user()
    body = f'{{"username":"{name}","password":"correct horse battery"}}'.encode()
    with socket.create_connection(("127.0.0.1", userd.port), 20) as connection:
        connection.sendall(b"POST /user/login HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        time.sleep(0.005)
        assert userd.stop() == 0
        answer = read_all(connection)
    assert answer == b"" or status(answer) == 200
