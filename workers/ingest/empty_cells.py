"""Cells that hold a word or a sign in place of a text: errors of a spreadsheet, and words that often mean that there is none."""

SHEET_ERRORS = frozenset(
    [
        "#VALUE!", "#N/A", "#REF!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#BUSY!",
        "#CONNECT!", "#GETTING_DATA", "#ERROR!", "#WERT!", "#BEZUG!", "#NV", "#ZAHL!", "#VALEUR!", "#NOM?", "#NOMBRE!",
        "#¡VALOR!", "#¡REF!", "#¿NOMBRE?", "#¡DIV/0!", "#VALOR!", "#N/D", "#RIF!", "#VALORE!", "#ЗНАЧ!", "#ССЫЛКА!", "#Н/Д",
    ]
)  # fmt: skip
"""What Excel, LibreOffice and Google Sheets show for a formula that failed, in several languages."""
_WORDS = frozenset(
    {"n/a", "nan", "null", "none", "na", "nil", "<na>", "n.a.", "undefined", "(null)", "(blank)"}
)
_LONGEST = 16


def is_sheet_error(text: str) -> bool:
    """Whether a whole cell is what a spreadsheet shows for a formula that failed."""
    text = text.strip()
    return text[:1] == "#" and len(text) <= _LONGEST and text in SHEET_ERRORS


def may_say_nothing(text: str) -> bool:
    """Whether a whole cell is a word that may mean that there is no text. “None” may be an answer as well."""
    text = text.strip()
    return len(text) <= _LONGEST and text.casefold() in _WORDS
