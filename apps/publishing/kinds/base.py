"""What every kind of app has: settings, words, the request that it makes of a question, and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, cast

from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from workers.contracts.engine import HIGHEST_PENALTY, HIGHEST_TEMPERATURE, Sampling
from workers.contracts.model_folder import PromptMessage

MOST_SUGGESTIONS = 6
LONGEST_ANSWER = 4096
USUAL_LONGEST_ANSWER = 256
SHORTEST_LIMIT = 16
"""Tokens that an answer may have at least by default, however little the model reads."""

ICONS = {
    "message-circle": gettext_lazy("Speech bubble"),
    "article": gettext_lazy("Page of text"),
    "language": gettext_lazy("Two languages"),
    "writing": gettext_lazy("Pen and line"),
    "code": gettext_lazy("Angle brackets"),
    "tags": gettext_lazy("Tags"),
    "books": gettext_lazy("Books"),
    "lifebuoy": gettext_lazy("Lifebuoy"),
    "robot": gettext_lazy("Robot"),
    "school": gettext_lazy("Graduation cap"),
    "heart": gettext_lazy("Heart"),
    "bulb": gettext_lazy("Light bulb"),
    "ticket": gettext_lazy("Ticket"),
    "notes": gettext_lazy("Notepad"),
    "rocket": gettext_lazy("Rocket"),
    "feather": gettext_lazy("Feather"),
    "mood-smile": gettext_lazy("Smiling face"),
}
"""Icons that can be chosen, and what each shows."""


def setting(
    default: Any,
    *,
    title: str,
    help_text: str = "",
    group: str = "look",
    rows: int = 0,
    choices: Mapping[str, Any] | None = None,
    **limits: Any,
) -> Any:
    """A setting. `group` is its place in the form: look, prompt or sampling. `rows` are the lines of its text area."""
    if isinstance(default, list):
        limits["default_factory"] = default.copy
    else:
        limits["default"] = default
    extra: dict[str, Any] = {"group": group, "rows": rows}
    if choices:
        extra["enum"] = list(choices)
        limits["pattern"] = f"^({'|'.join(choices)})$"
    return Field(title=title, description=help_text, json_schema_extra=extra, **limits)


def setting_group(field: FieldInfo) -> str:
    """Return the part of the form that shows this setting."""
    extra: Any = field.json_schema_extra
    return str(extra["group"])


class AppSettings(BaseModel):
    """What people set for an app of any kind. Form, API, stored row and page come from the subclass of the kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = setting(
        "",
        title=gettext_noop("Description"),
        help_text=gettext_noop("One line below the name."),
        max_length=300,
    )
    icon: str = setting("message-circle", title=gettext_noop("Icon"), choices=ICONS)
    welcome: str = setting(
        "",
        title=gettext_noop("Welcome text"),
        help_text=gettext_noop("Shown before the first message."),
        rows=2,
        max_length=1000,
    )
    suggestions: list[Annotated[str, Field(max_length=300)]] = setting(
        [],
        title=gettext_noop("Suggested inputs"),
        help_text=gettext_noop(
            "One per line, at most six. Visitors can try one with a tap. The proposed inputs are held-out rows of your data. Remove any that visitors must not see."
        ),
        rows=3,
        max_length=MOST_SUGGESTIONS,
    )
    disclaimer: str = setting(
        "",
        title=gettext_noop("Disclaimer"),
        help_text=gettext_noop("Shown below the input. Empty: “Answers come from a model and may be wrong.”"),
        max_length=300,
    )

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Return stored settings, unchecked: they were checked when they were saved, and limits may have changed."""
        known = {name: stored[name] for name in cls.model_fields if name in stored}
        return cast("Self", cls.model_construct(**known))


class SamplingSettings(AppSettings):
    """Settings of an app whose model writes text."""

    max_tokens: int = setting(
        USUAL_LONGEST_ANSWER,
        title=gettext_noop("Maximum answer length, in tokens"),
        help_text=gettext_noop("A token is about four letters."),
        group="sampling",
        ge=1,
        le=LONGEST_ANSWER,
    )
    temperature: float = setting(
        0.0,
        title=gettext_noop("Temperature"),
        help_text=gettext_noop(
            "0 gives the most likely answer, as in the evaluation. Higher values give more varied answers."
        ),
        group="sampling",
        ge=0,
        le=HIGHEST_TEMPERATURE,
    )
    top_p: float = setting(
        1.0,
        title=gettext_noop("Top-p"),
        help_text=gettext_noop("Values below 1 exclude unlikely words."),
        group="sampling",
        ge=0.01,
        le=1,
    )
    repetition_penalty: float = setting(
        1.0,
        title=gettext_noop("Repetition penalty"),
        help_text=gettext_noop("Values above 1 reduce repetition."),
        group="sampling",
        ge=0.5,
        le=HIGHEST_PENALTY,
    )


@dataclass(frozen=True)
class VisitorOption:
    """A choice that a visitor has for each question, for instance the length of a summary."""

    name: str
    label: Any
    values: Mapping[str, Any]
    default: str


class AppKind:
    """One kind of app. A subclass in a file of its own states what differs; the registry holds an instance."""

    name: ClassVar[str]
    label: ClassVar[Any]
    icon: ClassVar[str]
    """Shown for new apps of this kind and on the button that sends."""
    tasks: ClassVar[tuple[str, ...]]
    """Names of the tasks whose models answer in such an app."""
    settings: ClassVar[type[AppSettings]] = SamplingSettings
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Settings of new apps, where they differ from those of the settings model."""
    welcome: ClassVar[Any]

    template: ClassVar[str] = "publishing/public/text.html"
    script: ClassVar[str] = "js/app/text.js"
    css_class: ClassVar[str] = ""
    input_rows: ClassVar[int] = 10
    input_label: ClassVar[Any] = gettext_lazy("Text")
    result_label: ClassVar[Any] = gettext_lazy("Result")
    send_label: ClassVar[Any] = gettext_lazy("Send")
    options: ClassVar[tuple[VisitorOption, ...]] = ()
    is_conversation: ClassVar[bool] = False
    """Whether earlier turns are part of the question, and of the page."""
    answers_with_labels: ClassVar[bool] = False
    """Whether an answer is a list of labels with their scores instead of text."""
    continues_input: ClassVar[bool] = False
    """Whether an answer goes on where the question ends, so that both are shown as one text."""
    is_code: ClassVar[bool] = False

    def new_settings(self, context_length: int | None) -> AppSettings:
        """Return the settings of a new app: greedy, as its model was evaluated, unless the kind has `defaults`."""
        values = {"icon": self.icon, "welcome": str(self.welcome), **self.defaults}
        if "max_tokens" in self.settings.model_fields:
            room = context_length // 2 if context_length else LONGEST_ANSWER
            values["max_tokens"] = max(SHORTEST_LIMIT, min(USUAL_LONGEST_ANSWER, room))
        return self.settings(**values)

    def sampling(self, settings: AppSettings) -> Sampling:
        """Return how the model writes an answer; the engine's defaults for a kind without such settings."""
        if not isinstance(settings, SamplingSettings):
            return Sampling()
        names = SamplingSettings.model_fields.keys() - AppSettings.model_fields.keys()
        return Sampling(**settings.model_dump(include=names))

    def option_limits(
        self, settings: Any, options: Mapping[str, Any], usual_tokens: Callable[[], float]
    ) -> dict[str, int]:
        """Return the fields of Sampling that a visitor's options change. `usual_tokens`: mean of the training answers."""
        return {}

    def messages(self, settings: Any, turns: Sequence[PromptMessage]) -> list[PromptMessage]:
        """Return what the model reads for a question: the last of `turns`."""
        return list(turns)

    def longest_answer(self, settings: AppSettings) -> int:
        """Return the most tokens that an answer may have; 0 where the model writes none."""
        return settings.max_tokens if isinstance(settings, SamplingSettings) else 0

    def clean_options(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return those of a visitor's options that this kind knows."""
        return {
            option.name: given[option.name]
            for option in self.options
            if isinstance(given.get(option.name), str) and given[option.name] in option.values
        }

    def labels_of(self, settings: Any) -> dict[str, Any]:
        """Return the labels of the two panes and of the button."""
        return {"input": self.input_label, "result": self.result_label, "send": self.send_label}

    def options_shown(self, chosen: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the options for the page, each with the value that counts now."""
        return [
            {
                "name": option.name,
                "label": option.label,
                "values": list(option.values.items()),
                "chosen": chosen.get(option.name, option.default),
            }
            for option in self.options
        ]

    def script_data(self) -> dict[str, bool]:
        """Return what the scripts of the app's page and of the trial page ask about the kind."""
        return {
            "answers_with_labels": self.answers_with_labels,
            "continues_input": self.continues_input,
            "is_code": self.is_code,
        }
