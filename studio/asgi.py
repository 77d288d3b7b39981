"""Entry point of the web process: HTTP by Django, WebSockets by Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
http_application = get_asgi_application()

from channels.auth import AuthMiddleware  # noqa: E402  (models load only after Django is set up)
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402

from apps.accounts.middleware import SocketSessionMiddleware  # noqa: E402
from apps.core.sockets import SameOriginOnly, TellsOutages, WithinRates  # noqa: E402
from apps.workspaces.access.request_limits import BoundedBodies  # noqa: E402
from studio.urls import websocket_urlpatterns  # noqa: E402

_sockets = CookieMiddleware(SocketSessionMiddleware(AuthMiddleware(URLRouter(websocket_urlpatterns))))

application = ProtocolTypeRouter(
    {
        "http": BoundedBodies(http_application),
        "websocket": SameOriginOnly(TellsOutages(WithinRates(_sockets))),
    }
)
