"""The tests' Kafka with a listener as sites have it: TLS, SCRAM-SHA-512, and ACLs that permit nothing unasked.

The PLAINTEXT listener stays, for the tests' own administration: whoever comes there is a super user.
"""
import pathlib
import secrets

from cryptography.hazmat.primitives import serialization

from kafka.broker import KafkaBroker, free_port
from support.certificates import Authority

HOST = "localhost"
USER = "userd"
SECURITY = """
listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://{host}:{secure}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
listener.name.sasl_ssl.ssl.keystore.type=PEM
listener.name.sasl_ssl.ssl.keystore.location={folder}/keystore.pem
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class SecureKafkaBroker(KafkaBroker):
    def __init__(self) -> None:
        self.secure_port, self.password = free_port(), secrets.token_urlsafe(24)
        self.authority = Authority()
        super().__init__()
        self.root = self.folder / "root.pem"
        self.root.write_bytes(self.authority.root.public_bytes(serialization.Encoding.PEM))
        self.use_certificate()

    def configuration(self) -> str:
        plain = super().configuration()
        controller = next(line for line in plain.splitlines() if line.startswith("controller.quorum.voters")).rpartition(":")[2]
        kept = [line for line in plain.splitlines() if not line.startswith(("listeners=", "advertised.listeners="))]
        return "\n".join(kept) + SECURITY.format(
            port=self.port, secure=self.secure_port, controller=controller, host=HOST, folder=self.folder)

    def format_options(self) -> tuple[str, ...]:
        return ("--add-scram", f"SCRAM-SHA-512=[name={USER},password={self.password}]")

    def use_certificate(self, authority: Authority | None = None, host: str = HOST) -> None:
        """From the next start on."""
        issued = (authority or self.authority).issue(self.folder, hosts=(host,))
        (self.folder / "keystore.pem").write_bytes(issued.key.read_bytes() + issued.certificate.read_bytes())

    def restart(self) -> None:
        self.stop()
        self.start()

    def set_password(self, password: str) -> None:
        """At once, for those who log in from now on."""
        self.run("kafka.admin.ConfigCommand", "--bootstrap-server", self.address, "--alter", "--entity-type", "users",
                 "--entity-name", USER, "--add-config", f"SCRAM-SHA-512=[password={password}]")

    def permit(self, topic: str, pattern: str = "literal") -> None:
        """What docs/kafka.md asks for."""
        self.run("kafka.admin.AclCommand", "--bootstrap-server", self.address, "--add", "--allow-principal",
                 f"User:{USER}", "--operation", "Write", "--operation", "Describe", "--resource-pattern-type", pattern,
                 "--topic", topic, "--transactional-id", f"userd.{topic}")

    def settings(self, topic: str, root: pathlib.Path | None = None, password: str | None = None) -> dict[str, str]:
        """userd's, with the right credentials unless told otherwise."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{self.secure_port}",
            "KAFKA_USER_TOPIC": topic,
            "KAFKA_CREATE_TOPIC": "off",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SSL_CA_LOCATION": str(root or self.root),
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": USER,
            "KAFKA_SASL_PASSWORD": password or self.password,
            "KAFKA_BROKER_ADDRESS_FAMILY": "v4",
        }
