"""The OpenAPI description is valid, says which errors come, and every call keeps to it whatever it is sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.catalog.services import start_export
from apps.evaluation.services import compare
from tests.apps.api.conftest import ROOT
from workers.contracts.recipes import Recipe

pytestmark = pytest.mark.django_db
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def description(client: Any) -> dict[str, Any]:
    return json.loads(client.get(f"{ROOT}schema/", {"format": "json"}).content)


def test_the_description_is_valid_and_complete(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_call_says_which_errors_come(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            expected = (
                {"401"} | ({"400", "403"} if method != "get" else set()) | ({"404"} if "{" in path else set())
            )
            assert expected <= set(operation["responses"]), (method, path)
            assert operation["description"] or method == "get", (method, path)
            assert operation["security"] == [{"key": []}, {"cookieAuth": []}], (method, path)


def test_the_recipe_is_described_field_by_field(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert set(schemas["Recipe"]["properties"]) == set(Recipe.model_fields)
    assert schemas["Recipe"]["properties"]["learning_rate"]["description"]
    body = schemas["PreflightRequestRequest"]["properties"]["recipe"]
    assert "#/components/schemas/Recipe" in json.dumps(body)
    references = set(part.split('"')[0] for part in json.dumps(description).split('"$ref": "')[1:])
    for reference in references:
        assert reference.rsplit("/", 1)[-1] in schemas, reference


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
    """Half of the ids that were made up become those of real things, so that calls get past the front door."""
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


@pytest.mark.usefixtures("_connection_stays_open")
def test_no_call_falls_over_whatever_it_is_sent(key_of: Any, owner: Any, things: dict[str, str]) -> None:
    """Made-up and half-real requests to every call: no 500, and only answers that the description names."""
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}schema/?format=json", app=get_wsgi_application())
    headers = {"Authorization": f"Bearer {key_of(owner)}"}
    asked: set[str] = set()
    wrong: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations()]
    # What deletes comes last: the things are for all.
    for operation in sorted(operations, key=lambda o: o.method.lower() == "delete"):

        @settings(
            max_examples=4,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            with_real_ids(case, things)
            case.call_and_validate(headers=headers, checks=CHECKS)
            asked.add(case.operation.label)

        try:
            ask()
        except (AssertionError, FailureGroup) as failure:
            wrong.append(f"{operation.label}: {failure}")
    assert not wrong, "\n\n".join(wrong)
    assert len(asked) == len(operations) > 35
