"""Values of Confluent's wire format as confluent-kafka reads them."""
import base64
import pathlib
import subprocess
import tempfile
import time

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2

SECONDS = 60


class Client(SchemaRegistryClient):
    """confluent-kafka asks for schemas as serialised descriptors, which Apicurio does not give: made here of the text."""

    def get_schema(self, schema_id, subject_name=None, fmt=None, **further):
        schema = super().get_schema(schema_id, subject_name, **further)
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "schema.proto").write_text(schema.schema_str)
            subprocess.run(["protoc", f"-I{folder}", f"-o{folder}/set", "schema.proto"], check=True, timeout=60)
            files = descriptor_pb2.FileDescriptorSet.FromString((pathlib.Path(folder) / "set").read_bytes())
        return Schema(base64.b64encode(files.file[0].SerializeToString()).decode(), schema.schema_type)


def reader(registry, user_message, topic):
    deserialise = ProtobufDeserializer(user_message, {"use.deprecated.format": False}, Client({"url": registry.url}))
    return lambda value: deserialise(value, SerializationContext(topic, MessageField.VALUE))


def await_metric(server, line):
    deadline = time.monotonic() + SECONDS
    while line not in (page := server.management.get("/metrics").text.splitlines()):
        assert time.monotonic() < deadline, [text for text in page if "schema" in text]
        time.sleep(0.05)
