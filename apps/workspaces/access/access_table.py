"""Every door of the site and what it needs: pages, API calls, sockets, the admin.

`access.py` decides what a role may do; this table says what each address asks of it. `manage.py access_table` prints
it, and a test tries every address as everybody and compares. An address that is missing here fails that test, so a
new page gets its line together with its view.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from apps.workspaces.access import ALLOWED, Action


class Needs(StrEnum):
    """What a door may ask for besides an Action in a workspace."""

    NOTHING = "nothing"
    SIGN_IN = "an account"
    LINK = "its secret address, while that is open"
    INVITATION = "an open invitation, and an account"
    PERSON = "being whose it is"
    APP_KEY = "a live key of the app"
    MAKER = "having made it, or manage"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody may"


Rule = Action | Needs
OPEN = "OPEN"
"""The method of a WebSocket."""


@dataclass(frozen=True)
class Door:
    """One address. `of` names the kinds of the objects in it, outermost first; `values` names what in it is no object."""

    needs: Mapping[str, Rule]
    of: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Fields of the body that name an object, and its kind."""
    absent: int = 404
    """The status for an inner object that is not there; the outer one is always 404."""
    hides: bool = False
    """Whose role is too low is told that there is nothing, instead of that they may not."""


def _door(
    get: Rule | None = None,
    post: Rule | None = None,
    delete: Rule | None = None,
    patch: Rule | None = None,
    of: str = "",
    values: str = "",
    names: Mapping[str, str] | None = None,
    absent: int = 404,
    hides: bool = False,
) -> Door:
    asked = {"GET": get, "POST": post, "DELETE": delete, "PATCH": patch}
    needs = {method: rule for method, rule in asked.items() if rule is not None}
    return Door(needs, tuple(of.split()), tuple(values.split()), names or {}, absent, hides)


VIEW, EDIT, PUBLISH, MANAGE, OWN = Action.VIEW, Action.EDIT, Action.PUBLISH, Action.MANAGE, Action.OWN
ANYONE, SIGN_IN, LINK, APP_KEY = Needs.NOTHING, Needs.SIGN_IN, Needs.LINK, Needs.APP_KEY
INVITATION, PERSON = Needs.INVITATION, Needs.PERSON
MAKER, ADMINISTRATOR, NOBODY = Needs.MAKER, Needs.ADMINISTRATOR, Needs.NOBODY

SITE = {
    "healthz": _door(get=ANYONE),
    "set_language": _door(post=ANYONE),
    "home:home": _door(get=VIEW),
    "home:set_up": _door(get=ANYONE, post=ANYONE),
    "home:no_workspace": _door(get=SIGN_IN),
    "home:import_example": _door(post=EDIT, values="example"),
}

ACCOUNTS = {
    "account_login": _door(get=ANYONE, post=ANYONE),
    "account_logout": _door(get=ANYONE, post=ANYONE),
    "account_signup": _door(get=ANYONE, post=ANYONE),
    "account_inactive": _door(get=ANYONE),
    "account_reauthenticate": _door(get=SIGN_IN, post=SIGN_IN),
    "account_confirm_at_provider": _door(get=SIGN_IN),
    "account_change_password": _door(get=SIGN_IN, post=SIGN_IN),
    "account_set_password": _door(get=SIGN_IN, post=SIGN_IN),
    "account_reset_password": _door(get=ANYONE, post=ANYONE),
    "account_reset_password_done": _door(get=ANYONE),
    "account_reset_password_from_key": _door(get=ANYONE, post=ANYONE, values="uidb36 reset_key"),
    "account_reset_password_from_key_done": _door(get=ANYONE),
    "account_email_verification_sent": _door(get=ANYONE),
    "account_confirm_email": _door(get=ANYONE, post=ANYONE, values="confirmation_key"),
    "account_email": _door(get=SIGN_IN, post=SIGN_IN),
    "account_profile": _door(get=SIGN_IN, post=SIGN_IN),
    "account_export": _door(get=SIGN_IN),
    "account_download_export": _door(post=SIGN_IN),
    "account_delete": _door(get=SIGN_IN, post=SIGN_IN),
    "account_deleted": _door(get=ANYONE),
    "usersessions_list": _door(get=SIGN_IN),
    "account_end_other_sessions": _door(post=SIGN_IN),
    "account_end_session": _door(post=PERSON, of="session"),
    "mfa_index": _door(get=SIGN_IN),
    "mfa_authenticate": _door(get=ANYONE, post=ANYONE),
    "mfa_reauthenticate": _door(get=SIGN_IN, post=SIGN_IN),
    "mfa_activate_totp": _door(get=SIGN_IN, post=SIGN_IN),
    "mfa_deactivate_totp": _door(get=SIGN_IN, post=SIGN_IN),
    "mfa_view_recovery_codes": _door(get=SIGN_IN),
    "mfa_generate_recovery_codes": _door(get=SIGN_IN, post=SIGN_IN),
    "mfa_download_recovery_codes": _door(get=SIGN_IN),
    "mfa_list_webauthn": _door(get=SIGN_IN),
    "mfa_add_webauthn": _door(get=SIGN_IN, post=SIGN_IN),
    "mfa_login_webauthn": _door(get=ANYONE, post=ANYONE),
    "mfa_reauthenticate_webauthn": _door(get=SIGN_IN, post=SIGN_IN),
    "mfa_edit_webauthn": _door(get=PERSON, post=PERSON, of="passkey"),
    "mfa_remove_webauthn": _door(get=PERSON, post=PERSON, of="passkey"),
    "socialaccount_connections": _door(get=SIGN_IN, post=SIGN_IN),
    "socialaccount_signup": _door(get=ANYONE, post=ANYONE),
    "socialaccount_login_cancelled": _door(get=ANYONE),
    "socialaccount_login_error": _door(get=ANYONE),
    "openid_connect_login": _door(get=ANYONE, post=ANYONE, values="provider"),
    "openid_connect_callback": _door(get=ANYONE, values="provider"),
}

