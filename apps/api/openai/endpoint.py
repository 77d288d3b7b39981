"""What every view of /v1 shares: its method, errors in OpenAI's shape, and headers that say what is left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from apps.api.openai.access import caller_of
from apps.api.openai.errors import ApiError, of_outage
from apps.core.outages import outage_of
from apps.workspaces.access.rules import APP_KEY, access_rule

logger = logging.getLogger(__name__)
AsyncView = Callable[..., Any]


def endpoint(method: str, *, values: str = "") -> Callable[[AsyncView], AsyncView]:
    """Open a view to the live key of an app, for one method; the view is given its caller. `values` as in `access_rule`.

    Errors have OpenAI's shape. There are no cookies, so no CSRF. OPTIONS says what is allowed, and gives pages of other
    sites no access (CORS): a key in a page would be everybody's.
    """
    allowed = {method, "HEAD"} if method == "GET" else {method}

    def decorate(view: AsyncView) -> AsyncView:
        @csrf_exempt
        @wraps(view)
        async def wrapped(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
            try:
                if request.method in allowed:
                    response = await view(request, await sync_to_async(caller_of)(request), **kwargs)
                elif request.method == "OPTIONS":
                    response = HttpResponse(status=204)
                    response["Allow"] = ", ".join([*sorted(allowed), "OPTIONS"])
                else:
                    message = _("Use %(method)s.") % {"method": method}
                    response = ApiError(405, "method_not_allowed", message).response()
                    response["Allow"] = ", ".join([*sorted(allowed), "OPTIONS"])
            except ApiError as error:
                response = error.response()
            except Exception as error:
                if not (outage := outage_of(error)):
                    raise
                logger.error("A request was refused: %s", outage.log)
                response = of_outage(outage).response()
            for name, value in getattr(request, "rate_headers", {}).items():
                response[name] = value
            return response

        wrapped.access_rule = access_rule(  # type: ignore[attr-defined]
            get=APP_KEY if method == "GET" else None,
            post=APP_KEY if method == "POST" else None,
            values=values,
        )
        return wrapped

    return decorate
