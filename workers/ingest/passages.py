"""Cells that hold a text or several: passages that a search found, sentences of a persona, the parts of a prompt."""

from typing import Any

from workers.ingest.literals import nested_value

_TEXT_KEYS = ("text", "content", "page_content", "passage", "body", "snippet", "chunk", "document", "value")
_TITLE_KEYS = ("title", "heading", "name")


def passages(cell: str, between: str = "\n\n") -> str:
    """Return a cell's texts joined by `between`; a cell that holds no list of texts comes back stripped, as it is."""
    value = nested_value(cell)
    if value is None:
        return cell.strip()
    if isinstance(value, dict) and isinstance(value.get("parts"), list):
        value = value["parts"]
    items = value if isinstance(value, list) else [value]
    texts = [_text(item) for item in items]
    if not texts or any(text is None for text in texts):
        return cell.strip()
    return between.join(text for text in texts if text)


def _text(item: Any) -> str | None:
    """The text of one passage with its title above it, or None."""
    if isinstance(item, str):
        return item.strip()
    if not isinstance(item, dict):
        return None
    said = next((item[key] for key in (*_TEXT_KEYS, "parts") if isinstance(item.get(key), str | list)), None)
    text = _joined(said) if isinstance(said, list) else said
    title = next((item[key] for key in _TITLE_KEYS if isinstance(item.get(key), str)), None)
    return text if text is None or not title else f"{title}\n{text}"


def _joined(parts: list[Any]) -> str | None:
    """Sentences, or the parts of a message, as one text."""
    texts = [_text(part) for part in parts]
    return None if None in texts else "\n".join(text for text in texts if text)
