"""Base models that the studio recommends: what recommended_bases.toml lists, with the facts that a choice needs."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workers.contracts.families import Family
from workers.contracts.recipes import HubBase
from workers.contracts.tasks import TaskName

RECOMMENDED_PATH = Path(__file__).with_name("recommended_bases.toml")
PermissiveLicence = Literal["Apache-2.0", "MIT"]
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]{4})?$")]


class RecommendedBase(BaseModel):
    """One model of the Hub. `checked` is the day on which its figures were last compared with the Hub, None for never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hub_id: str
    revision: str = "main"
    """Another one only where the main branch has no safetensors."""
    name: str = Field(min_length=1, max_length=60)
    family: Family
    model_type: str = Field(pattern=r"^[a-z0-9_-]+$", max_length=60)
    """As its config.json says."""
    tasks: tuple[TaskName, ...] = Field(min_length=1)
    """It is recommended for these; its family may learn others, too."""
    parameters: int = Field(gt=0)
    download_bytes: int = Field(gt=0)
    context: int = Field(gt=0)
    """Tokens that it can read."""
    licence: PermissiveLicence
    languages: tuple[LanguageCode, ...] = Field(min_length=1)
    other_languages: int = Field(0, ge=0)
    """How many it knows besides."""
    reason: str = Field(min_length=20, max_length=200)
    """In English; the catalogues translate it."""
    checked: date | None = None

    @model_validator(mode="after")
    def _is_a_hub_base(self) -> "RecommendedBase":
        HubBase(family=self.family, repo_id=self.hub_id, revision=self.revision)
        return self


@cache
def recommended_bases() -> tuple[RecommendedBase, ...]:
    """Every recommended base, in the order of the file: by family, the smaller ones first."""
    listed = tomllib.loads(RECOMMENDED_PATH.read_text())["base"]
    return tuple(RecommendedBase.model_validate(entry) for entry in listed)


def find_recommended(hub_id: str) -> RecommendedBase | None:
    return next((base for base in recommended_bases() if base.hub_id == hub_id), None)
