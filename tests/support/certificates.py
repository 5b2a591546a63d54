"""Certificates as a site has them: a root that clients trust, an intermediate, and the server's own."""
import datetime
import ipaddress
import pathlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def pem_of(key, passphrase: bytes | None = None) -> bytes:
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Authority:
    """Signs with an intermediate, so that a client needs the whole chain that the server sends."""

    def __init__(self) -> None:
        self.root_key, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._sign("root", self.root_key.public_key(), "root", self.root_key, authority=True)
        self.intermediate = self._sign("intermediate", self.key.public_key(), "root", self.root_key, authority=True)

    @staticmethod
    def _sign(name, public_key, issuer, issuer_key, authority=False, begins=-1, days=30, hosts=("127.0.0.1",)):
        now = datetime.datetime.now(datetime.timezone.utc)
        named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
        builder = (x509.CertificateBuilder().subject_name(named[0]).issuer_name(named[1]).public_key(public_key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now + begins * DAY)
                   .not_valid_after(now + (begins + days) * DAY)
                   .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
        if not authority:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([general_name(host) for host in hosts]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    def issue(self, folder: pathlib.Path, key=None, **validity) -> "Issued":
        key = key or ec.generate_private_key(ec.SECP256R1())
        leaf = self._sign("server", key.public_key(), "intermediate", self.key, **validity)
        issued = Issued(folder / "tls.crt", folder / "tls.key", leaf, key)
        chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (leaf, self.intermediate))
        issued.certificate.write_bytes(chain)
        write_private(issued.key, pem_of(key))
        return issued

    def client(self, **attributes) -> ssl.SSLContext:
        """A client that trusts the root only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.root.public_bytes(serialization.Encoding.PEM).decode())
        for name, value in attributes.items():
            setattr(context, name, value)
        return context


class Issued:
    def __init__(self, certificate: pathlib.Path, key: pathlib.Path, leaf: x509.Certificate, private_key) -> None:
        self.certificate, self.key, self.leaf, self.private_key = certificate, key, leaf, private_key

    def settings(self) -> dict[str, str]:
        return {"TLS_CERTIFICATE": str(self.certificate), "TLS_KEY": str(self.key)}

    def der(self) -> bytes:
        return self.leaf.public_bytes(serialization.Encoding.DER)


def write_private(path: pathlib.Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_bytes(content)


def rsa_key(bits: int = 2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)
