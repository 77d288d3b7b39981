"""The OpenAPI description is valid, says which errors come, and every call keeps to it whatever it is sent."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import Resolver404, resolve
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.catalog.services import start_export
from apps.evaluation.services import compare
from apps.publishing.entrance import by_link
from apps.publishing.services import replies
from apps.workspaces.access.url_inventory import addresses
from tests.apps.api.conftest import ROOT
from workers.contracts.recipes import Recipe

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def description(client: Any) -> dict[str, Any]:
    return json.loads(client.get(f"{ROOT}schema/", {"format": "json"}).content)


def test_the_description_is_valid_and_complete(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_the_description_is_openapi_3_1(description: dict[str, Any]) -> None:
    """drf-spectacular's own check looks at less."""
    assert description["openapi"].startswith("3.1")
    found = [
        (list(error.absolute_path), error.message)
        for error in OpenAPIV31SpecValidator(description).iter_errors()
    ]
    assert found == []


def test_each_body_is_of_one_kind(description: dict[str, Any]) -> None:
    """Generated clients take the first of several types and send another."""
    kinds = {
        path: list(operation["requestBody"]["content"])
        for path, operations in description["paths"].items()
        for operation in operations.values()
        if "requestBody" in operation
    }
    assert all(len(kind) == 1 for kind in kinds.values())
    others = {path: kind[0] for path, kind in kinds.items() if kind != ["application/json"]}
    assert others.pop(f"{ROOT}datasets/") == "multipart/form-data"
    assert set(others.values()) == {"application/octet-stream"}, "parts of a file as they are"


def test_every_call_says_which_errors_come(description: dict[str, Any]) -> None:
    of_rest = {path: calls for path, calls in description["paths"].items() if path.startswith(ROOT)}
    for path, operations in of_rest.items():
        for method, operation in operations.items():
            expected = (
                {"401"} | ({"400", "403"} if method != "get" else set()) | ({"404"} if "{" in path else set())
            )
            assert expected <= set(operation["responses"]), (method, path)
            assert operation["description"] or method == "get", (method, path)
            assert operation["security"] == [{"key": []}, {"cookieAuth": []}], (method, path)


def test_addresses_that_are_no_rest_views_are_described_too(description: dict[str, Any]) -> None:
    """Every asynchronous view of the site, in the words of the document."""
    written = set()
    for address in addresses():
        match = None if address.is_socket else resolver_match(address)
        if match is not None and iscoroutinefunction(match):
            written.add("/" + re.sub(r"<[a-z]+:(\w+)>", r"{\1}", address.route))
    assert len(written) >= 5
    assert written <= set(description["paths"])
    for path in written:
        for operation in description["paths"][path].values():
            assert operation["description"]
            assert {"200"} < set(operation["responses"])


def resolver_match(address: Any) -> Any:
    """The view of an address, without what wraps it."""
    values = {"str": "x", "uuid": "0b7f4c0e-5f5c-4b4e-9d53-0c9f6a1f2b3d"}
    path = re.sub(r"<(\w+):\w+>", lambda found: values.get(found[1], "1"), address.route)
    try:
        return resolve(f"/{path}").func
    except Resolver404:
        return None


