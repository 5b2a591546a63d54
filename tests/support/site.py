"""A server with TLS and its clients."""
import socket
import ssl
import time

import httpx

from support.certificates import Authority


class Site:
    """A server with TLS and what its clients need."""

    def __init__(self, server, authority, issued):
        self.server, self.authority, self.issued = server, authority, issued
        server.http = self.http = httpx.Client(
            base_url=f"https://127.0.0.1:{server.port}", verify=authority.client(), timeout=30, trust_env=False)

    def tcp(self, seconds=20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), seconds)

    def connect(self, context=None, protocols=None) -> ssl.SSLSocket:
        context = context or self.authority.client()
        if protocols:
            context.set_alpn_protocols(protocols)
        return context.wrap_socket(self.tcp(), server_hostname="127.0.0.1", suppress_ragged_eofs=False)

    def metric(self, name: str) -> float:
        lines = self.server.management.get("/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(name + " "))

    def certificate(self) -> bytes:
        with self.connect() as connection:
            return connection.getpeercert(binary_form=True)


def make_site(make_userd, folder, name="userd", key=None, **settings) -> Site:
    authority = Authority()
    issued = authority.issue(folder, key)
    return Site(make_userd(name, **issued.settings(), **settings).start(), authority, issued)


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)