WORKSPACES = {
    "workspaces:detail": _door(get=VIEW),
    "workspaces:set_role": _door(post=MANAGE, of="membership"),
    "workspaces:remove_member": _door(post=MANAGE, of="membership"),
    "workspaces:invite": _door(post=MANAGE),
    "workspaces:revoke_invitation": _door(post=MANAGE, of="invitation"),
    "workspaces:join": _door(get=LINK, post=INVITATION, of="invitation_token"),
    "workspaces:usage": _door(get=VIEW),
    "workspaces:settings": _door(get=VIEW, post=MANAGE),
    "workspaces:hand_over": _door(post=OWN, names={"member": "membership"}),
    "workspaces:leave": _door(post=VIEW),
    "workspaces:delete": _door(post=OWN),
    "workspaces:all": _door(get=SIGN_IN),
    "workspaces:create": _door(post=SIGN_IN),
    "workspaces:switch": _door(post=VIEW, names={"workspace": "workspace"}),
    "workspaces:restore": _door(post=OWN, of="deleted_workspace", hides=True),
    "workspaces:audit": _door(get=MANAGE),
    "workspaces:audit_export": _door(get=MANAGE, values="audit_kind"),
    "workspaces:hub_token": _door(get=MANAGE, post=MANAGE),
    "workspaces:remove_secret": _door(post=MANAGE, of="secret"),
    "workspaces:keys": _door(get=VIEW, post=EDIT),
    "workspaces:revoke_key": _door(post=MAKER, of="api_key"),
}

JOBS = {
    "jobs:notices": _door(get=SIGN_IN),
    "jobs:status": _door(get=VIEW, of="job"),
    "jobs:log": _door(get=VIEW, of="job"),
    "jobs:stop": _door(post=EDIT, of="job"),
    "jobs:retry": _door(post=EDIT, of="job"),
}

DATASETS = {
    "datasets:list": _door(get=VIEW),
    "datasets:new": _door(get=EDIT, post=EDIT),
    "datasets:parts": _door(get=EDIT, values="upload_id"),
    "datasets:part": _door(post=EDIT, values="upload_id number"),
    "datasets:detail": _door(get=VIEW, of="dataset"),
    "datasets:upload": _door(get=EDIT, post=EDIT, of="dataset"),
    "datasets:edit": _door(get=EDIT, post=EDIT, of="dataset"),
    "datasets:archive": _door(post=EDIT, of="dataset"),
    "datasets:delete": _door(post=MAKER, of="dataset"),
    "datasets:import": _door(get=VIEW, post=EDIT, of="import"),
    "datasets:discard": _door(post=EDIT, of="import"),
    "datasets:reread": _door(post=EDIT, of="import"),
    "datasets:source": _door(get=VIEW, of="import"),
    "datasets:import_file": _door(get=VIEW, of="import", values="import_file"),
    "datasets:version_file": _door(get=VIEW, of="dataset_version", values="version_file"),
}

