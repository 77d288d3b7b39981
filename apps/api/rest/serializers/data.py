"""Serializers of uploads, imports, datasets and their versions."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.rest.serializers.fields import ObjectField
from apps.api.rest.serializers.jobs import JobSerializer
from apps.core.models import longest
from apps.datasets.models import Dataset, DatasetVersion, Import, task_choices
from workers.contracts.encodings import ENCODINGS
from workers.contracts.roles import Role
from workers.shared import addresses

MOST_PARTS = 10_000_000


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    job = JobSerializer(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id", "dataset", "number", "task_type", "roles", "rows_train", "rows_validation", "rows_test", "bytes",
            "is_ready", "is_trainable", "files_deleted_at", "result", "job", "created_at",
        ]  # fmt: skip


class ImportSerializer(serializers.ModelSerializer[Import]):
    job = JobSerializer(read_only=True)
    reading = ObjectField(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = Import
        fields = [
            "id", "dataset", "filename", "source_bytes", "source_sha256", "reading", "result", "job", "created_at",
        ]  # fmt: skip


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    versions: Any = serializers.SerializerMethodField()
    imports: Any = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_versions(self, dataset: Any) -> list[Any]:
        return [version.pk for version in dataset.newest_versions]

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_imports(self, dataset: Any) -> list[Any]:
        return [made.pk for made in dataset.newest_imports]

    class Meta:
        model = Dataset
        fields = ["id", "number", "name", "description", "archived_at", "versions", "imports", "created_at"]


class PartsSerializer(serializers.Serializer[Any]):
    """A file on its way."""

    id = serializers.CharField()
    part_bytes = serializers.IntegerField(help_text="How long each part is, but for the last one.")
    parts = serializers.ListField(
        child=serializers.IntegerField(), help_text="Numbers of the parts that are here."
    )


class UploadSerializer(serializers.Serializer[Any]):
    """Either a file (multipart), a text, the address of a file, or the parts of an upload."""

    file = serializers.FileField(required=False)
    text = serializers.CharField(required=False, trim_whitespace=False)
    upload = serializers.CharField(
        required=False, max_length=50, help_text="A file that came in parts: the id from `POST uploads/`."
    )
    parts = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_PARTS,
        help_text="With `upload`: how many parts the file has.",
    )
    address = serializers.CharField(
        required=False,
        max_length=addresses.MOST_CHARACTERS,
        help_text="A public http or https address that gives the file itself; the studio fetches it.",
    )
    filename = serializers.CharField(
        required=False, max_length=longest(Import, "filename"), default="pasted.txt"
    )
    name = serializers.CharField(required=False, max_length=longest(Dataset, "name"), default="")
    dataset = serializers.UUIDField(
        required=False, help_text="Add a version to this dataset instead of making one."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in ("file", "text", "address", "upload")) != 1:
            raise serializers.ValidationError(
                {"file": _("Send either a file, a text, an address or an upload.")}
            )
        if "upload" in attrs and "parts" not in attrs:
            raise serializers.ValidationError({"parts": _("Send the number of parts of the file.")})
        return attrs


class RereadSerializer(serializers.Serializer[Any]):
    """How to read the stored file; left out, what the job finds."""

    part = serializers.CharField(
        required=False, default="", help_text="A sheet or file, as listed under `parts` of the result."
    )
    encoding = serializers.ChoiceField(
        choices=list(ENCODINGS),
        required=False,
        default="",
        help_text="A codec, as the result's `codec` names it.",
    )


class ConfirmSerializer(serializers.Serializer[Any]):
    """What the data teaches and what its columns mean; left out, the import's own proposal."""

    task_type = serializers.ChoiceField(choices=task_choices(), required=False)
    roles = serializers.DictField(
        child=serializers.ChoiceField(choices=[r.value for r in Role]), required=False
    )
    merge_label_case = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Read labels that differ only in spelling (case, hyphens, quotation marks, a full stop) as one label.",
    )
    test_only = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Make every row a test row. The version can be evaluated on, not trained on.",
    )


class BaseChoiceSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
