"""How a p-value is written."""


def p_text(p: float) -> str:
    """Return “p = 0.012”, or “p < 0.001” for a smaller one."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
