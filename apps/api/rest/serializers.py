"""What goes in and out of the REST API. Settings and results keep the shape of their contracts."""

from typing import Any, get_args

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from pydantic import TypeAdapter
from rest_framework import serializers

from apps.api.rest.schema import RECIPE_REF
from apps.catalog.models import BaseModel, Export, ModelVersion
from apps.core.models import longest
from apps.core.settings_fields import api_field
from apps.core.verdicts import PlanText, VerdictText, verdict_text
from apps.datasets.models import Dataset, DatasetVersion, Import, task_choices
from apps.evaluation.models import Comparison, Evaluation
from apps.evaluation.services import MOST_ROWS
from apps.jobs.models import Job
from apps.jobs.queue_order import Queues
from apps.publishing.kinds import settings_fields
from apps.publishing.limits import LEAST_PASSWORD_CHARACTERS, MOST_PASSWORD_CHARACTERS
from apps.publishing.models import App, AppVersion, ShareLink
from apps.training.models import Preflight, Run
from apps.workspaces.access.api_keys import DAYS, MOST_DAYS
from apps.workspaces.models import ApiKey
from workers.contracts.encodings import ENCODINGS
from workers.contracts.recipes import Length
from workers.contracts.roles import Role
from workers.contracts.texts import Text
from workers.contracts.verdicts import RunEnding, VerdictCode
from workers.shared import addresses