def test_the_recipe_is_described_field_by_field(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert set(schemas["Recipe"]["properties"]) == set(Recipe.model_fields)
    assert schemas["Recipe"]["properties"]["learning_rate"]["description"]
    body = schemas["PreflightRequestRequest"]["properties"]["recipe"]
    assert "#/components/schemas/Recipe" in json.dumps(body)
    references = set(part.split('"')[0] for part in json.dumps(description).split('"$ref": "')[1:])
    for reference in references:
        assert reference.rsplit("/", 1)[-1] in schemas, reference


def test_the_description_leads_through_the_main_job_by_calls_that_there_are(
    description: dict[str, Any],
) -> None:
    named = re.findall(r"`POST (?:/api/v1/)?([\w/{}-]+)`", description["info"]["description"])
    assert len(named) >= 8
    for path in named:
        assert "post" in description["paths"][f"{ROOT}{path}"], path


def test_the_page_for_people_opens(client: Any) -> None:
    response = client.get(f"{ROOT}docs/")
    assert response.status_code == 200
    assert "swagger" in response.content.decode().lower()


@pytest.fixture
def things(owner: Any, make_run: Any, make_evaluation: Any, make_app: Any, succeed: Any) -> dict[str, str]:
    """Something real for every kind, by the name of its path and of the fields that name it."""
    run = make_run()
    made = [make_evaluation(run.model_version), make_evaluation(None)]
    comparison = compare(actor=owner, evaluations=made)
    ids = {
        "datasets": run.dataset_version.dataset_id,
        "imports": run.dataset_version.source_id,
        "dataset-versions": run.dataset_version_id,
        "preflights": run.preflight_id,
        "runs": run.pk,
        "models": run.model_version_id,
        "exports": start_export(actor=owner, version=run.model_version).pk,
        "evaluations": made[0].pk,
        "comparisons": comparison.pk,
        "apps": make_app().pk,
        "jobs": run.job_id,
    }
    fields = {"data": "dataset-versions", "preflight": "preflights", "model": "models", "dataset": "datasets"}
    return {**{k: str(v) for k, v in ids.items()}, **{k: str(ids[v]) for k, v in fields.items()}}


def with_real_ids(case: Any, things: dict[str, str]) -> None:
    """Half of the ids that were made up become those of real things, so that calls get past the lookup."""
    kind = case.operation.path.removeprefix(ROOT).split("/")[0]
    parameters = case.path_parameters
    if "id" in parameters and kind in things and sum(map(ord, str(parameters["id"]))) % 2:
        parameters["id"] = things[kind]
    if isinstance(case.body, dict):
        for name in ("data", "preflight", "model", "dataset"):
            value = case.body.get(name)
            if isinstance(value, str) and sum(map(ord, value)) % 2:
                case.body[name] = things[name]


@pytest.fixture
def _connection_stays_open() -> Iterator[None]:
    """As Django's own client does: the end of a request must not close the connection of this test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def ask_all(operations: list[Any], *, key: str, examples: int, prepare: Callable[[Any], None]) -> set[str]:
    """Send made-up requests to every operation, each `prepare`d first; the labels of those that answered as described.

    Fails with every call that answered 500 or what its description does not name.
    """
    asked: set[str] = set()
    wrong: list[str] = []
    for operation in operations:

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            prepare(case)
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
            asked.add(case.operation.label)

        try:
            ask()
        except (AssertionError, FailureGroup) as failure:
            wrong.append(f"{operation.label}: {failure}")
    assert not wrong, "\n\n".join(wrong)
    return asked


@pytest.fixture
def operations(_connection_stays_open: None) -> list[Any]:
    """Every operation of the description; what deletes comes last: the things are for all."""
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}schema/?format=json", app=get_wsgi_application())
    found = [operation.ok() for operation in schema.get_all_operations()]
    return sorted(found, key=lambda operation: operation.method.lower() == "delete")


def test_no_call_falls_over_whatever_it_is_sent(
    operations: list[Any], key_of: Any, owner: Any, things: dict[str, str]
) -> None:
    """Made-up and half-real requests to every call: no 500, and only answers that the description names."""
    ours = [operation for operation in operations if operation.path.startswith(ROOT)]
    asked = ask_all(ours, key=key_of(owner), examples=4, prepare=lambda case: with_real_ids(case, things))
    assert len(asked) == len(ours) > 35


def in_one_piece(case: Any, app: Any, message: Any, token: str) -> None:
    """Half of the calls name what there is. Streams are left out: without an event loop nothing follows them."""
    if isinstance(case.body, dict):
        case.body["stream"] = False
        if sum(map(ord, str(case.body))) % 2:
            case.body["model"] = app.slug
    for name, real in (("token", token), ("app_id", str(app.pk)), ("message_id", str(message.pk))):
        if name in case.path_parameters and sum(map(ord, str(case.path_parameters))) % 2:
            case.path_parameters[name] = real


def test_no_call_of_v1_falls_over_whatever_it_is_sent(
    operations: list[Any], key_of: Any, owner: Any, app: Any, link: Any, engine: Any
) -> None:
    """As above, for the addresses that are no REST views, with an engine that answers."""
    message = replies.ask(entrance=by_link(link[1], "a-visitor"), text="Hello").question
    others = [operation for operation in operations if not operation.path.startswith(ROOT)]
    prepare = partial(in_one_piece, app=app, message=message, token=link[1])
    assert len(ask_all(others, key=key_of(owner, app=app), examples=8, prepare=prepare)) >= 5
