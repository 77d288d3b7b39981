"""Configurations of other training tools, one file per tool."""

from apps.training.export.tools.automodel import AutoModel
from apps.training.export.tools.axolotl import Axolotl
from apps.training.export.tools.llama_factory import LlamaFactory
from apps.training.export.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (LlamaFactory(), Axolotl(), AutoModel())
"""In the order of the README."""
