"""The serving engine: models in memory, continuous batching, OpenAI's protocol over HTTP."""