CATALOG = {
    "catalog:list": _door(get=VIEW),
    "catalog:base_new": _door(get=EDIT, post=EDIT),
    "catalog:base_archive": _door(post=EDIT, of="base_model"),
    "catalog:detail": _door(get=VIEW, of="model"),
    "catalog:edit": _door(get=EDIT, post=EDIT, of="model"),
    "catalog:archive": _door(post=EDIT, of="model"),
    "catalog:delete": _door(post=MAKER, of="model"),
    "catalog:export": _door(post=VIEW, of="model"),
    "catalog:download": _door(get=VIEW, of="export"),
}

TRAINING = {
    "training:list": _door(get=VIEW),
    "training:new": _door(get=EDIT, post=EDIT, names={"data": "dataset_version"}),
    "training:preflight": _door(get=VIEW, of="preflight"),
    "training:start": _door(post=EDIT, of="preflight"),
    "training:detail": _door(get=VIEW, of="run"),
    "training:rename": _door(post=EDIT, of="run"),
    "training:again": _door(get=EDIT, of="run"),
    "training:fix": _door(post=EDIT, of="run"),
    "training:continue": _door(post=EDIT, of="run"),
    "training:metrics": _door(get=VIEW, of="run"),
    "training:samples": _door(get=VIEW, of="run"),
}

EVALUATION = {
    "evaluation:list": _door(get=VIEW),
    "evaluation:new": _door(get=EDIT, post=EDIT, names={"data": "dataset_version", "models": "model"}),
    "evaluation:compare": _door(post=EDIT, names={"evaluation": "evaluation"}),
    "evaluation:compare_run": _door(post=EDIT, of="model"),
    "evaluation:detail": _door(get=VIEW, of="evaluation"),
    "evaluation:file": _door(get=VIEW, of="evaluation", values="evaluation_file"),
    "evaluation:delete": _door(post=EDIT, of="evaluation"),
    "evaluation:all_rows": _door(post=EDIT, of="evaluation"),
    "evaluation:comparison": _door(get=VIEW, of="comparison"),
    "evaluation:delete_comparison": _door(post=EDIT, of="comparison"),
}

PUBLISHING = {
    "publishing:list": _door(get=VIEW),
    "publishing:new": _door(get=EDIT, post=EDIT, names={"model": "model"}),
    "publishing:detail": _door(get=VIEW, of="app"),
    "publishing:edit": _door(get=EDIT, post=EDIT, of="app", names={"model": "model"}),
    "publishing:publish": _door(post=PUBLISH, of="app", names={"version": "app_version"}),
    "publishing:check_parity": _door(post=EDIT, of="app"),
    "publishing:archive": _door(post=PUBLISH, of="app"),
    "publishing:restore": _door(post=PUBLISH, of="app"),
    "publishing:delete": _door(post=MAKER, of="app"),
    "publishing:create_link": _door(post=PUBLISH, of="app"),
    "publishing:link_password": _door(post=PUBLISH, of="app share_link"),
    "publishing:revoke_link": _door(post=PUBLISH, of="app share_link"),
    "publishing:create_key": _door(post=EDIT, of="app"),
    "publishing:revoke_key": _door(post=MAKER, of="app app_key"),
    "publishing:try": _door(get=VIEW, of="model"),
    "publishing:preview": _door(get=VIEW, of="app"),
    "publishing:preview_act": _door(post=VIEW, of="app", names={"conversation": "preview_conversation"}),
    "publishing:preview_conversation": _door(get=VIEW, of="app preview_conversation", absent=302),
    "publishing:preview_stream": _door(get=VIEW, of="app preview_message"),
    "publishing:visit": _door(get=LINK, of="link_token"),
    "publishing:visit_unlock": _door(post=LINK, of="link_token"),
    "publishing:visit_act": _door(post=LINK, of="link_token", names={"conversation": "conversation"}),
    "publishing:visit_conversation": _door(get=LINK, of="link_token conversation", absent=302),
    "publishing:visit_stream": _door(get=LINK, of="link_token message"),
}

