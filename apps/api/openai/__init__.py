"""/v1: published apps for programs that speak OpenAI's protocol. Plain async views, because DRF cannot stream."""
