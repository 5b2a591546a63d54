"""A real HAProxy before replicas, with the sample's file."""
import csv
import socket

from support.ports import free_port
from support.service import SAMPLES, Service, sample_settings, wait_until
from support.userd import read_all


class HAProxy(Service):
    name = "haproxy"

    def __init__(self, replicas: list) -> None:
        super().__init__()
        self.port = free_port()
        self.values = {**sample_settings("ha.env"), "HAPROXY_LISTEN": f"127.0.0.1:{self.port}",
                       "HAPROXY_SOCKET": str(self.folder / "admin.sock"), "HAPROXY_MAXCONN": "2000"}
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
            return bool(self.show_stat())
        except OSError:
            return False

    def tell(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(5)
            admin.connect(self.values["HAPROXY_SOCKET"])
            admin.sendall(f"{command}\n".encode())
            return read_all(admin).decode().strip()

    def show_stat(self) -> dict[str, dict]:
        """What it knows of each replica, by name."""
        rows = csv.DictReader(self.tell("show stat").removeprefix("# ").splitlines())
        return {row["svname"]: row for row in rows if row["pxname"] == "replicas" and row["svname"] != "BACKEND"}

    def up(self) -> set[str]:
        """Those that a health check has found ready."""
        return {name for name, row in self.show_stat().items()
                if row["status"] == "UP" and row["check_status"] == "L7OK"}

    def wait_all_up(self, seconds: float = 30) -> None:
        wait_until(lambda: len(self.up()) == len(self.show_stat()), seconds, "every replica in HAProxy's eyes")

    def drain(self, name: str, seconds: float = 30) -> None:
        """Sends it nothing more, and waits for what it has."""
        assert self.tell(f"set server replicas/{name} state drain") == ""
        wait_until(lambda: self.show_stat()[name]["scur"] == "0", seconds, f"the last request of {name}")

    def undrain(self, name: str) -> None:
        assert self.tell(f"set server replicas/{name} state ready") == ""
        self.wait_all_up()