CONSOLE = {
    "console:console": _door(get=ADMINISTRATOR),
    "console:jobs": _door(get=ADMINISTRATOR),
    "console:retry": _door(post=ADMINISTRATOR, of="job"),
    "console:stop": _door(post=ADMINISTRATOR, of="job"),
    "console:people": _door(get=ADMINISTRATOR),
    "console:invite": _door(post=ADMINISTRATOR),
    "console:revoke_invitation": _door(post=ADMINISTRATOR, of="studio_invitation"),
    "console:reset_password": _door(post=ADMINISTRATOR, of="account"),
    "console:deactivate": _door(post=ADMINISTRATOR, of="account"),
    "console:reactivate": _door(post=ADMINISTRATOR, of="account"),
    "console:make_administrator": _door(post=ADMINISTRATOR, of="account"),
    "console:remove_administrator": _door(post=ADMINISTRATOR, of="account"),
    "console:network": _door(get=ADMINISTRATOR, post=ADMINISTRATOR),
}

API = {
    "api:schema": _door(get=ANYONE),
    "api:docs": _door(get=ANYONE),
    "api:upload-list": _door(post=EDIT),
    "api:upload-detail": _door(get=EDIT, values="upload"),
    "api:upload-part": _door(post=EDIT, values="upload number"),
    "api:dataset-list": _door(get=VIEW, post=EDIT, names={"dataset": "dataset"}),
    "api:dataset-detail": _door(get=VIEW, delete=MAKER, of="dataset"),
    "api:import-list": _door(get=VIEW),
    "api:import-detail": _door(get=VIEW, of="import"),
    "api:import-confirm": _door(post=EDIT, of="import"),
    "api:import-file": _door(get=VIEW, of="import", values="import_file"),
    "api:import-reread": _door(post=EDIT, of="import"),
    "api:datasetversion-list": _door(get=VIEW),
    "api:datasetversion-detail": _door(get=VIEW, of="dataset_version"),
    "api:datasetversion-file": _door(get=VIEW, of="dataset_version", values="version_file"),
    "api:datasetversion-bases": _door(get=VIEW, of="dataset_version"),
    "api:basemodel-list": _door(get=VIEW, post=EDIT),
    "api:basemodel-detail": _door(get=VIEW, of="base_model"),
    "api:preflight-list": _door(get=VIEW, post=EDIT, names={"data": "dataset_version"}),
    "api:preflight-detail": _door(get=VIEW, of="preflight"),
    "api:run-list": _door(get=VIEW, post=EDIT, names={"preflight": "preflight"}),
    "api:run-detail": _door(get=VIEW, of="run"),
    "api:run-metrics": _door(get=VIEW, of="run"),
    "api:run-stop": _door(post=EDIT, of="run"),
    "api:run-continue": _door(post=EDIT, of="run"),
    "api:modelversion-list": _door(get=VIEW),
    "api:modelversion-detail": _door(get=VIEW, delete=MAKER, of="model"),
    "api:modelversion-export": _door(post=VIEW, of="model"),
    "api:export-list": _door(get=VIEW),
    "api:export-detail": _door(get=VIEW, of="export"),
    "api:export-file": _door(get=VIEW, of="export"),
    "api:evaluation-list": _door(
        get=VIEW,
        post=EDIT,
        names={"data": "dataset_version", "model": "model", "training_data": "dataset_version"},
    ),
    "api:evaluation-detail": _door(get=VIEW, delete=EDIT, of="evaluation"),
    "api:evaluation-file": _door(get=VIEW, of="evaluation", values="evaluation_file"),
    "api:comparison-list": _door(get=VIEW, post=EDIT, names={"evaluations": "evaluation", "model": "model"}),
    "api:comparison-detail": _door(get=VIEW, delete=EDIT, of="comparison"),
    "api:app-list": _door(get=VIEW, post=EDIT, names={"model": "model"}),
    "api:app-detail": _door(get=VIEW, delete=MAKER, of="app"),
    "api:app-links": _door(get=VIEW, post=PUBLISH, of="app"),
    "api:app-link": _door(delete=PUBLISH, of="app share_link"),
    "api:app-keys": _door(get=VIEW, post=EDIT, of="app"),
    "api:app-key": _door(delete=MAKER, of="app app_key"),
    "api:job-list": _door(get=VIEW),
    "api:job-detail": _door(get=VIEW, of="job"),
    "api:job-stop": _door(post=EDIT, of="job"),
    "api:job-retry": _door(post=EDIT, of="job"),
    "api:openai_models": _door(get=APP_KEY),
    "api:openai_model": _door(get=APP_KEY, values="slug"),
    "api:openai_chat": _door(post=APP_KEY),
    "api:openai_completions": _door(post=APP_KEY),
}

