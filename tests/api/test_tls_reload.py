"""Certificates that change while the server serves."""
import concurrent.futures
import signal

import httpx
import pytest

from support.site import wait_for

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_metrics_tell_when_the_certificate_expires(site):
    assert site.metric("userd_tls_certificate_not_after_seconds") == site.issued.leaf.not_valid_after_utc.timestamp()


def reload(site):
    site.server.process.send_signal(signal.SIGHUP)


def test_sighup_brings_the_new_certificate_and_leaves_open_connections_alone(site, tmp_path):
    with site.connect() as kept:
        kept.sendall(GET)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        renewed = site.authority.issue(tmp_path)
        assert site.certificate() == site.issued.der()  # not before it is asked for
        reload(site)
        wait_for(lambda: site.certificate() == renewed.der())
        kept.sendall(GET)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert kept.getpeercert(binary_form=True) == site.issued.der()
    line, = [one for one in site.server.log().splitlines() if "TLS certificate reloaded" in one]
    assert f"{renewed.leaf.serial_number:X}" in line


def test_no_request_fails_while_certificates_change(site, tmp_path):
    def keep_asking(_):
        with httpx.Client(base_url=site.http.base_url, verify=site.authority.client(), trust_env=False) as client:
            return [client.get("/", headers={"Connection": "close"}).status_code for _ in range(40)]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = pool.map(keep_asking, range(4))
        for _ in range(10):
            issued = site.authority.issue(tmp_path)
            reload(site)
            wait_for(lambda: site.certificate() == issued.der())
        assert [status for one in answers for status in one] == [200] * 160


def broken_certificate(site, tmp_path):
    site.issued.certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def foreign_key(site, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    site.issued.key.write_bytes(site.authority.issue(other).key.read_bytes())


def no_certificate(site, tmp_path):
    site.issued.certificate.unlink()


@pytest.mark.parametrize("spoil, blamed", [
    (broken_certificate, "TLS_CERTIFICATE"), (foreign_key, "TLS_KEY"), (no_certificate, "TLS_CERTIFICATE")])
def test_a_broken_new_file_keeps_the_old_certificate_with_one_error(site, tmp_path, spoil, blamed):
    def errors():
        return [line for line in site.server.log().splitlines() if '"level":"error"' in line]

    spoil(site, tmp_path)
    reload(site)
    wait_for(errors)
    assert site.certificate() == site.issued.der()
    assert site.http.get("/").status_code == 200
    line, = errors()
    assert blamed in line and "old certificate stays" in line
    renewed = site.authority.issue(tmp_path)
    reload(site)
    wait_for(lambda: site.certificate() == renewed.der())


def test_sighup_without_tls_changes_nothing(userd):
    for _ in range(3):
        userd.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "SIGHUP ignored" in userd.log())
    assert userd.http.get("/").status_code == 200
    assert userd.stop() == 0
