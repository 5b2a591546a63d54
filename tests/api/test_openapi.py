"""The OpenAPI document against the real server: its routes both ways, and generated requests with schemathesis."""
import copy
import re

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from support.backends import new_server
from support.common_passwords import is_common
from support.userd import ROOT

DOCUMENT = yaml.safe_load((ROOT / "api/openapi.yaml").read_text())
EXAMPLE = {"username": "ada", "password": "securepassword"}
# Every check is on. Without effect here: use_after_free, ensure_resource_availability and
# object_level_authorization, since no operation names a resource of its own in the path.
CONFIG = SchemathesisConfig.from_dict({"generation": {"deterministic": True, "max-examples": 40}})
# The served document is this one (a test says so); collecting needs it before a server runs.
schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
ON_MANAGEMENT_ONLY = [path for path, item in DOCUMENT["paths"].items() if "servers" in item]
ON_BOTH = ["/health/live", "/health/ready"]
api = schema.exclude(path=ON_MANAGEMENT_ONLY)
management = schema.include(path=ON_MANAGEMENT_ONLY + ON_BOTH)

# A slow machine is no failure.
bounded = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """With the user of the document's examples, so that they log in."""
    server = new_server(tmp_path_factory.mktemp("documented"), LOGIN_LIMITS="off", REGISTRATION_LIMIT="off").start()
    assert server.register(EXAMPLE["username"], EXAMPLE["password"]).status_code == 200
    yield server
    server.stop()


def not_applicable(case):
    """JSON Schema counts characters, the contract bytes. Where only one of the two is within the bounds, neither
    acceptance nor refusal goes against the document."""
    body = case.body if isinstance(case.body, dict) else {}
    for name, least, most in (("password", 8, 1024), ("password", 0, 1024), ("username", 0, 254)):
        text = body.get(name)
        if isinstance(text, str) and (least <= len(text) <= most) != (least <= len(text.encode()) <= most):
            return [negative_data_rejection, positive_data_acceptance]
    # Nor can a schema list the passwords that are too common,
    if is_common(str(body.get("password"))):
        return [positive_data_acceptance]
    # or say that a service gives its credentials in one place only.
    twice = "Authorization" in (case.headers or {}) and {"client_id", "client_secret"} & body.keys()
    return [positive_data_acceptance] if twice else []


@api.parametrize()
@bounded
def test_every_answer_is_as_documented(case, server):
    case.call_and_validate(base_url=str(server.http.base_url), excluded_checks=not_applicable(case))


@management.parametrize()
@bounded
def test_every_answer_of_the_management_address_is_as_documented(case, server):
    case.call_and_validate(base_url=str(server.management.base_url))


def test_answers_within_a_session_are_as_documented(server):
    def ask(path, method, **arguments):
        answer = schema[path][method].Case(**arguments).call_and_validate(base_url=str(server.http.base_url))
        assert answer.status_code == 200
        return answer.json()

    tokens = ask("/user/login", "POST", body=EXAMPLE, media_type="application/json")
    tokens = ask("/user/login/refresh", "POST", body={"old_refresh_token": tokens["refresh_token"]},
                 media_type="application/json")
    ask("/user/login", "POST", body=EXAMPLE, media_type="application/x-www-form-urlencoded")
    ask("/user/me", "GET", headers={"Authorization": "Bearer " + tokens["access_token"]})


def without_status(operation):
    operation["responses"] = {"201": operation["responses"]["200"]}


def without_media_type(operation):
    operation["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}


def with_another_schema(operation):
    operation["responses"]["200"]["content"]["application/json"]["schema"] = {"type": "object", "required": ["x"]}


def with_another_header(operation):
    operation["responses"]["200"]["headers"] = {"X-Other": {"required": True, "schema": {"type": "string"}}}


@pytest.mark.parametrize("change", [without_status, without_media_type, with_another_schema, with_another_header])
def test_a_document_that_says_otherwise_fails(server, change):
    document = copy.deepcopy(DOCUMENT)
    change(document["paths"]["/"]["get"])
    for wrong, candidate in ((False, DOCUMENT), (True, document)):
        case = schemathesis.openapi.from_dict(candidate, config=CONFIG)["/"]["GET"].Case()
        if wrong:
            with pytest.raises(FailureGroup):
                case.call_and_validate(base_url=str(server.http.base_url))
        else:
            case.call_and_validate(base_url=str(server.http.base_url))


def test_the_served_document_is_the_one_in_the_repository(server):
    assert server.http.get("/openapi.json").json() == DOCUMENT


def documented(paths):
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    return {(method.upper(), path) for path in paths for method in methods if method in DOCUMENT["paths"][path]}


def routed(server, name):
    """The binary's own table: paths from its metrics, methods from its 405s."""
    paths = re.findall(rf'userd_http_request_seconds_count{{server="{name}",route="(/[^"]*)"}}',
                       server.management.get("/metrics").text)
    client = server.http if name == "api" else server.management
    return {(method, path) for path in paths for method in client.request("PURGE", path).headers["allow"].split(", ")}


def test_every_route_is_documented_and_every_documented_operation_is_routed(server):
    # The files that the documentation pages load are no part of the API.
    routes = {(method, path) for method, path in routed(server, "api") if not path.startswith("/docs/assets/")}
    assert routes == documented(path for path in DOCUMENT["paths"] if path not in ON_MANAGEMENT_ONLY)
    assert routed(server, "management") == documented(ON_MANAGEMENT_ONLY + ON_BOTH)


@pytest.mark.parametrize("method, path", sorted(documented(DOCUMENT["paths"])))
def test_every_documented_operation_answers(server, method, path):
    client = server.management if path in ON_MANAGEMENT_ONLY else server.http
    assert client.request(method, path).status_code not in (307, 404, 405)
