"""Static files with their content's hash in the name, imports between our ES modules included; how they are sent."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

from apps.core.downloads import follow

_CHUNK_BYTES = 1 << 18


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
    manifest_strict = False


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise, which hands ASGI a plain iterator: Django warns of it and collects the whole file before its first byte."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> FileResponse:
        response: FileResponse = WhiteNoiseMiddleware.serve(static_file, request)
        file = response.file_to_stream
        if file is not None and isinstance(request, ASGIRequest):
            # The file itself stays among what is closed with the response.
            chunks = iter(partial(file.read, _CHUNK_BYTES), b"")
            response.streaming_content = follow(chunks)
        return response
