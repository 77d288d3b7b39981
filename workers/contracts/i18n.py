"""No-op markers for strings that live in contracts: catalogues find them, pages translate them."""

from typing import Self


class Plural(str):
    """The plural of a text, with the `singular` and the name of the `number` that decides between them."""

    singular: str
    number: str

    def __new__(cls, singular: str, plural: str, number: str) -> Self:
        made = str.__new__(cls, plural)
        made.singular, made.number = singular, number
        return made


def gettext_noop(message: str) -> str:
    """Return `message` unchanged; the name is what the extractor looks for."""
    return message


def ngettext_noop(singular: str, plural: str, number: str) -> Plural:
    """Return both forms of a text; `number` names the parameter that is counted, as in Django's ngettext_lazy."""
    return Plural(singular, plural, number)
