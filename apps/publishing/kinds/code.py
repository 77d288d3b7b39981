"""Apps that complete a program."""

from django.utils.translation import gettext_lazy

from apps.publishing.kinds import APP_KINDS, AppKind


class Code(AppKind):
    name = "code"
    label = gettext_lazy("Code")
    icon = "code"
    tasks = ("code",)
    welcome = gettext_lazy("Write the beginning of a program, and the model completes it.")
    input_label = gettext_lazy("Code so far")
    result_label = gettext_lazy("Completion")
    send_label = gettext_lazy("Complete")
    css_class = "code"
    continues_input = True
    is_code = True


APP_KINDS.add(Code(), order=5)
