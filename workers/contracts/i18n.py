"""A no-op marker for strings that live in contracts: catalogues find them, pages translate them."""


def gettext_noop(message: str) -> str:
    """Return `message` unchanged; the name is what the extractor looks for."""
    return message
