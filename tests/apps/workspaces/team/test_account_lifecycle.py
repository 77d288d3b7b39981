"""What stays in the audit trail when somebody leaves the studio: deeds, without the name, and nobody else's name changed."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.services import delete_account
from apps.workspaces import audit
from apps.workspaces.models import AuditEntry
from apps.workspaces.team.members import add_member

pytestmark = pytest.mark.django_db


def member(owner: Any, workspace: Any, email: str) -> User:
    user = User.objects.create_user(email, "a-long-password")
    add_member(actor=owner, workspace=workspace, user=user, role="viewer")
    audit.record(user, "user.signed_in", user)
    return user


def labels(user: User) -> set[str]:
    ids = {str(user.pk), *(str(pk) for pk in user.memberships.values_list("pk", flat=True))}
    return set(AuditEntry.objects.filter(object_id__in=ids).values_list("object_label", flat=True))


@pytest.mark.parametrize(
    "other",
    [
        "joann@example.com",
        "jo.ann@example.com",
        "jo+ann@example.com",
        "ann@example.com.au",
        "jo-ann@example.com",
    ],
)
def test_whoever_leaves_takes_no_part_of_anothers_address_along(
    owner: Any, workspace: Any, other: str
) -> None:
    ann, kept = member(owner, workspace, "ann@example.com"), member(owner, workspace, other)
    before = labels(kept)
    assert before == {other, f"{other}, viewer"}
    hers = labels(ann)
    ids = AuditEntry.objects.filter(object_label__in=hers).values_list("pk", flat=True)
    ids = list(ids)
    delete_account(user=ann)
    assert labels(kept) == before
    left = set(AuditEntry.objects.filter(pk__in=ids).values_list("object_label", flat=True))
    assert left == {"deleted account", "deleted account, viewer"}
    assert not AuditEntry.objects.filter(object_label__startswith="ann@example.com,").exists()
