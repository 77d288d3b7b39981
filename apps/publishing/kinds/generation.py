"""Apps that continue a text."""

from django.utils.translation import gettext_lazy

from apps.publishing.kinds import APP_KINDS, AppKind


class Generation(AppKind):
    name = "generation"
    label = gettext_lazy("Text generation")
    icon = "writing"
    tasks = ("generation", "pretraining")
    defaults = {"temperature": 0.8, "top_p": 0.95}
    welcome = gettext_lazy("Write a beginning, and the model continues it.")
    input_label = gettext_lazy("Beginning")
    result_label = gettext_lazy("Continuation")
    send_label = gettext_lazy("Continue")
    css_class = "document"
    continues_input = True


APP_KINDS.add(Generation(), order=4)
