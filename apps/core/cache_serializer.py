"""What the cache holds, as JSON: Django's own serializer is pickle, which runs code that a person put into Redis."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


class JsonSerializer:
    """Raises TypeError for what JSON cannot say; a tuple comes back as a list."""

    def dumps(self, value: Any) -> int | bytes:
        # Redis counts with whole numbers as they are.
        return value if type(value) is int else json.dumps(value, cls=DjangoJSONEncoder).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
