"""Confirmed roles freeze parsed rows into a version."""

from functools import partial

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.datasets.roles import problem_with, role_label, usable_roles
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.states import ACTIVE
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from workers.contracts.job_kinds.freezing import FREEZE, FreezeResult, FreezeSpec
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, Task
from workers.contracts.texts import Text


@transaction.atomic
def confirm_import(
    *,
    actor: User,
    import_: Import,
    task_type: str,
    roles: dict[str, str],
    test_only: bool = False,
    merge_label_case: bool = True,
) -> DatasetVersion:
    """Queue the job that freezes the import's rows into the dataset's next version.

    `roles` maps columns to roles; columns left out are not used. `test_only` makes every row a test row. Raises UserError (field task_type or roles) when
    they cannot teach the task, when the import is not read yet or already is a version, or when the storage is full.
    """
    access.require(actor, import_.workspace, Action.EDIT)
    dataset = Dataset.objects.select_for_update().get(pk=import_.dataset_id)
    _require_open(import_)
    usage.require_storage(dataset.workspace)
    info, checked = checked_roles(import_, task_type, roles)
    version = DatasetVersion(
        workspace=dataset.workspace,
        created_by=actor,
        dataset=dataset,
        source=import_,
        number=(dataset.versions.aggregate(last=Max("number"))["last"] or 0) + 1,
        task_type=info.name,
        roles={column: role.value for column, role in checked.items()},
    )
    version.storage_key = f"datasets/{version.pk}"
    version.job = jobs.enqueue(
        actor=actor,
        workspace=dataset.workspace,
        kind=FREEZE,
        title=Text("jobs.title_freeze", dataset=dataset.name, number=version.number),
        spec=FreezeSpec(
            inputs={"rows": import_.rows_key},
            output=version.storage_key,
            task_type=info.name,
            roles=checked,
            split_key=dataset.workspace.split_key,
            test_only=test_only,
            merge_label_case=merge_label_case,
        ),
    )
    version.save()
    audit.record(
        actor,
        "dataset_version.confirmed",
        version,
        task_type=version.task_type,
        roles=version.roles,
        test_only=test_only,
    )
    return version


def _require_open(import_: Import) -> None:
    """An import becomes one version; a version whose job failed makes room for the next attempt."""
    if not import_.result:
        raise UserError(_("This file is still being read. Wait until its columns are shown."))
    for version in import_.versions.select_related("job"):
        if version.is_ready or version.job.state in ACTIVE:
            message = _(
                "These rows are already version %(number)d. To read the file differently, upload it again."
            )
            raise UserError(message % {"number": version.number}, code="already_confirmed")
        key, job = version.storage_key, version.job
        version.delete()
        job.delete()
        transaction.on_commit(partial(free_disk, [key]))


def checked_roles(import_: Import, task_type: str, roles: dict[str, str]) -> tuple[Task, dict[str, Role]]:
    info = TASKS.get(task_type)
    if info is None:
        raise UserError(_("Choose what a model should learn from this data."), field="task_type")
    columns = {column["name"] for column in import_.result["columns"]}
    allowed = set(usable_roles(info))
    checked: dict[str, Role] = {}
    for column, role in roles.items():
        if column not in columns:
            raise UserError(
                _("There is no column “%(name)s” in this file.") % {"name": column}, field="roles"
            )
        if role not in allowed:
            message = _(
                "The column “%(name)s” cannot be %(role)s for the task %(task)s. Choose another role."
            )
            word = role_label(info, Role(role)) if role in set(Role) else role
            words = {"name": column, "role": word, "task": _(info.label)}
            raise UserError(message % words, field="roles")
        if role != Role.IGNORE:
            checked[column] = Role(role)
    if problem := problem_with(info, checked):
        code = "missing_roles" if info.missing_roles(checked) else "invalid"
        raise UserError(problem, field="roles", code=code)
    return info, checked


def take_freeze_result(*, job: Job) -> None:
    """The job froze the rows: from here on the version is ready."""
    result = FreezeResult.model_validate(job.result)
    version = DatasetVersion.objects.filter(job=job)
    for row in version.select_related("workspace"):
        usage.set_stored(workspace=row.workspace, source=row, amount=result.bytes)
    version.update(
        result=result.model_dump(mode="json"),
        rows_train=result.rows.get("train", 0),
        rows_validation=result.rows.get("validation", 0),
        rows_test=result.rows.get("test", 0),
        bytes=result.bytes,
    )
