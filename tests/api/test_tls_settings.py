"""The TLS files at the start: each fault is one line."""
import ssl

import httpx
import pytest

from support.certificates import Authority, pem_of, rsa_key
from support.site import Site


def complaint(server, settings) -> str:
    answer = server.run("serve", **settings)
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1), answer.stderr
    checked = server.run("check-config", **settings)
    assert (checked.returncode, checked.stderr) == (2, answer.stderr)
    return answer.stderr


@pytest.mark.parametrize("missing", ["TLS_CERTIFICATE", "TLS_KEY"])
def test_one_setting_without_the_other_is_refused(make_userd, tmp_path, missing):
    settings = Authority().issue(tmp_path).settings()
    del settings[missing]
    assert complaint(make_userd(), settings).startswith(f"userd: {missing}: ")


def spoilt(what, tmp_path):
    """Settings with one fault, and the words that must tell of it."""
    authority = Authority()
    issued = authority.issue(tmp_path)
    certificate, key = issued.certificate, issued.key
    other = tmp_path / "other"
    other.mkdir()
    match what:
        case "no certificate":
            certificate.unlink()
            return issued, "TLS_CERTIFICATE", "does not exist"
        case "no key":
            key.unlink()
            return issued, "TLS_KEY", "does not exist"
        case "a folder":
            certificate.unlink()
            certificate.mkdir()
            return issued, "TLS_CERTIFICATE", "directory"
        case "empty certificate":
            certificate.write_bytes(b"")
            return issued, "TLS_CERTIFICATE", "no certificate"
        case "key as certificate":
            certificate.write_bytes(key.read_bytes())
            return issued, "TLS_CERTIFICATE", "no certificate"
        case "certificate as key":
            key.write_bytes(certificate.read_bytes())
            return issued, "TLS_KEY", "no private key"
        case "broken chain":
            whole = certificate.read_bytes()
            certificate.write_bytes(whole + whole[:200] + b"\n-----END CERTIFICATE-----\n")
            return issued, "TLS_CERTIFICATE", "broken certificate"
        case "broken key":
            key.write_bytes(key.read_bytes().replace(b"M", b"N", 1))
            return issued, "TLS_KEY", "broken private key"
        case "another's key":
            key.write_bytes(authority.issue(other).key.read_bytes())
            return issued, "TLS_KEY", "does not belong"
        case "another kind of key":
            key.write_bytes(authority.issue(other, rsa_key()).key.read_bytes())
            return issued, "TLS_KEY", "does not belong"
        case "passphrase":
            key.write_bytes(pem_of(issued.private_key, b"secret"))
            return issued, "TLS_KEY", "passphrase"
        case "weak key":
            return authority.issue(other, rsa_key(1024)), "TLS_CERTIFICATE", "too small"
        case "writable key":
            key.chmod(0o620)
            return issued, "TLS_KEY", "chmod go-w"


@pytest.mark.parametrize("what", [
    "no certificate", "no key", "a folder", "empty certificate", "key as certificate", "certificate as key",
    "broken chain", "broken key", "another's key", "another kind of key", "passphrase", "weak key", "writable key"])
def test_every_bad_file_is_one_line_that_names_it(make_userd, tmp_path, what):
    issued, setting, words = spoilt(what, tmp_path)
    server = make_userd()
    line = complaint(server, issued.settings())
    assert line.startswith(f"userd: {setting}: ")
    assert words in line.lower()
    assert not server.database.exists()


@pytest.mark.parametrize("validity, words", [
    ({"begins": -9, "days": 3}, "expired at"), ({"begins": 3}, "is not valid before")])
def test_a_certificate_out_of_its_time_serves_with_a_warning(make_userd, tmp_path, validity, words):
    authority = Authority()
    site = Site(make_userd(**authority.issue(tmp_path, **validity).settings()).start(), authority, None)
    assert words in site.server.log()
    assert words in site.server.run("check-config").stderr
    with pytest.raises(ssl.SSLCertVerificationError):
        site.connect()
    assert httpx.get(site.http.base_url, verify=False, trust_env=False).status_code == 200


def test_a_key_as_kubernetes_mounts_it_serves_with_a_warning(make_userd, tmp_path):
    authority = Authority()
    issued = authority.issue(tmp_path)
    issued.key.chmod(0o644)
    issued.key.rename(tmp_path / "data.key")
    issued.key.symlink_to("data.key")
    site = Site(make_userd(**issued.settings()).start(), authority, issued)
    assert site.http.get("/").status_code == 200
    assert "every user of this machine may read" in site.server.log()
