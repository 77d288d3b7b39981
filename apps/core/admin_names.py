"""Names of models and fields that Django and the libraries make of Python's names, which only Django's admin shows.

Said here they are in the catalogues; the models, and with them the migrations, stay as they are.
"""

from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

APPS = {
    *(_("Accounts"), _("Catalog"), _("Core"), _("Datasets"), _("Evaluation"), _("Jobs"), _("Publishing")),
    *(_("Training"), _("Workspaces")),
}
MODELS = {
    *(_("authenticator"), _("authenticators"), _("compared evaluation"), _("compared evaluations")),
    *(_("counter"), _("counters"), _("job event"), _("job events"), _("user session"), _("user sessions")),
}
FIELDS = {
    *(_("address encrypted"), _("app"), _("app version"), _("at"), _("attempt"), _("base model")),
    *(_("base version"), _("carried at"), _("checkpoint key"), _("checkpoint step"), _("comparison")),
    *(_("conversation"), _("created at"), _("data"), _("dataset"), _("dataset version"), _("error field")),
    *(_("error fix"), _("evaluation"), _("evaluations"), _("hash"), _("id"), _("ip"), _("job"), _("kind")),
    *(_("last seen at"), _("last used at"), _("link"), _("message"), _("model version"), _("object id")),
    *(_("parent"), _("position"), _("preflight"), _("request hash"), _("request key"), _("result")),
    *(_("rows key"), _("sealed"), _("seen at"), _("seq"), _("source"), _("source key"), _("source sha256")),
    *(_("step"), _("storage key"), _("token encrypted"), _("token hash"), _("total"), _("type"), _("user")),
    *(_("user agent"), _("value"), _("visitor key"), _("webhook encrypted"), _("webhook secret encrypted")),
    _("workspace"),
}


def translate_names() -> None:
    """Let them be read in the reader's language. Once, when all models are there."""
    for config in apps.get_app_configs():
        if config.verbose_name in APPS:
            config.verbose_name = gettext_lazy(config.verbose_name)
    for model in apps.get_models():
        for option in ("verbose_name", "verbose_name_plural"):
            if (name := getattr(model._meta, option)) in MODELS:
                setattr(model._meta, option, gettext_lazy(name))
        fields: list[Any] = model._meta.get_fields()
        for field in fields:
            if (name := getattr(field, "verbose_name", None)) in FIELDS:
                field.verbose_name = gettext_lazy(name)
