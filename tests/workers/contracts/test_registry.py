"""Registries find the kinds in the files of their package and in the modules that EXTENSIONS names."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workers.contracts.registry import Registry, UnknownKind, extension_modules

KIND = """
from {package} import REGISTRY

class Kind:
    name = "{name}"

REGISTRY.add(Kind(), order={order})
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package of kinds with the files `second` and `first`, and a module of its own with `third`."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "toy_kinds"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from workers.contracts.registry import Registry\nREGISTRY = Registry('toys', 'toy_kinds')\n"
    )
    for name, order in (("second", 2), ("first", 1)):
        (folder / f"{name}.py").write_text(KIND.format(package="toy_kinds", name=name, order=order))
    (tmp_path / "third_toy.py").write_text(KIND.format(package="toy_kinds", name="third", order=3))
    yield
    for name in [name for name in sys.modules if name.startswith(("toy_kinds", "third_toy"))]:
        del sys.modules[name]


def registry() -> Registry:
    from toy_kinds import REGISTRY  # type: ignore[import-not-found]

    return REGISTRY


@pytest.mark.usefixtures("package")
def test_the_files_of_the_package_are_its_kinds_in_their_order(monkeypatch):
    monkeypatch.delenv("EXTENSIONS", raising=False)

    assert list(registry()) == ["first", "second"]
    assert [kind.name for kind in registry().values()] == ["first", "second"]
    assert "third" not in registry() and registry().get("third") is None


@pytest.mark.usefixtures("package")
def test_a_module_that_the_environment_names_adds_a_kind_to_its_group_only(monkeypatch):
    monkeypatch.setenv("EXTENSIONS", "tasks:no_such_module, toys:third_toy")

    assert list(registry()) == ["first", "second", "third"]


@pytest.mark.usefixtures("package")
def test_an_unknown_kind_is_refused_with_the_names_of_the_known_ones():
    with pytest.raises(UnknownKind, match=r"'none' is none of the toys: first, second"):
        registry()["none"]


@pytest.mark.usefixtures("package")
def test_a_name_belongs_to_one_kind():
    first = registry()["first"]
    assert registry().add(first, order=1) is first
    with pytest.raises(ValueError, match="taken"):
        registry().add(type(first)())


@pytest.mark.parametrize(
    ("entry", "said"), [("third_toy", "group:module"), ("task:third_toy", "none of the groups")]
)
def test_an_extension_without_a_known_group_is_refused(entry, said, monkeypatch):
    monkeypatch.setenv("EXTENSIONS", entry)
    with pytest.raises(ValueError, match=said):
        extension_modules("toys")


@pytest.mark.usefixtures("package")
def test_an_extension_that_cannot_be_loaded_is_never_left_out_in_silence(monkeypatch):
    monkeypatch.setenv("EXTENSIONS", "toys:no_such_module")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            list(registry())
    monkeypatch.setenv("EXTENSIONS", "toys:third_toy")
    assert list(registry()) == ["first", "second", "third"]


@pytest.mark.usefixtures("package")
def test_threads_that_look_at_once_all_see_every_kind(tmp_path):
    """The first look is slow: others arrive while the modules are being imported."""
    slow = tmp_path / "toy_kinds" / "second.py"
    slow.write_text("import time\ntime.sleep(0.2)\n" + slow.read_text())
    found = registry()
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: list(found), range(8)))
    assert seen == [["first", "second"]] * 8
