"""What keeps a repository of the Hub from being a base is found whatever its config.json holds."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.hub_models import (
    config_obstacle,
    context_of,
    family_of,
    files_obstacle,
    is_downloaded,
    original_of,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "model_type",
    "architectures",
    "auto_map",
    "quantization_config",
    "text_config",
    "max_position_embeddings",
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_no_config_breaks_the_check(config: dict[str, Any]) -> None:
    family = family_of(config)
    assert config_obstacle("some/model", config) is not None or family is not None
    context = context_of(config)
    assert context is None or context > 0


@given(
    st.lists(
        st.sampled_from(["model.safetensors", "a/model.safetensors", "pytorch_model.bin", "m.gguf", "x.py"])
    )
)
def test_only_safetensors_of_the_top_folder_are_weights(files: list[str]) -> None:
    assert (files_obstacle("some/model", files) is None) == ("model.safetensors" in files)


def test_the_way_out_of_a_quantized_model_is_the_original() -> None:
    tags = ["base_model:some/original", "base_model:quantized:some/original"]
    assert original_of(tags) == "some/original"
    assert "Choose some/original" in str(files_obstacle("some/model", ["m.gguf"], tags))
    assert "Choose the original model" in str(files_obstacle("some/model", ["m.gguf"]))


def test_code_and_other_formats_are_not_downloaded() -> None:
    assert is_downloaded("model-00001-of-00002.safetensors")
    assert not any(map(is_downloaded, ("model.py", "pytorch_model.bin", "a/tokenizer.json", "README.md")))
