"""HTTPS on the API address: what is spoken and what is refused."""
import ssl

import httpx
import pytest

from support.certificates import rsa_key
from support.site import make_site, wait_for
from support.userd import PASSWORD, read_all, unique_name

HSTS = "strict-transport-security"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CLOSE = b"Connection: close\r\n\r\n"


def exchange(connection, request: bytes) -> bytes:
    connection.sendall(request)
    return read_all(connection)


@pytest.mark.parametrize("key", [None, "rsa"])
def test_a_user_registers_logs_in_and_reads_the_profile_over_https(make_userd, tmp_path, key):
    site = make_site(make_userd, tmp_path, key=key and rsa_key())
    name, tokens = site.server.new_user()
    profile = site.server.me(tokens["access_token"])
    assert (profile.status_code, profile.json()["username"]) == (200, name)
    assert site.server.refresh(tokens["refresh_token"]).status_code == 200


def test_every_https_answer_has_hsts_and_no_plain_one(site, shared):
    for answer in (site.http.get("/"), site.http.get("/no"), site.server.login("nobody"),
                   site.http.post("/user/login", content=b"x" * 70000)):
        assert answer.headers[HSTS] == "max-age=31536000"
    with site.connect() as connection:
        assert b"\r\nStrict-Transport-Security: max-age=31536000\r\n" in exchange(connection, b"bad\r\n\r\n")
    for answer in (site.server.management.get("/health/ready"), shared.http.get("/"), shared.http.get("/no")):
        assert HSTS not in answer.headers


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken_with_modern_ciphers(site, version):
    context = site.authority.client(minimum_version=version, maximum_version=version)
    with site.connect(context) as connection:
        assert connection.version() == version.name.replace("v1_", "v1.")
        cipher = connection.cipher()[0]
        assert cipher.startswith("TLS_") or (cipher.startswith("ECDHE-") and "GCM" in cipher)
        assert connection.compression() is None
        assert exchange(connection, GET + CLOSE).startswith(b"HTTP/1.1 200 ")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused(site, version):
    context = site.authority.client(minimum_version=version, maximum_version=version)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError) as refused:
        site.connect(context)
    assert refused.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-RSA-AES256-SHA384", "DHE-RSA-AES256-GCM-SHA384"])
def test_ciphers_without_forward_secrecy_or_authentication_are_refused(make_userd, tmp_path, cipher):
    site = make_site(make_userd, tmp_path, key=rsa_key())
    context = site.authority.client(maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(cipher)
    with pytest.raises(ssl.SSLError) as refused:
        site.connect(context)
    assert refused.value.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE"


@pytest.mark.parametrize("offered, chosen", [
    (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (None, None)])
def test_alpn_settles_on_http_1_1(site, offered, chosen):
    with site.connect(protocols=offered) as connection:
        assert connection.selected_alpn_protocol() == chosen
        assert exchange(connection, GET + CLOSE).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_offers_only_other_protocols_is_told_so(site, version):
    with pytest.raises(ssl.SSLError) as refused:
        site.connect(site.authority.client(maximum_version=version), protocols=["h2", "http/1.0"])
    assert "alert no application protocol" in str(refused.value)  # Python 3.11 has no name for it


def test_a_session_resumes_by_ticket(site):
    context = site.authority.client(maximum_version=ssl.TLSVersion.TLSv1_2)
    with site.connect(context) as first:
        session = first.session
    with context.wrap_socket(site.tcp(), server_hostname="127.0.0.1", session=session) as second:
        assert second.session_reused
        assert exchange(second, GET + CLOSE).startswith(b"HTTP/1.1 200 ")


def test_pipelined_requests_are_answered_in_order(site):
    with site.connect() as connection:
        answer = exchange(connection, GET + b"\r\nGET /user/ HTTP/1.1\r\nHost: x\r\n\r\n"
                                            b"GET /no HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert answer.count(b"HTTP/1.1 ") == 3
    assert answer.index(b"User App") < answer.index(b"User Page") < answer.index(b"Not Found")


def test_large_bodies_arrive_whole_both_ways(site):
    # 422 repeats what it was given, so nearly the largest body comes back.
    padding = "ä" * 30000
    answer = site.http.post("/user/login", json={"padding": padding})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["input"] == {"padding": padding}
    plain = site.http.get("/docs/assets/swagger-ui-bundle.js")
    assert len(plain.content) > 1_000_000


def test_a_request_cut_into_many_records_is_one_request(site):
    with site.connect() as connection:
        for byte in GET + CLOSE:
            connection.sendall(bytes([byte]))
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")


def test_an_answer_ends_with_close_notify(site):
    # suppress_ragged_eofs=False: an end without close_notify would raise.
    with site.connect() as connection:
        assert exchange(connection, GET + CLOSE).endswith(b"}")
    with site.connect() as connection:
        assert exchange(connection, b"POST /user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"
                        + b"x" * 20000).endswith(b'{"detail":"Request body too large"}')


def test_slow_requests_are_408_over_tls(site):
    with site.connect() as connection:
        assert exchange(connection, GET[:-3]).startswith(b"HTTP/1.1 408 ")


def test_handshakes_that_never_end_are_closed(site):
    hello = tls_hello(site)
    with site.tcp(30) as silent, site.tcp(30) as half:
        half.sendall(hello[:len(hello) // 2])
        assert (read_all(silent), read_all(half)) == (b"", b"")
    assert site.http.get("/").status_code == 200


def tls_hello(site) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = site.authority.client().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("request_bytes", [
    GET + b"\r\n", b"POST /user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", b"PRI * HTTP/2.0\r\n\r\n",
    b"\0" * 64, b"\x16\x03\x01\xff\xff" + b"x" * 64])
def test_what_is_no_tls_is_closed_at_once(site, request_bytes):
    before = site.metric("userd_tls_handshake_failures_total")
    with site.tcp(9) as connection:  # below the handshake's own limit of 10 s
        connection.sendall(request_bytes)
        try:
            answer = read_all(connection)
        except ConnectionResetError:
            answer = b""
    assert b"HTTP" not in answer
    assert len(answer) <= 7  # at most one alert
    wait_for(lambda: site.metric("userd_tls_handshake_failures_total") == before + 1)


def test_a_handshake_counts_as_a_connection_and_one_too_many_is_closed(make_userd, tmp_path):
    site = make_site(make_userd, tmp_path, MAX_CONNECTIONS="2")
    waiting = [site.tcp(), site.tcp()]
    wait_for(lambda: site.metric("userd_http_connections") >= 2)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        site.connect()
    for connection in waiting:
        connection.close()
    wait_for(lambda: serves(site))


def serves(site) -> bool:
    try:
        return site.http.get("/").status_code == 200
    except httpx.TransportError:
        return False


def test_a_running_request_is_finished_on_sigterm(site):
    name = unique_name()
    body = f'{{"username":"{name}","email":"{name}@example.com","password":"{PASSWORD}"}}'.encode()
    idle, handshaking = site.connect(), site.tcp()
    with site.connect() as connection:
        connection.sendall(b"POST /user/register HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        wait_for(lambda: site.metric("userd_http_connections") >= 4)
        process = site.server.process
        connection.sendall(body)
        process.terminate()
        answer = read_all(connection)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 200 ")
        assert process.wait(20) == 0
    assert read_all(idle) == b""  # with close_notify, or this would raise
    assert read_all(handshaking) == b""
    assert "cut off" not in site.server.log()