SOCKETS = {
    "ws/jobs/<uuid:job_id>/": Door({OPEN: VIEW}, ("job",)),
    "ws/a/<str:token>/": Door({OPEN: LINK}, ("link_token",)),
    "ws/apps/<uuid:app_id>/": Door({OPEN: VIEW}, ("app",)),
    "ws/try/": Door({OPEN: SIGN_IN}, names={"model": "model"}),
}

ADMIN_SITE = {
    "admin:index": _door(get=ADMINISTRATOR),
    "admin:login": _door(get=ADMINISTRATOR, post=ADMINISTRATOR),
    "admin:logout": _door(post=ANYONE),
    "admin:password_change": _door(get=ADMINISTRATOR, post=ADMINISTRATOR),
    "admin:password_change_done": _door(get=ADMINISTRATOR),
    "admin:autocomplete": _door(get=ADMINISTRATOR),
    "admin:jsi18n": _door(get=ADMINISTRATOR),
    "admin/(?P<url>.*)$": _door(get=NOBODY, values="admin_rest"),
    "admin:view_on_site": _door(get=ADMINISTRATOR, values="content_type_id object_id"),
    "admin:app_list": _door(get=ADMINISTRATOR, values="app_label"),
    "admin:auth_user_password_change": _door(get=ADMINISTRATOR, post=ADMINISTRATOR, of="admin:accounts.user"),
}

_LOOKED_AT = """
account.emailaddress core.waitingmail workspaces.apikey workspaces.auditentry workspaces.counter workspaces.invitation
workspaces.workspacesecret workspaces.usageentry workspaces.usagetotal workspaces.reservation jobs.job jobs.jobevent datasets.dataset
datasets.import datasets.datasetversion catalog.basemodel catalog.modelversion catalog.export training.preflight
training.run evaluation.evaluation evaluation.comparedevaluation evaluation.comparison publishing.app
publishing.appversion publishing.sharelink publishing.conversation publishing.message publishing.feedback
"""
ADMIN_MAY: dict[str, str] = {
    "auth.group": "add change delete",
    "accounts.user": "add change delete",
    "mfa.authenticator": "delete",
    "socialaccount.socialaccount": "delete",
    "usersessions.usersession": "delete",
    "workspaces.workspace": "add change",
    "workspaces.membership": "add delete",
    "workspaces.quota": "add change delete",
    **{label: "" for label in _LOOKED_AT.split()},
}
"""What an administrator may do to the rows of each model besides looking at them."""

ADMIN_ACTIONS: dict[str, tuple[str, ...]] = dict.fromkeys(
    (
        "accounts.user",
        "auth.group",
        "mfa.authenticator",
        "socialaccount.socialaccount",
        "usersessions.usersession",
    ),
    ("delete_selected",),
)
"""The bulk actions that an administrator is offered in the list of each model."""


def _admin_doors() -> dict[str, Door]:
    doors = dict(ADMIN_SITE)
    for label, may in ADMIN_MAY.items():
        prefix, kind = f"admin:{label.replace('.', '_')}", f"admin:{label}"

        def rule(permission: str, allowed: str = may) -> Rule:
            return ADMINISTRATOR if permission in allowed.split() else NOBODY

        doors |= {
            f"{prefix}_changelist": _door(get=ADMINISTRATOR, post=ADMINISTRATOR),
            f"{prefix}_add": _door(get=rule("add"), post=rule("add")),
            f"{prefix}_change": _door(get=ADMINISTRATOR, post=rule("change"), of=kind),
            f"{prefix}_delete": _door(get=rule("delete"), post=rule("delete"), of=kind),
            f"{prefix}_history": _door(get=ADMINISTRATOR, of=kind),
            f"admin/{label.replace('.', '/')}/<path:object_id>/": _door(get=ADMINISTRATOR, of=kind),
        }
    return doors


DOORS: dict[str, Door] = {
    **SITE,
    **ACCOUNTS,
    **WORKSPACES,
    **JOBS,
    **DATASETS,
    **CATALOG,
    **TRAINING,
    **EVALUATION,
    **PUBLISHING,
    **CONSOLE,
    **API,
    **SOCKETS,
    **_admin_doors(),
}


def roles_for(rule: Rule) -> Iterable[str]:
    """Who in a workspace gets through a door that asks for `rule`."""
    if rule in (Needs.NOTHING, Needs.SIGN_IN):
        return list(ALLOWED)
    asked = Action.MANAGE if rule == Needs.MAKER else rule
    return [role for role, allowed in ALLOWED.items() if asked in allowed]
