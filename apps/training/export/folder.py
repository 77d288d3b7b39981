"""The files of an exported run, and the download that holds them."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from apps.core.downloads import read_chunks
from apps.core.errors import UserError
from apps.core.filenames import file_stem
from apps.core.parquet import local_file
from apps.core.storage import storage
from apps.training.export.archive import Entry, zip_chunks
from apps.training.export.plan import BASE, DATA, ROWS, SPEC_NAME, Plan
from apps.training.export.readme import readme
from apps.training.export.rows import Marks, conversation, has_masked_answers, json_lines, pair, text
from apps.training.export.tools import TOOLS
from apps.training.export.tools.tool import yaml_text
from apps.training.models import Run
from apps.workspaces.access.downloads import send_file
from workers.contracts.families import Family
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.objectives import objectives_for
from workers.contracts.recipes import Precision, Recipe, VersionBase
from workers.contracts.specs import Split
from workers.shared.storage import PUBLISHED_NAME, StorageError

Form = Callable[[dict[str, Any]], dict[str, Any]]
_DATA_NAME = "data.parquet"
_TOKENIZER_NAME = "tokenizer_config.json"


def can_export(run: Run) -> bool:
    """Whether the rows and the base model of the run are still there."""
    return run.dataset_version.is_ready and run.base_version.is_ready


def send_folder(request: HttpRequest, run: Run) -> StreamingHttpResponse:
    """Send the run as a zip file. The caller has checked the permission.

    Raises UserError if the rows or the base model were deleted.
    """
    gone = UserError(
        _("The rows or the base model of this run were deleted, so it cannot be exported."), code="gone"
    )
    if not can_export(run):
        raise gone
    stem = file_stem(run.name, f"run-{run.number}")
    try:
        entries = folder_entries(run)
    except StorageError as error:
        raise gone from error
    return send_file(
        request,
        zip_chunks(Entry(f"{stem}/{entry.name}", entry.chunks, entry.compressed) for entry in entries),
        workspace=run.workspace,
        filename=f"{stem}.zip",
        content_type="application/zip",
    )


def folder_entries(run: Run) -> list[Entry]:
    """Return the files of the export, the README first. Raises StorageError if the rows or the base model are not in storage."""
    version, base = run.dataset_version, run.base_version
    rows = local_file(version.storage_key, _DATA_NAME)
    if not rows.is_file():
        raise StorageError(f"There is no file {version.storage_key}/{_DATA_NAME}")
    base_keys = [key for key in storage().list(base.storage_key) if not key.endswith(f"/{PUBLISHED_NAME}")]
    if not base_keys:
        raise StorageError(f"There is nothing under {base.storage_key}")
    plan = plan_of(run, masks_answers=has_masked_answers(rows))
    texts = [*_texts(plan), (SPEC_NAME, plan.spec.model_dump_json(indent=2) + "\n")]
    entries = [_text_entry(name, text) for name, text in texts]
    entries.append(Entry(f"{DATA}/{_DATA_NAME}", lambda: read_chunks(rows.open("rb")), compressed=False))
    if plan.family is Family.CAUSAL:
        entries += [_rows_entry(rows, split, _form(plan, base.storage_key)) for split in _splits(plan)]
    return entries + [_stored_entry(key, base.storage_key) for key in base_keys]


def plan_of(run: Run, *, masks_answers: bool = False) -> Plan:
    """Return the facts of the run, with a spec whose paths are relative to the exported folder."""
    version, base = run.dataset_version, run.base_version
    recipe, family = Recipe.model_validate(run.recipe), Family(base.family)
    fitting = objectives_for(family, version.task_type)
    spec = RunSpec(
        inputs={"data": DATA, "base": BASE},
        work="work",
        task_type=version.task_type,
        base=VersionBase(family=family),
        recipe=recipe,
        labels=version.labels,
        lineage=(run.job.spec or {}).get("lineage", {}),
    )
    return Plan(
        name=run.name,
        spec=spec,
        objective=recipe.objective.kind if recipe.objective else fitting[0].name if fitting else "",
        steps=run.planned_steps or (run.preflight.result or {}).get("steps", 0),
        train_rows=version.rows_train,
        validation_rows=version.rows_validation,
        precision=_precision(run, recipe),
        masks_answers=masks_answers,
        continues=run.continues.name if run.continues else "",
    )


def _precision(run: Run, recipe: Recipe) -> Precision:
    """The precision of the trained model, or that of the recipe until there is one."""
    return Precision(run.model_version.precision or recipe.precision)


def _splits(plan: Plan) -> list[Split]:
    return ["train", "validation"] if plan.validation_rows else ["train"]


def _texts(plan: Plan) -> Iterable[tuple[str, str]]:
    obstacles = {tool: why for tool in TOOLS if (why := tool.obstacle(plan))}
    translations = {tool: tool.translate(plan) for tool in TOOLS if tool not in obstacles}
    yield "README.md", readme(plan, translations, obstacles)
    for tool, translation in translations.items():
        yield tool.filename, yaml_text(translation.config)
        yield from translation.files.items()


def _marks(base_key: str) -> Marks:
    with storage().open(f"{base_key}/{_TOKENIZER_NAME}") as stream:
        settings: dict[str, Any] = json.loads(stream.read())
    end = _token(settings, "eos_token")
    return Marks(_token(settings, "bos_token") or end, end)


def _token(settings: dict[str, Any], name: str) -> str:
    """A special token. The file holds it as a text, or as an object with the text."""
    found = settings.get(name)
    return str(found["content"] if isinstance(found, dict) else found or "")


def _text_entry(name: str, text: str) -> Entry:
    return Entry(name, lambda: [text.encode()])


def _form(plan: Plan, base_key: str) -> Form:
    """How other tools read a row of this run."""
    if plan.task.continues:
        return partial(text, marks=_marks(base_key))
    return pair if plan.learns_preferences else conversation


def _rows_entry(rows: Path, split: Split, form: Form) -> Entry:
    return Entry(f"{ROWS}/{split}.jsonl", lambda: json_lines(rows, split, form))


def _stored_entry(key: str, folder: str) -> Entry:
    def chunks() -> Iterator[bytes]:
        return read_chunks(storage().open(key))

    return Entry(
        f"{BASE}/{key.removeprefix(f'{folder}/')}", chunks, compressed=not key.endswith(".safetensors")
    )
