"""From a question to a model: the same question has one answer, and what stands in the way is said."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.catalog.models import BaseModel, ModelVersion
from apps.catalog.services import delete_version_files
from apps.core.errors import NotVisible, UserError
from apps.core.storage import storage
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.publishing.defaults import default_name
from apps.training import services
from apps.training.bases import choices_for, find_choice
from apps.training.models import Preflight, Run
from apps.training.wizard import base_value as training_base_value
from apps.workspaces.models import AuditEntry
from tests.apps.conftest import model_files, preflight_result, run_result
from workers.contracts.events import Failed
from workers.contracts.job_kinds.preflight import Finding
from workers.contracts.packaged_bases import PACKAGED_BASES
from workers.contracts.recipes import HubBase, Length, Recipe

pytestmark = pytest.mark.django_db


def test_the_default_base_is_the_small_starter_of_the_family_that_fits(owner, tickets, make_data) -> None:
    assert choices_for(owner, tickets)[0].value == "starter:classifier:small"
    assert choices_for(owner, make_data("translation"))[0].value == "starter:seq2seq:small"
    assert choices_for(owner, make_data("chat"))[0].value == "starter:causal:small"


def test_only_bases_that_can_learn_it_are_offered(owner, tickets, make_model, make_classifier) -> None:
    fitting = make_classifier()
    make_classifier(archived_at="2026-01-01T00:00Z")
    make_model("translation", "seq2seq")
    other_labels = make_classifier()
    ModelVersion.objects.filter(pk=other_labels.pk).update(labels=["other"])
    values = [choice.value for choice in choices_for(owner, tickets) if choice.version]
    assert values == [f"version:{fitting.pk}"]


def test_a_causal_model_can_learn_to_classify(owner, workspace, tickets, make_model, ask, succeed) -> None:
    writer = make_model("chat", "causal")
    brought = BaseModel.objects.create(
        workspace=workspace, kind="hub", name="small", family="causal", location="some/small"
    )
    choices = {choice.value: choice for choice in choices_for(owner, tickets)}
    assert choices[f"base:{brought.pk}"].base == HubBase(family="classifier", repo_id="some/small")
    assert "classification head" in choices[f"version:{writer.pk}"].help

    asked = ask(base=f"version:{writer.pk}")
    made = asked.base_version
    assert (made.kind, made.family, made.parent) == ("base", "classifier", writer)
    assert made.name == f"{writer.name}, with a classification head"
    assert ask(base=f"base:{brought.pk}").base_version.name == "small, with a classification head"
    spec = asked.job.spec
    assert spec["inputs"]["base"] == writer.storage_key
    assert (spec["base"], spec["output"]) == ({"kind": "version", "family": "classifier"}, made.storage_key)
    succeed(asked.job, preflight_result(Recipe()), model_files(tickets, trained=False))
    run = services.start_run(actor=owner, preflight=Preflight.objects.get(pk=asked.pk))
    assert run.job.spec["inputs"]["base"] == made.storage_key
    assert run.model_version.family == "classifier"
    again = ask(base=f"version:{writer.pk}", length="quick")
    assert again.base_version == made, "runs from one base share it"
    assert training_base_value(again) == f"version:{writer.pk}", "the wizard names what was chosen"


def test_a_preflight_is_a_job_with_its_base_and_an_audit_entry(
    ask, tickets, sent_tasks, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        preflight = ask(learning_rate=0.01, keep_best=False)
    assert sent_tasks == [("jobs.run", str(preflight.job.pk), "default")]
    assert preflight.recipe == {"learning_rate": 0.01, "keep_best": False}
    spec = preflight.job.spec
    assert spec["inputs"] == {"data": tickets.storage_key}
    assert spec["output"] == preflight.base_version.storage_key
    assert spec["labels"] == tickets.labels
    assert AuditEntry.objects.get(action="preflight.requested").object_id == str(preflight.pk)


def test_the_same_question_is_answered_by_the_same_row(ask, make_preflight) -> None:
    first = ask()
    assert ask() == first
    assert ask(length="quick") != first
    assert ask(learning_rate=0.01) != first
    done = make_preflight(base="starter:classifier:tiny")
    assert ask(base="starter:classifier:tiny") == done
    assert Job.objects.filter(kind="preflight").count() == 4


def test_an_answer_holds_for_minutes(make_preflight, ask) -> None:
    """The machine may have been busy then: the same question an hour later is measured again."""
    first = make_preflight()
    assert ask() == first
    minutes = timedelta(minutes=services.ANSWER_MINUTES)
    Job.objects.filter(pk=first.job_id).update(ended_at=timezone.now() - minutes)
    assert ask() != first


def test_a_default_set_by_hand_is_the_same_question(ask) -> None:
    assert ask(warmup_share=0.05, keep_best=True) == ask()


def test_a_preflight_that_failed_is_asked_anew(ask) -> None:
    first = ask()
    claimed = jobs.claim(job_id=str(first.job.pk), worker="w")
    jobs.fail(claimed, Failed(code="x", message="no"))
    again = ask()
    assert again != first
    assert again.job.state == State.QUEUED


def test_a_preflight_that_found_something_in_the_way_is_asked_anew(make_preflight, ask) -> None:
    full = make_preflight(findings=[Finding(blocks=True, message="The disk has no room.")])
    assert ask() != full
    warned = make_preflight(length="quick", findings=[Finding(blocks=False, message="Few rows.")])
    assert ask(length="quick") == warned


def test_runs_from_one_base_share_it_and_it_is_made_once(make_preflight, ask, make_data) -> None:
    first = make_preflight()
    other = ask(length="quick")
    assert other.base_version == first.base_version
    assert other.job.spec["inputs"]["base"] == first.base_version.storage_key
    assert other.job.spec["output"] is None
    assert ask(make_data()).base_version != first.base_version, "a starter belongs to its data"


def test_a_starter_drawn_by_another_seed_is_another_base(make_preflight, ask) -> None:
    """Else the same settings would give another model where somebody had trained before."""
    usual = make_preflight()
    drawn = ask(seed=5)
    assert drawn.base_version != usual.base_version
    assert "base" not in drawn.job.spec["inputs"]


def test_what_the_preflight_left_becomes_the_base(make_preflight) -> None:
    base = make_preflight().base_version
    assert base.is_ready
    assert (base.kind, base.parameters, base.context_length) == ("base", 1234, 512)


def test_a_preflight_whose_base_was_deleted_is_asked_anew(make_preflight, ask, owner) -> None:
    done = make_preflight()
    delete_version_files(actor=owner, version=done.base_version)
    done.refresh_from_db()
    with pytest.raises(UserError, match="deleted"):
        services.start_run(actor=owner, preflight=done)
    assert ask() != done


def test_data_that_is_not_ready_is_refused(make_data, ask) -> None:
    with pytest.raises(UserError) as refused:
        ask(make_data(rows_train=0))
    assert refused.value.field == "data"


def test_a_base_that_does_not_fit_is_refused_with_those_that_do(ask) -> None:
    with pytest.raises(UserError, match="starter:classifier:small") as refused:
        ask(base="starter:causal:small")
    assert refused.value.field == "base"


def test_who_may_not(tickets, viewer, outsider, owner, make_preflight) -> None:
    base, recipe = choices_for(owner, tickets)[0], Recipe()
    for user, error in ((viewer, PermissionDenied), (outsider, NotVisible)):
        with pytest.raises(error):
            services.request_preflight(
                actor=user, dataset_version=tickets, base=base, length=Length.QUICK, recipe=recipe
            )
    preflight = make_preflight()
    for user, error in ((viewer, PermissionDenied), (outsider, NotVisible)):
        with pytest.raises(error):
            services.start_run(actor=user, preflight=preflight)
    assert not Run.objects.exists()


def test_a_blocked_run_does_not_start(make_preflight, owner) -> None:
    blocked = make_preflight(findings=[Finding(blocks=True, message="7 rows have an empty answer.")])
    with pytest.raises(UserError, match="7 rows have an empty answer"):
        services.start_run(actor=owner, preflight=blocked)
    warned = make_preflight(length="quick", findings=[Finding(blocks=False, message="Few rows.")])
    assert services.start_run(actor=owner, preflight=warned)


def test_an_unfinished_preflight_does_not_start(ask, owner) -> None:
    with pytest.raises(UserError, match="not finished"):
        services.start_run(actor=owner, preflight=ask())


def test_a_run_carries_the_whole_recipe_and_its_lineage(make_run, tickets) -> None:
    run = make_run(done=False, learning_rate=0.5)
    assert Recipe.model_validate(run.recipe).epochs == 3, "what the pre-flight chose"
    spec = run.job.spec
    assert spec["inputs"] == {"data": tickets.storage_key, "base": run.base_version.storage_key}
    assert spec["output"] == run.model_version.storage_key
    assert spec["lineage"]["dataset"] == str(tickets)
    assert run.job.queue == "gpu"
    assert not run.model_version.is_ready
    assert AuditEntry.objects.get(action="run.started").object_id == str(run.pk)


def test_the_button_pressed_twice_starts_one_run(make_preflight, owner, succeed) -> None:
    preflight = make_preflight()
    first = services.start_run(actor=owner, preflight=preflight)
    assert services.start_run(actor=owner, preflight=preflight) == first
    succeed(
        first.job,
        run_result(Recipe.model_validate(first.recipe)),
        model_files(first.dataset_version, trained=True),
    )
    assert services.start_run(actor=owner, preflight=preflight) != first


def test_the_model_is_ready_when_the_run_has_ended(make_run) -> None:
    run = make_run()
    assert run.result["stopped"] == "early_stopping"
    assert run.model_version.is_ready
    assert (run.model_version.kind, run.model_version.labels) == (
        "tuned",
        ["account", "billing", "connection"],
    )
    assert run.model_version.parent == run.base_version


def test_a_run_that_left_no_model_has_failed_and_can_be_tried_again(make_run, succeed) -> None:
    run = make_run(done=False)
    job = succeed(run.job, run_result(Recipe.model_validate(run.recipe)))
    assert job.state == State.FAILED
    assert "no readable model" in job.error_message
    assert job.can_retry
    run.refresh_from_db()
    assert run.result is None


def test_a_result_that_cannot_be_taken_is_our_error_and_nothing_of_it_stays(make_run) -> None:
    run = make_run(done=False)
    claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
    storage().write(f"{run.model_version.storage_key}/maquette.json", iter([b"{}"]))
    jobs.finish(claimed, result={"steps": "none"})
    job = Job.objects.get(pk=run.job.pk)
    assert (job.state, job.error_code) == (State.ERRORED, "result_refused")
    assert "RunResult" in job.error_trace
    assert job.result is None


def test_a_run_and_its_model_have_names_of_their_own(make_run, owner) -> None:
    run = make_run()
    data = run.dataset_version.dataset.name
    assert (run.name, run.model_version.name) == (f"{data}, run 1", f"{data}, model 1")
    assert default_name(run.model_version) == data


def test_renaming_a_run_leaves_the_name_of_its_model(make_run, owner, viewer) -> None:
    run = make_run()
    services.rename_run(actor=owner, run=run, name="  Sorter ")
    assert Run.objects.get().name == "Sorter"
    assert ModelVersion.objects.get(kind="tuned").name.endswith(", model 1")
    with pytest.raises(UserError) as refused:
        services.rename_run(actor=owner, run=run, name="  ")
    assert refused.value.field == "name"
    with pytest.raises(PermissionDenied):
        services.rename_run(actor=viewer, run=run, name="mine")


def test_runs_are_counted_within_their_workspace(make_run, make_preflight) -> None:
    assert [make_run().number, make_run(length="quick").number] == [1, 2]
    assert Preflight.objects.count() == 2


def test_a_packaged_model_is_offered_after_starters_until_it_is_here(
    owner, tickets, settings, tmp_path
) -> None:
    settings.CACHE_DIR = tmp_path
    values = [choice.value for choice in choices_for(owner, tickets)]
    assert values[0] == "starter:classifier:small"
    assert {"package:minilm", "package:smollm2"} <= set(values)
    PACKAGED_BASES["minilm"].folder_in(tmp_path).mkdir()
    values = [choice.value for choice in choices_for(owner, tickets)]
    assert values[0] == "package:minilm"
    assert values[-1].startswith("starter:"), "random weights are the last choice"


def test_a_packaged_model_that_is_here_is_no_default_for_what_it_is_not_recommended_for(
    owner, tickets, make_data, settings, tmp_path
) -> None:
    settings.CACHE_DIR = tmp_path
    PACKAGED_BASES["smollm2"].folder_in(tmp_path).mkdir()
    assert choices_for(owner, make_data("chat"))[0].value == "package:smollm2"
    assert choices_for(owner, tickets)[0].value == "starter:classifier:small"
    translation = [choice.value for choice in choices_for(owner, make_data("translation"))]
    assert translation[0] == "starter:seq2seq:small"
    assert "package:minilm" not in translation


def test_a_packaged_model_is_fetched_by_preflight_and_shared_by_later_ones(ask, make_data, succeed) -> None:
    chat = make_data("chat")
    asked = ask(chat, "package:smollm2")
    assert asked.job.spec["base"] == {"kind": "package", "family": "causal", "package": "smollm2"}
    assert asked.job.spec["output"] == asked.base_version.storage_key
    assert asked.job.spec["recipe"]["tuning"] == asked.recipe["tuning"] == "lora"
    assert training_base_value(asked) == "package:smollm2"
    succeed(asked.job, preflight_result(Recipe()), model_files(chat, trained=True))
    again = ask(chat, "package:smollm2", tuning="full")
    assert again.job.spec["base"]["kind"] == "version"
    assert again.job.spec["recipe"]["tuning"] == "full"
    assert again.base_version == asked.base_version


def test_a_packaged_model_that_cannot_learn_it_is_refused(owner, make_data) -> None:
    for value in ("package:minilm", "package:other"):
        with pytest.raises(UserError, match="does not fit the data") as caught:
            find_choice(owner, make_data("chat"), value)
        assert caught.value.field == "base"
