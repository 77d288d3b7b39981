"""Two workspaces with one of everything, and the people who ask for them.

Everything in a workspace carries its mark in its name, so that a page that shows what it must not is caught whatever
it shows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core import signing
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import BaseModel, Export, ModelVersion
from apps.core.storage import storage
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation
from apps.jobs.models import Job, JobEvent, NotificationSettings
from apps.jobs.webhooks import set_address
from apps.publishing.defaults import settings_for
from apps.publishing.models import Conversation, Feedback, Message
from apps.publishing.services.apps import create_app, publish
from apps.publishing.services.links import create_share_link, revoke_share_link
from apps.publishing.visitors import COOKIE, COOKIE_IN_FRAMES
from apps.training.models import Preflight, Run, Sweep, Trial
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.models import ApiKey, Membership, Role, Workspace, WorkspaceSecret
from apps.workspaces.team.invitations import create_invitation
from apps.workspaces.team.lifecycle import create_workspace
from apps.workspaces.team.secrets import set_secret
from tests.access.passkeys import registered_passkey
from tests.access.results import freeze_result, import_files, import_result
from tests.apps.conftest import (
    evaluation_result,
    outputs_table,
    parquet,
    preflight_result,
    run_result,
    tickets_table,
)
from tests.apps.evaluation.conftest import compared_table
from workers.contracts.recipes import Recipe

OURS, THEIRS = "Quokka", "Wombat"
"""Marks of the two workspaces."""
ROLES = ("viewer", "editor", "admin", "owner")
PEOPLE = ("anonymous", "outsider", *ROLES, "revoked", "administrator")
NO_ROW = "987654321"
EMBED_SITE = "https://site.example"
"""May show the apps of the world in a frame."""
VISITOR = "the-visitor-of-the-matrix"


@dataclass
class Place:
    """A workspace and, by kind, the row that an address means. `made` are rows that the editor made."""

    workspace: Workspace
    mark: str
    things: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    of_member: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What belongs to one member: by kind and person."""

    def id_of(self, kind: str, person: str = "") -> str:
        found = self.of_member.get((kind, person), self.things.get(kind))
        assert found is not None, (
            f"The world holds nothing of the kind {kind}; add one in tests/access/world.py"
        )
        return str(getattr(found, "pk", found))


@dataclass
class World:
    ours: Place
    theirs: Place
    elsewhere: Place
    """A second app of our own workspace: right parent and wrong child within one workspace."""
    people: dict[str, User | None]
    clients: dict[str, Client]
    keys: dict[str, str]
    """Secrets of API keys, by what is special about them."""


def build_world() -> World:
    people: dict[str, User | None] = {"anonymous": None}
    people |= {name: _user(name) for name in PEOPLE[1:-1]}
    people["administrator"] = User.objects.create_superuser("administrator@example.com", "p")
    ours = Place(create_workspace(actor=_of(people, "owner"), name=f"{OURS} team"), OURS)
    theirs = Place(create_workspace(actor=_of(people, "outsider"), name=f"{THEIRS} team"), THEIRS)
    for role in ("viewer", "editor", "admin"):
        Membership.objects.create(workspace=ours.workspace, user=_of(people, role), role=role)
    revoked = Membership.objects.create(
        workspace=ours.workspace, user=_of(people, "revoked"), role=Role.EDITOR
    )
    keys = _keys(ours, theirs, people)
    revoked.delete()
    for place, maker in ((ours, "owner"), (theirs, "outsider")):
        _fill(place, _of(people, maker), people)
    elsewhere = Place(ours.workspace, OURS)
    _fill_app(elsewhere, _of(people, "owner"), ours.things["model"], people)
    for kind, key in (("app key", "app_key"), ("their app key", "app_key")):
        place = ours if kind == "app key" else theirs
        keys[kind] = place.things[f"{key}_secret"]
    _made_by_editor(ours, _of(people, "editor"))
    _own_things(ours, theirs, people)
    clients = {name: _client(user) for name, user in people.items()}
    _admin_rows(ours, theirs)
    return World(ours, theirs, elsewhere, people, clients, keys)


def _of(people: dict[str, User | None], name: str) -> User:
    user = people[name]
    assert user is not None
    return user


