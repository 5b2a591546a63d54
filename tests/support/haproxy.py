"""A real HAProxy before replicas, with the sample's file."""
import socket

from support.service import SAMPLES, Service, sample_settings
from support.userd import free_port


class HAProxy(Service):
    name = "haproxy"

    def __init__(self, replicas: list) -> None:
        super().__init__()
        self.port = free_port()
        self.values = {**sample_settings("ha.env"), "HAPROXY_LISTEN": f"127.0.0.1:{self.port}"}
        for number, replica in enumerate(replicas, 1):
            self.values[f"USERD_{number}"] = f"127.0.0.1:{replica.port}"
            self.values[f"USERD_{number}_MANAGEMENT_PORT"] = str(replica.management_port)

    def command(self) -> list:
        return ["haproxy", "-db", "-f", SAMPLES / "haproxy.cfg"]

    def environment(self) -> dict[str, str]:
        return self.values

    def is_ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False
