"""The language switch: remembered in the browser, and in the account of the signed-in person."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from apps.accounts.models import User
from apps.accounts.services import update_profile
from apps.core.access_rules import ANYONE, rule
from apps.core.errors import UserError


@csrf_exempt
@rule(post=ANYONE)
def choose_language(request: HttpRequest) -> HttpResponse:
    """Back to the page that asked (`next` or the Referer, of this site only), in the `language` that was chosen.

    Pages of share links send no referrer, and so their forms come from nowhere, which the CSRF check refuses. Another
    site could change the language of its visitor's next page here; the session's cookie is Lax and does not come along.
    """
    code = request.POST.get("language", "")
    if code not in dict(settings.LANGUAGES):
        raise UserError(_("The studio does not support this language."))
    user = request.user
    if isinstance(user, User) and user.language != code:
        update_profile(user=user, name=user.name, language=code, timezone=user.timezone)
    return set_language(request)