def _user(name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", "p", name=name.title())


def _client(user: User | None) -> Client:
    """Signed in a moment ago, so that no page asks for the password again."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
        session = client.session
        said = {"method": "password", "at": time.time(), "reauthenticated": True}
        session["account_authentication_methods"] = [said]
        session["account_authentication_methods_user"] = session["_auth_user_id"]
        session.save()
    for name in (COOKIE, COOKIE_IN_FRAMES):
        client.cookies[name] = signing.Signer(salt="apps.publishing.visitors").sign(VISITOR)
    return client


def _keys(ours: Place, theirs: Place, people: dict[str, User | None]) -> dict[str, str]:
    """A key of each member, and keys that must open nothing or less."""

    def make(person: str, workspace: Workspace, **fields: Any) -> tuple[ApiKey, str]:
        return create_api_key(actor=_of(people, person), workspace=workspace, name="script", **fields)

    Membership.objects.filter(user=_of(people, "viewer")).update(role=Role.EDITOR)
    secrets = {role: make(role, ours.workspace)[1] for role in ROLES}
    Membership.objects.filter(user=_of(people, "viewer")).update(role=Role.VIEWER)
    secrets["reading"] = make("owner", ours.workspace, can_write=False)[1]
    secrets["outsider"] = make("outsider", theirs.workspace)[1]
    secrets["revoked"] = make("revoked", ours.workspace)[1]
    closed, secrets["closed"] = make("owner", ours.workspace)
    expired, secrets["expired"] = make("owner", ours.workspace)
    ApiKey.objects.filter(pk=closed.pk).update(revoked_at=timezone.now())
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    secrets["nonsense"] = "mq-nonsense"
    return secrets


def _job(place: Place, maker: User, kind: str, state: str = "succeeded") -> Job:
    return Job.objects.create(
        workspace=place.workspace, kind=kind, state=state, title=f"{place.mark} {kind}", queue="default",
        spec={"output": None}, created_by=maker,
    )  # fmt: skip


def _fill(place: Place, maker: User, people: dict[str, User | None]) -> None:
    things, mark, workspace = place.things, place.mark, place.workspace
    things["workspace"] = workspace
    things["job"] = _job(place, maker, "run", "running")
    JobEvent.objects.create(
        job=things["job"], seq=1, attempt=1, kind="log", data={"level": "info", "text": mark}
    )
    things["base_model"] = BaseModel.objects.create(
        workspace=workspace, created_by=maker, kind="hub", name=f"{mark} base", family="causal",
        location=f"{mark}/base",
    )  # fmt: skip
    things["api_key"], _ = create_api_key(actor=maker, workspace=workspace, name=f"{mark} key")
    things["membership"] = Membership.objects.create(
        workspace=workspace, user=_user(f"{mark}-member"), role=Role.VIEWER
    )
    things["secret"] = set_secret(
        actor=maker, workspace=workspace, kind=WorkspaceSecret.Kind.HUB_TOKEN, value=f"hf_{mark}-0123456789"
    )
    things["invitation"], things["invitation_token"] = create_invitation(
        actor=maker, workspace=workspace, email="", role=Role.VIEWER, days=1
    )
    administrator = _of(people, "administrator")
    chosen, _is_new = NotificationSettings.objects.get_or_create(user=maker)
    set_address(chosen, f"https://example.org/{mark}")
    chosen.save()
    things["studio_invitation"], _ = create_invitation(actor=administrator, workspace=None)
    things["account"] = _user(f"{mark}-person")
    things["deleted_workspace"] = create_workspace(actor=maker, name=f"{mark} old team")
    for member in workspace.memberships.exclude(user=maker):
        Membership.objects.create(workspace=things["deleted_workspace"], user=member.user, role=member.role)
    Workspace.objects.filter(pk=things["deleted_workspace"].pk).update(deleted_at=timezone.now())
    _fill_data(place, maker)
    _fill_models(place, maker)
    _fill_results(place, maker)
    _fill_app(place, maker, things["model"], people)


def _fill_data(place: Place, maker: User) -> None:
    things, mark, workspace = place.things, place.mark, place.workspace
    things["dataset"] = Dataset.objects.create(
        workspace=workspace, created_by=maker, number=901, name=f"{mark} tickets"
    )
    source = things["import"] = Import.objects.create(
        workspace=workspace, created_by=maker, dataset=things["dataset"], filename=f"{mark}.csv",
        source_key=f"matrix/{mark}/source", source_bytes=7, rows_key=f"matrix/{mark}/rows",
        job=_job(place, maker, "import", "failed"), result=import_result().model_dump(mode="json"),
    )  # fmt: skip
    storage().write(source.source_key, iter([b"a,b\n1,2"]))
    for name, table in import_files().items():
        storage().write(f"{source.rows_key}/{name}", iter([parquet(table)]))
    version = things["dataset_version"] = DatasetVersion.objects.create(
        workspace=workspace, created_by=maker, dataset=things["dataset"], source=source, number=1,
        task_type="classification", roles={"text": "input", "label": "label"},
        storage_key=f"matrix/{mark}/data", job=_job(place, maker, "freeze"), rows_train=42, rows_validation=6,
        rows_test=12, bytes=1000, result=freeze_result().model_dump(mode="json"),
    )  # fmt: skip
    storage().write(f"{version.storage_key}/data.parquet", iter([parquet(tickets_table(60))]))
    storage().write(f"{version.storage_key}/.published", iter([b"{}"]))


def _fill_models(place: Place, maker: User) -> None:
    things, mark, workspace = place.things, place.mark, place.workspace

    def model(number: int, kind: str, **fields: Any) -> ModelVersion:
        return ModelVersion.objects.create(
            workspace=workspace, created_by=maker, number=number, name=f"{mark} model {number}", kind=kind,
            family="classifier", task_type="classification", origin={"kind": "starter"}, origin_label="starter",
            storage_key=f"matrix/{mark}/model{number}", bytes=500, context_length=512,
            labels=["billing", "account"], dataset_version=things["dataset_version"], **fields,
        )  # fmt: skip

    base = things["base_version"] = model(901, "base")
    storage().write(f"{base.storage_key}/maquette.json", iter([b"{}"]))
    things["model"] = model(902, "tuned", parent=base)
    things["free_model"] = model(903, "tuned", parent=base)
    packed = things["export"] = Export.objects.create(
        workspace=workspace, created_by=maker, model_version=things["model"], storage_key=f"matrix/{mark}/export",
        job=_job(place, maker, "export"), result={"filename": f"{mark}.zip", "bytes": 3, "sha256": ""},
    )  # fmt: skip
    storage().write(packed.file_key, iter([b"zip"]))
    recipe = Recipe()
    things["preflight"] = Preflight.objects.create(
        workspace=workspace, created_by=maker, dataset_version=things["dataset_version"],
        base={"kind": "starter", "family": "classifier", "size": "small"}, base_label=f"{mark} starter",
        base_version=base, length="standard", recipe={}, request_hash=uuid4().hex,
        job=_job(place, maker, "preflight"), result=preflight_result(recipe).model_dump(mode="json"),
    )  # fmt: skip
    things["run"] = Run.objects.create(
        workspace=workspace, created_by=maker, number=901, name=f"{mark} run",
        dataset_version=things["dataset_version"], preflight=things["preflight"], base_version=base,
        model_version=things["model"], recipe=recipe.model_dump(mode="json"),
        job=_job(place, maker, "run", "failed"), result=run_result(recipe).model_dump(mode="json"),
    )  # fmt: skip
    things["sweep"] = Sweep.objects.create(
        workspace=workspace, created_by=maker, number=901, name=f"{mark} sweep", preflight=things["preflight"],
        space={"learning_rate": {"low": 0.0001, "high": 0.01}}, metric="validation_loss", most_trials=4, seed=17,
        ending="trials", ended_at=timezone.now(),
    )  # fmt: skip
    Trial.objects.create(sweep=things["sweep"], run=things["run"], number=1, values={"learning_rate": 0.001})


def _fill_results(place: Place, maker: User) -> None:
    things, workspace = place.things, place.workspace

    def evaluation(number: int, model: ModelVersion | None) -> Evaluation:
        return Evaluation.objects.create(
            workspace=workspace, created_by=maker, number=number, dataset_version=things["dataset_version"],
            model_version=model, storage_key=f"matrix/{place.mark}/e{number}",
            job=_job(place, maker, "evaluation", "failed"),
        )  # fmt: skip

    first, second = evaluation(901, things["base_version"]), evaluation(902, things["model"])
    first.result = evaluation_result().model_copy(update={"findings": []}).model_dump(mode="json")
    first.save()
    storage().write(f"{first.storage_key}/outputs.parquet", iter([parquet(outputs_table())]))
    storage().write(f"{first.storage_key}/.published", iter([b"{}"]))
    things["evaluation"], things["other_evaluation"] = first, second
    things["free_evaluation"] = evaluation(903, None)
    comparison = things["comparison"] = Comparison.objects.create(
        workspace=workspace, created_by=maker, number=901, name=f"{place.mark} comparison",
        dataset_version=things["dataset_version"], storage_key=f"matrix/{place.mark}/comparison",
        job=_job(place, maker, "comparison", "failed"),
    )  # fmt: skip
    storage().write(f"{comparison.storage_key}/rows.parquet", iter([parquet(compared_table())]))
    storage().write(f"{comparison.storage_key}/.published", iter([b"{}"]))
    for position, compared in enumerate((first, second)):
        ComparedEvaluation.objects.create(comparison=comparison, evaluation=compared, position=position)


def _fill_app(place: Place, maker: User, model: ModelVersion, people: dict[str, User | None]) -> None:
    things = place.things
    app = things["app"] = create_app(
        actor=maker, workspace=place.workspace, model_version=model, name=f"{place.mark} desk",
        app_settings=settings_for(model),
    )  # fmt: skip
    version = things["app_version"] = app.versions.get()
    publish(actor=maker, app=app, version=version)
    link, token = create_share_link(actor=maker, app=app, name=f"{place.mark} link", embed_sites=[EMBED_SITE])
    things["share_link"], things["link_token"] = link, token
    closed, things["closed_token"] = create_share_link(actor=maker, app=app)
    revoke_share_link(actor=maker, link=closed)
    key, secret = create_api_key(
        actor=maker, workspace=place.workspace, name=f"{place.mark} app key", app=app
    )
    things["app_key"], things["app_key_secret"] = key, secret
    things["slug"] = app.slug
    things["conversation"], things["message"] = _talk(place, link=link, visitor_key=VISITOR)
    things["strangers_conversation"], things["strangers_message"] = _talk(
        place, link=link, visitor_key="stranger"
    )
    Feedback.objects.create(message=things["message"], helped=True)
    for name in ROLES:
        talk = _talk(place, user=people[name], visitor_key=f"member:{_of(people, name).pk}")
        place.of_member["preview_conversation", name], place.of_member["preview_message", name] = talk
    things["preview_conversation"], things["preview_message"] = _talk(
        place, user=maker, visitor_key=f"member:{maker.pk}"
    )


def _talk(place: Place, **fields: Any) -> tuple[Conversation, Message]:
    conversation = Conversation.objects.create(app=place.things["app"], title=f"{place.mark} talk", **fields)
    common = {"conversation": conversation, "app_version": place.things["app_version"]}
    asked = Message.objects.create(**common, position=0, role="user", text=f"{place.mark} question")
    said = {"position": 1, "role": "assistant", "text": f"{place.mark} answer", "parent": asked}
    answer = Message.objects.create(**common, **said)
    return conversation, answer


def _made_by_editor(place: Place, editor: User) -> None:
    """Of each kind that its maker may remove, one that the editor made."""
    workspace, model = place.workspace, place.things["free_model"]
    place.made["api_key"], _ = create_api_key(actor=editor, workspace=workspace, name="mine")
    place.made["app_key"], _ = create_api_key(
        actor=editor, workspace=workspace, name="mine", app=place.things["app"]
    )
    place.made["dataset"] = Dataset.objects.create(
        workspace=workspace, created_by=editor, number=950, name="mine"
    )
    place.made["model"] = ModelVersion.objects.get(pk=model.pk)
    place.made["model"].pk, place.made["model"].number = uuid4(), 950
    place.made["model"].created_by, place.made["model"]._state.adding = editor, True
    place.made["model"].save()
    place.made["base_model"] = BaseModel.objects.create(
        workspace=workspace, created_by=editor, kind="upload", name="mine", family="causal", bytes=1
    )
    place.made["app"] = create_app(
        actor=editor, workspace=workspace, model_version=place.things["model"], name="mine",
        app_settings=settings_for(model),
    )  # fmt: skip


def _own_things(ours: Place, theirs: Place, people: dict[str, User | None]) -> None:
    """What belongs to a person and to no workspace: sessions and passkeys. `theirs` are a stranger's."""
    stranger = _user("stranger")
    for user, place, name in [(stranger, theirs, "")] + [(u, ours, n) for n, u in people.items() if u]:
        session = UserSession.objects.create(
            user=user, session_key=uuid4().hex, ip="127.0.0.1", user_agent="a browser"
        )
        passkey = Authenticator.objects.create(
            user=user, type=Authenticator.Type.WEBAUTHN, data=registered_passkey()
        )
        TOTP.activate(user, generate_totp_secret())
        RecoveryCodes.activate(user)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        for kind, thing in (("session", session), ("passkey", passkey)):
            place.of_member[kind, name] = thing
            place.things[kind] = thing
    unverified = EmailAddress.objects.create(user=stranger, email="new@example.com")
    for place in (ours, theirs):
        place.things["confirmation_key"] = EmailConfirmationHMAC(unverified).key


def _admin_rows(ours: Place, theirs: Place) -> None:
    """A row of every model that the admin shows, by the name under which its addresses ask for it."""
    Group.objects.create(name="a group")
    SocialAccount.objects.create(user=User.objects.get(email="viewer@example.com"), provider="p", uid="u")
    for place in (ours, theirs):
        # The only owner of a workspace cannot be taken out of it.
        of_place = {
            "workspaces.workspace": place.workspace,
            "workspaces.membership": place.things["membership"],
        }
        for model in admin.site._registry:
            label = model._meta.label_lower
            rows = model._default_manager.all()
            if any(f.name == "workspace" for f in model._meta.fields):
                rows = rows.filter(workspace=place.workspace)
            # Of models that nothing here fills there is no row to ask for.
            row = of_place.get(label) or rows.first()
            place.things[f"admin:{label}"] = row or NO_ROW
