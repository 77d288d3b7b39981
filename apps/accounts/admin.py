"""Users: an administrator adds them, lets them in or not, and helps who is locked out. What signs them in is looked at,
or removed; making it is theirs."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from apps.accounts import services
from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin, RuledAdmin

# One way in: with two-step sign-in, limits on tries, and the audit trail.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = lambda request, extra_context=None: redirect("account_change_password")  # type: ignore[method-assign,assignment,return-value]

for _model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


def _may_change(request: HttpRequest, user: Any) -> bool:
    """Whether the person may change this account: only a superuser changes a superuser."""
    return user is None or not user.is_superuser or bool(getattr(request.user, "is_superuser", False))


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


@admin.register(User)
class UserAdmin(RuledAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    may = "add change delete"
    add_form = NewUserForm
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "language", "timezone"]}),
        (
            _("Permission"),
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        (_("When"), {"fields": ["last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    readonly_fields = ["last_login"]
    filter_horizontal = ()
    """Django's pair of lists has labels that programs which read aloud do not understand, and styles that the policy refuses."""
    autocomplete_fields = ["groups"]
    rights = ["is_staff", "is_superuser", "groups", "user_permissions"]
    """Given by superusers alone: others would give them to themselves."""

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if request.user.is_superuser else [*fixed, *self.rights]

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_change(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.email = obj.email.lower()
        super().save_model(request, obj, form, change)
        if not change or "email" in form.changed_data:
            services.vouch_for_address(obj)
        fields = sorted(name for name in form.changed_data if "password" not in name)
        services.tell(obj, "user.changed", by=_person(request), fields=fields)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = User.objects.get(pk=id)
            but = request.session.session_key if user == request.user else None
            services.end_sessions(user=user, but=but or "")
            services.tell(user, "user.password_reset", by=_person(request))
        return response

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count the rows that are deleted with accounts, also those that have no delete page of their own.

        An account may have many thousands of them, which Django would list one by one.
        """
        people = list(objs)
        counts = {str(User._meta.verbose_name_plural): len(people)}
        for relation in User._meta.related_objects:
            rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": people})
            if relation.on_delete is models.CASCADE and (count := rows.count()):
                counts[str(relation.related_model._meta.verbose_name_plural)] = count
        return [str(person) for person in people], counts, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        if not _may_change(request, obj):
            raise PermissionDenied
        services.delete_account(user=obj, by=_person(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            self.delete_model(request, user)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  (the admin pages require an account)
    return request.user


class LookedAt(ReadOnlyAdmin):
    """Shown without its secrets."""

    list_select_related = ["user"]
    search_fields = ["user__email", "user__name"]


class Removable(LookedAt):
    """Looked at, and removed for a person who is locked out or whose device is lost."""

    may = "delete"
    removed_action: str

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        is_given = super().has_delete_permission(request, obj)
        return is_given and _may_change(request, getattr(obj, "user", None))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        user = obj.user
        if not _may_change(request, user):
            raise PermissionDenied
        self.remove(obj)
        services.tell(user, self.removed_action, by=_person(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset.select_related("user"):
            self.delete_model(request, row)

    def remove(self, row: Any) -> None:
        row.delete()


@admin.register(EmailAddress)
class EmailAddressAdmin(LookedAt):
    list_display = ["email", "user", "verified", "primary"]
    list_filter = ["verified", "primary"]
    search_fields = ["email", "user__email", "user__name"]


@admin.register(Authenticator)
class AuthenticatorAdmin(Removable):
    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    fields = ["user", "type", "created_at", "last_used_at"]
    removed_action = "user.two_step_removed"


@admin.register(SocialAccount)
class SocialAccountAdmin(Removable):
    list_display = ["user", "provider", "uid", "date_joined", "last_login"]
    list_filter = ["provider"]
    fields = ["user", "provider", "uid", "date_joined", "last_login"]
    removed_action = "user.provider_removed"


@admin.register(UserSession)
class UserSessionAdmin(Removable):
    list_display = ["user", "created_at", "ip", "user_agent"]
    search_fields = ["user__email", "user__name", "ip"]
    fields = ["user", "created_at", "ip", "user_agent"]
    removed_action = "user.sessions_ended"

    def remove(self, row: UserSession) -> None:
        services.end_sessions(user=row.user, only=row.pk)
