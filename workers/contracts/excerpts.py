"""Quotes of what a person wrote: long texts are cut where they are shown, and say so."""


def excerpt(text: str, most: int) -> str:
    """Return the text, or its first `most` characters with an ellipsis where it is longer."""
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