MOST_PARTS = 10_000_000
TEXT_SCHEMA: dict[str, Any] = TypeAdapter(Text).json_schema()
"""The code, the parameters and the English of a stored text."""


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class ObjectField(serializers.JSONField):
    """A JSON object in the shape of a contract."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Send an object."))
        return super().to_internal_value(data)


@extend_schema_field(RECIPE_REF)
class RecipeField(ObjectField):
    """A Recipe; every field may be left out."""


class JobSerializer(serializers.ModelSerializer[Job]):
    error_fix = ObjectField(read_only=True, allow_null=True)
    fraction = serializers.FloatField(
        source="share_done", read_only=True, allow_null=True, help_text="0 to 1."
    )
    seconds_left = serializers.FloatField(
        source="seconds_until_end",
        read_only=True,
        allow_null=True,
        help_text="Until the work is done, or the training hours of the workspace are used up.",
    )
    jobs_ahead = serializers.SerializerMethodField(help_text="While queued: how many come before it.")
    texts = serializers.SerializerMethodField(
        help_text="`title`, `phase` and `error_message` by code and parameters, for programs that show another language."
    )

    class Meta:
        model = Job
        fields = [
            "id", "kind", "title", "state", "phase", "fraction", "seconds_left", "jobs_ahead", "device", "attempt",
            "texts", "error_code", "error_message", "error_field", "error_fix", "created_at", "started_at", "ended_at",
        ]  # fmt: skip

    @extend_schema_field({"type": "object", "additionalProperties": TEXT_SCHEMA})
    def get_texts(self, job: Job) -> dict[str, Any]:
        said = {"title": job.title, "phase": job.phase, "error_message": job.error_message}
        return {name: Text.parse(text).dump() for name, text in said.items()}

    def get_jobs_ahead(self, job: Job) -> int | None:
        shared: Any = self.context
        queues: Queues = shared.setdefault("queues", Queues())
        return queues.ahead_of(job)


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


class BaseModelSerializer(serializers.ModelSerializer[BaseModel]):
    class Meta:
        model = BaseModel
        fields = ["id", "kind", "name", "family", "location", "revision", "created_at"]


class PreflightRequestSerializer(serializers.Serializer[Any]):
    data = serializers.UUIDField(help_text="A dataset version.")  # type: ignore[assignment]
    base = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="As listed under bases; the default when left out.",
    )
    length = serializers.ChoiceField(choices=[v.value for v in Length], default=Length.STANDARD.value)
    recipe = RecipeField(required=False, default=dict)


class PreflightSerializer(serializers.ModelSerializer[Preflight]):
    job = JobSerializer(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)
    blocked = serializers.SerializerMethodField()

    class Meta:
        model = Preflight
        fields = [
            "id",
            "dataset_version",
            "base_label",
            "base_version",
            "length",
            "recipe",
            "result",
            "blocked",
            "job",
        ]

    def get_blocked(self, preflight: Preflight) -> bool:
        return bool(preflight.blocks)


class RunRequestSerializer(serializers.Serializer[Any]):
    preflight = serializers.UUIDField(help_text="One that has succeeded.")
    name = serializers.CharField(
        required=False, default="", max_length=longest(Run, "name"), allow_blank=True
    )
    max_minutes = serializers.FloatField(
        required=False,
        allow_null=True,
        help_text="Ends the run after this time; null lets it finish. Left out: as the pre-flight's recipe says.",
    )


class ContinueRequestSerializer(serializers.Serializer[Any]):
    """Either of the two."""

    epochs = serializers.FloatField(required=False, allow_null=True, default=None, help_text="More epochs.")
    minutes = serializers.FloatField(required=False, allow_null=True, default=None, help_text="More minutes.")
    name = serializers.CharField(
        required=False, default="", max_length=longest(Run, "name"), allow_blank=True
    )


class PlanSerializer(serializers.Serializer[PlanText]):
    """How much of its plan a run went through, and what ended it."""

    sentence = serializers.CharField()
    steps = serializers.IntegerField(source="progress.steps")
    planned_steps = serializers.IntegerField(
        source="progress.planned_steps", help_text="0 where it is unknown."
    )
    share = serializers.FloatField(
        source="progress.share",
        allow_null=True,
        help_text="Of the planned steps; null where the plan is unknown.",
    )
    ended_by = serializers.ChoiceField(source="progress.ending", choices=list(get_args(RunEnding)))


class VerdictSerializer(serializers.Serializer[VerdictText]):
    """What a run amounts to: `warns` where it diverged or learned nothing, although its job has succeeded."""

    code = serializers.ChoiceField(choices=[code.value for code in VerdictCode])
    warns = serializers.BooleanField(help_text="Whether publishing the model needs confirm_verdict.")
    headline = serializers.CharField()
    advice = serializers.CharField(help_text="Empty where nothing needs to be done.")
    plan = PlanSerializer(allow_null=True)


class RunSerializer(serializers.ModelSerializer[Run]):
    job = JobSerializer(read_only=True)
    recipe = RecipeField(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)
    verdict = serializers.SerializerMethodField(help_text="Null until the run has ended.")

    class Meta:
        model = Run
        fields = [
            "id", "number", "name", "dataset_version", "preflight", "base_version", "model_version", "recipe", "result",
            "verdict", "planned_steps", "continues", "job", "created_at",
        ]  # fmt: skip

    @extend_schema_field(VerdictSerializer(allow_null=True))
    def get_verdict(self, run: Run) -> dict[str, Any] | None:
        return _verdict(run.result)


def _verdict(result: dict[str, Any] | None) -> dict[str, Any] | None:
    found = verdict_text(result)
    return VerdictSerializer(found).data if found else None


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    verdict = serializers.SerializerMethodField(
        help_text="Of the run that made it; null for any other model."
    )

    class Meta:
        model = ModelVersion
        fields = [
            "id", "number", "name", "kind", "family", "task_type", "origin", "origin_label", "parent", "dataset_version",
            "bytes", "parameters", "context_length", "labels", "precision", "notes", "verdict", "is_ready", "created_at",
        ]  # fmt: skip

    @extend_schema_field(VerdictSerializer(allow_null=True))
    def get_verdict(self, model: ModelVersion) -> dict[str, Any] | None:
        run = getattr(model, "run", None)
        return _verdict(run.result) if run is not None else None


class ExportSerializer(serializers.ModelSerializer[Export]):
    job = JobSerializer(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = Export
        fields = ["id", "model_version", "result", "job"]


class EvaluationRequestSerializer(serializers.Serializer[Any]):
    data = serializers.UUIDField(help_text="A dataset version.")  # type: ignore[assignment]
    model = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="None: the simple baseline of the task."
    )
    split = serializers.ChoiceField(
        choices=["test", "validation", "train", "all"],
        required=False,
        default="test",
        help_text="Which rows of the data are answered.",
    )
    training_data = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="What the baseline learns from, where `data` is for testing only.",
    )
    max_rows = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MOST_ROWS,
        help_text="Rows to sample; null: every row.",
    )


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    job = JobSerializer(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = Evaluation
        fields = [
            "id",
            "number",
            "dataset_version",
            "model_version",
            "training_data",
            "split",
            "max_rows",
            "result",
            "job",
            "created_at",
        ]


class ComparisonRequestSerializer(serializers.Serializer[Any]):
    """Either evaluations of one test set, or a tuned model to be compared with its base and the simple baseline."""

    evaluations = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    model = serializers.UUIDField(required=False)
    all_rows = serializers.BooleanField(
        required=False, default=False, help_text="With `model`: use every test row instead of a sample."
    )
    name = serializers.CharField(
        required=False, default="", max_length=longest(Comparison, "name"), allow_blank=True
    )


class ComparisonSerializer(serializers.ModelSerializer[Comparison]):
    job = JobSerializer(read_only=True, allow_null=True)
    evaluations = serializers.SerializerMethodField()
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = Comparison
        fields = ["id", "number", "name", "dataset_version", "evaluations", "result", "job", "created_at"]

    def get_evaluations(self, comparison: Comparison) -> list[str]:
        """In order; the n-th is `en` in the result."""
        return [str(compared.evaluation_id) for compared in comparison.compared.all()]


def _settings_fields() -> dict[str, Any]:
    return {name: api_field(field) for name, field in settings_fields().items()}


class AppVersionSerializer(serializers.ModelSerializer[AppVersion]):
    parity_job = JobSerializer(read_only=True, allow_null=True)
    parity = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = AppVersion
        fields = ["id", "number", "model_version", "parity", "parity_job", "created_at"]

    def get_fields(self) -> dict[str, Any]:
        """The fields of the row, and the settings that the kinds of apps have; an app shows those of its own kind."""
        return super().get_fields() | _settings_fields()

    def to_representation(self, version: AppVersion) -> dict[str, Any]:
        # The settings are no attributes of the row: DRF leaves them out, as they are not required.
        return super().to_representation(version) | version.settings.model_dump()


class AppSerializer(serializers.ModelSerializer[App]):
    live_version = AppVersionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = App
        fields = ["id", "number", "name", "slug", "app_type", "live_version", "archived_at", "created_at"]


class AppRequestSerializer(serializers.Serializer[Any]):
    """What is left out gets the default that fits the model. Settings that the app's kind does not have are ignored."""

    model = serializers.UUIDField()
    name = serializers.CharField(max_length=longest(App, "name"))
    publish = serializers.BooleanField(required=False, default=True)
    confirm_verdict = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Publishes a model although its run's verdict is a warning (result.verdict of the run).",
    )

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | _settings_fields()


class LinkSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(
        required=False, default="", max_length=longest(ShareLink, "name"), allow_blank=True
    )
    password = serializers.CharField(
        required=False,
        default="",
        min_length=LEAST_PASSWORD_CHARACTERS,
        max_length=MOST_PASSWORD_CHARACTERS,
        write_only=True,
        trim_whitespace=False,
        help_text="What visitors are asked for; left out, the address alone opens the app.",
    )
    url = serializers.CharField(read_only=True)


class AppKeySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=longest(ApiKey, "name"))
    prefix = serializers.CharField(read_only=True, help_text="How the secret begins.")
    can_write = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Whether the key may send requests to the app. Otherwise it may only list the app.",
    )
    days = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=DAYS,
        min_value=1,
        max_value=MOST_DAYS,
        write_only=True,
        help_text="Days until it expires. Null: it doesn't expire. A key that is made with another key expires no later than that one, regardless of this value: see `expires_at`.",
    )
    expires_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it stops working; null: never."
    )
    made_by = serializers.CharField(
        read_only=True, help_text="The person, and the key that a script made it with, which revokes it."
    )
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)


class NewAppKeySerializer(AppKeySerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown now and never again.")
