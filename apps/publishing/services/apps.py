"""Making, changing, publishing and removing apps."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.catalog.services import hold_version
from apps.core.errors import UserError
from apps.core.verdicts import warning_of
from apps.jobs.models import Job
from apps.jobs.services import enqueue
from apps.publishing.defaults import kind_of
from apps.publishing.kinds import AppSettings
from apps.publishing.models import App, AppVersion
from apps.publishing.services.closing import stop_replies
from apps.workspaces import access, audit
from apps.workspaces.access import Action, live_access
from apps.workspaces.models import ApiKey, Workspace
from apps.workspaces.numbering import next_number
from workers.contracts.families import Family
from workers.contracts.job_kinds.parity import PARITY, ParitySpec
from workers.contracts.texts import Text


@transaction.atomic
def create_app(
    *, actor: User, workspace: Workspace, model_version: ModelVersion, name: str, app_settings: AppSettings
) -> App:
    """An app with its first version, not published yet. Raises UserError, NotVisible, PermissionDenied."""
    access.require(actor, workspace, Action.EDIT)
    model_version = hold_version(model_version)
    _check(workspace, model_version, name, app_settings)
    number = next_number(workspace, "app")
    app = App.objects.create(
        workspace=workspace,
        created_by=actor,
        number=number,
        name=name.strip(),
        slug=_free_slug(workspace, name, number),
        app_type=kind_of(model_version).name,
    )
    _add_version(actor, app, model_version, app_settings)
    audit.record(actor, "app.created", app, model=model_version.name)
    return app


@transaction.atomic
def update_app(
    *, actor: User, app: App, model_version: ModelVersion, name: str, app_settings: AppSettings
) -> AppVersion:
    """A new version; visitors see it once it is published. The name changes at once."""
    access.require(actor, app.workspace, Action.EDIT)
    App.objects.select_for_update().get(pk=app.pk)
    model_version = hold_version(model_version)
    _check(app.workspace, model_version, name, app_settings)
    if kind_of(model_version).name != app.app_type:
        raise UserError(
            _("This model has a different task than the app. Create a new app from it."), field="model"
        )
    if name.strip() != app.name:
        app.name = name.strip()
        app.save(update_fields=["name"])
    version = _add_version(actor, app, model_version, app_settings)
    audit.record(actor, "app.changed", app, version=version.number)
    return version


@transaction.atomic
def publish(*, actor: User, app: App, version: AppVersion, verdict_is_confirmed: bool = False) -> None:
    """Make `version` what visitors meet: a newer one, or an older one again. A version without parity gets its check.

    Raises UserError (confirm_verdict) when the model has not learned, unless `verdict_is_confirmed`; the audit trail
    then repeats what was confirmed.
    """
    access.require(actor, app.workspace, Action.PUBLISH)
    if app.archived_at:
        raise UserError(_("This app is archived. Restore it first."))
    if version.app_id != app.pk:
        raise UserError(_("That version belongs to another app."))
    warning = warning_of(version.model_version)
    if warning is not None and not verdict_is_confirmed:
        raise UserError(
            _("%(headline)s To publish this model anyway, confirm this.") % {"headline": warning.summary},
            field="confirm_verdict",
            code="verdict_unconfirmed",
        )
    before = app.live_version
    App.objects.filter(pk=app.pk).update(live_version=version)
    app.live_version = version
    back = before is not None and before.number > version.number
    if warning is None:
        audit.record(actor, "app.rolled_back" if back else "app.published", app, version=version.number)
    else:
        audit.record(
            actor,
            "app.rolled_back" if back else "app.published",
            app,
            version=version.number,
            verdict=warning.code.value,
        )
    if version.parity is None and version.parity_job_id is None:
        _start_parity_check(actor, version)


@transaction.atomic
def start_parity_check(*, actor: User, version: AppVersion) -> Job:
    """Queue the comparison of what the engine computes with what the trainer recorded."""
    access.require(actor, version.workspace, Action.EDIT)
    return _start_parity_check(actor, version)


def _start_parity_check(actor: User, version: AppVersion) -> Job:
    if version.parity_job and version.parity_job.is_active:
        raise UserError(_("The check is already running. Wait until it ends."))
    model = version.model_version
    job = enqueue(
        actor=actor,
        workspace=version.workspace,
        kind=PARITY,
        title=Text("jobs.title_parity", app=version),
        spec=ParitySpec(
            inputs={"model": model.storage_key}, engine_url=settings.ENGINE_URL, model=model.storage_key
        ),
    )
    AppVersion.objects.filter(pk=version.pk).update(parity_job=job, parity=None)
    version.parity_job, version.parity = job, None
    audit.record(actor, "app.parity_started", version.app, version=version.number)
    return job


def store_parity(job: Job) -> None:
    """Take the result of a parity check; called when its job has succeeded."""
    AppVersion.objects.filter(parity_job=job).update(parity=job.result)


@transaction.atomic
def archive_app(*, actor: User, app: App) -> None:
    """Close every way in, keep what was said; open sockets end at once."""
    access.require(actor, app.workspace, Action.PUBLISH)
    if not App.objects.filter(pk=app.pk, archived_at=None).update(archived_at=timezone.now()):
        return
    audit.record(actor, "app.archived", app)
    _close(app)


@transaction.atomic
def restore_app(*, actor: User, app: App) -> None:
    access.require(actor, app.workspace, Action.PUBLISH)
    if App.objects.filter(pk=app.pk).exclude(archived_at=None).update(archived_at=None):
        audit.record(actor, "app.restored", app)


@transaction.atomic
def delete_app(*, actor: User, app: App) -> None:
    """Remove the app with its links and conversations. Who made it may, and an admin."""
    own = app.created_by_id == actor.pk
    access.require(actor, app.workspace, Action.EDIT if own else Action.MANAGE)
    audit.record(actor, "app.deleted", app)
    _close(app)
    ApiKey.objects.filter(app_id=app.pk, revoked_at=None).update(revoked_at=timezone.now())
    app.delete()


def _close(app: App) -> None:
    stop_replies(conversation__app=app)
    live_access.hint(f"app.{app.pk}")


def _check(workspace: Workspace, model: ModelVersion, name: str, app_settings: AppSettings) -> None:
    if not name.strip():
        raise UserError(_("Enter a name for the app. Visitors see it at the top of the page."), field="name")
    if model.workspace_id != workspace.pk or not model.is_ready:
        raise UserError(_("Choose a model of this workspace that has its files."), field="model")
    if (
        model.family == Family.CAUSAL
        and model.context_length
        and kind_of(model).longest_answer(app_settings) >= model.context_length
    ):
        raise UserError(
            _(
                "The answer alone would fill the model's context, which holds %(context)s tokens of input and output together. Enter a smaller length."
            )
            % {"context": model.context_length},
            field="max_tokens",
        )


def _free_slug(workspace: Workspace, name: str, number: int) -> str:
    slug = slugify(name)[:80] or f"app-{number}"
    taken = App.objects.in_workspace(workspace).filter(slug=slug).exists()
    return f"{slug}-{number}" if taken else slug


def _add_version(actor: User, app: App, model: ModelVersion, app_settings: AppSettings) -> AppVersion:
    last = app.versions.aggregate(last=Max("number"))["last"] or 0
    return AppVersion.objects.create(
        workspace=app.workspace,
        created_by=actor,
        app=app,
        number=last + 1,
        model_version=model,
        stored_settings=app_settings.model_dump(mode="json"),
    )
