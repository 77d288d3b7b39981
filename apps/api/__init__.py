"""REST under /api/v1 and the OpenAI-compatible /v1."""
