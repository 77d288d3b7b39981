"""Something starts on data or on a model at the moment when they are deleted: one of the two waits, and is refused."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from apps.catalog.services import delete_version_files
from apps.core.errors import UserError
from apps.datasets.services.keeping import delete_dataset
from apps.evaluation.services import evaluate
from apps.publishing.defaults import settings_for
from apps.publishing.services.apps import create_app
from apps.training.bases import find_choice
from apps.training.services import request_preflight, start_run
from tests.fixtures.patience import PATIENCE_SECONDS
from workers.contracts.recipes import Length, Recipe

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time anyway"),
]


@pytest.fixture
def evaluation(owner, tickets, make_classifier):
    model = make_classifier()
    return lambda: evaluate(actor=owner, dataset_version=tickets, model_version=model), model


@pytest.fixture
def run(owner, make_preflight):
    preflight = make_preflight()
    return lambda: start_run(actor=owner, preflight=preflight), preflight.base_version


def ask_again(owner, data, base: str):
    request_preflight(
        actor=owner,
        dataset_version=data,
        base=find_choice(owner, data, base),
        length=Length.QUICK,
        recipe=Recipe(epochs=2),
    )


@pytest.fixture
def preflight(owner, tickets, make_run):
    model = make_run().model_version
    return lambda: ask_again(owner, tickets, f"version:{model.pk}"), model


@pytest.fixture
def app(owner, workspace, make_classifier):
    model = make_classifier()

    def start():
        settings = settings_for(model)
        create_app(actor=owner, workspace=workspace, model_version=model, name="A", app_settings=settings)

    return start, model


def until_somebody_waits() -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def second_meanwhile(first, second):
    """Do `first`, and `second` in another transaction before that of `first` is over; return the refusal of `second`."""
    begun = Event()

    def do_second():
        begun.set()
        try:
            second()
        except UserError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            first()
            refused = other.submit(do_second)
            assert begun.wait(PATIENCE_SECONDS)
            until_somebody_waits()
        return refused.result(timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("what", ["evaluation", "run", "preflight", "app"])
@pytest.mark.parametrize("first", ["start", "deletion"])
def test_a_models_files(request, owner, what, first):
    start, model = request.getfixturevalue(what)

    def delete():
        delete_version_files(actor=owner, version=model)

    refused = second_meanwhile(*((start, delete) if first == "start" else (delete, start)))
    assert isinstance(refused, UserError)
    model.refresh_from_db()
    assert model.is_ready == (first == "start")


@pytest.mark.parametrize("what", ["evaluation", "preflight"])
@pytest.mark.parametrize("first", ["start", "deletion"])
def test_a_dataset(request, owner, tickets, what, first):
    def start_preflight():
        ask_again(owner, tickets, "starter:classifier:small")

    start = request.getfixturevalue("evaluation")[0] if what == "evaluation" else start_preflight

    def delete():
        delete_dataset(actor=owner, dataset=tickets.dataset)

    refused = second_meanwhile(*((start, delete) if first == "start" else (delete, start)))
    if what == "preflight" and first == "start":
        assert refused is None, "one that only waits in the queue goes with its data"
    else:
        assert isinstance(refused, UserError)
    assert type(tickets).objects.filter(pk=tickets.pk).exists() == (what == "evaluation" and first == "start")
