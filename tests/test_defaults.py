"""Where a configuration comes from that nobody gives, and what a module gives that is not wholly understood."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from nnlint.analyse import analyse

CONFIG = """
from dataclasses import dataclass
from elsewhere import checked, ranged

class Lookup:
    aliases = {"width": "hidden_size"}
    def __getattribute__(self, name):
        return super().__getattribute__(super().__getattribute__("aliases").get(name, name))

@checked
@dataclass
class Config(Lookup):
    hidden_size: int = 4
    depth: int = ranged(min=0)(default=2)
    heads: int = len(3)
"""


def totals(folder: Path, net: str, **files: str) -> dict[str, int | None]:
    """The totals of the models of net.py, beside config.py and further files."""
    for name, text in {"config": CONFIG, **files, "net": "import torch\nfrom torch import nn\n" + net}.items():
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
    analysis = analyse(str(folder / "net.py"))
    assert analysis.errors == []
    return {model.title: model.parameters for model in analysis.models}


NET = """
class Base(nn.Module):
    {base}
class Net(Base):
    {own}
    def __init__(self, config{annotation}):
        super().__init__()
        self.head = nn.Linear(config.{size}, 1)
"""


@pytest.mark.parametrize(
    ("base", "own", "annotation", "size", "total"),
    [
        ("pass", "pass", ": Config", "hidden_size", 5),
        ("config: Config", "pass", "", "hidden_size", 5),
        ("config_class = Config", "pass", "", "hidden_size", 5),
        ("config_class = None", "config: 'Config'", "", "width", 5),
        ("other: Config", "pass", "", "hidden_size", None),
        ("config_class = 4", "pass", "", "hidden_size", None),
        # What a class's body does not give is not known, and all else is.
        ("config: Config", "pass", "", "heads", None),
        ("config: Config", "pass", "", "depth", None),
    ],
)
def test_a_class_says_what_its_configuration_is(
    base: str, own: str, annotation: str, size: str, total: int | None, tmp_path: Path
) -> None:
    net = "from config import Config\n" + NET.format(base=base, own=own, annotation=annotation, size=size)
    found = totals(tmp_path, net)
    assert [count for title, count in found.items() if title.startswith("Net")] == [total]


def test_a_wrapper_has_the_annotations_of_what_it_wraps(tmp_path: Path) -> None:
    net = """
    import functools
    from config import Config
    def kept(cls):
        build = cls.__init__
        @functools.wraps(build)
        def __init__(self, config, *args, **kwargs):
            build(self, config, *args, **kwargs)
        cls.__init__ = __init__
        return cls
    @kept
    class Net(nn.Module):
        def __init__(self, config: Config):
            super().__init__()
            self.head = nn.Linear(config.width, 1)
    """
    assert totals(tmp_path, textwrap.dedent(net)) == {"Net() with Config defaults": 5}


LAZY = """
import sys
from typing import TYPE_CHECKING
from elsewhere import Lazy
if TYPE_CHECKING:
    from .sizes import WIDTH
    from .parts import *
else:
    sys.modules[__name__] = Lazy(__name__, globals()["__file__"], {"sizes": ["WIDTH"]}, module_spec=__spec__)
"""


def test_a_module_that_replaces_itself_gives_what_type_checkers_see(tmp_path: Path) -> None:
    files = {"lazy.__init__": LAZY, "lazy.sizes": "WIDTH = 4", "lazy.parts": "__all__ = ['DEPTH']\nDEPTH = 2"}
    net = "from lazy import WIDTH, DEPTH\ndef net(): return nn.Linear(WIDTH, DEPTH)"
    assert totals(tmp_path, net, **files) == {"net()": 10}


def test_what_only_type_checkers_see_is_not_there_at_run_time(tmp_path: Path) -> None:
    plain = LAZY.partition("else:")[0]
    net = "try:\n    from lazy import WIDTH\nexcept ImportError:\n    WIDTH = 8\ndef net(): return nn.Linear(WIDTH, 1)"
    assert totals(tmp_path, net, **{"lazy.__init__": plain, "lazy.sizes": "WIDTH = 4"}) == {"net()": 9}


def test_a_module_that_means_to_fail_fails(tmp_path: Path) -> None:
    net = "try:\n    from lazy import WIDTH\nexcept ImportError:\n    WIDTH = 8\ndef net(): return nn.Linear(WIDTH, 1)"
    assert totals(tmp_path, net, lazy="WIDTH = 4\nraise ImportError('no')") == {"net()": 9}


def test_mappings_of_the_projects_own(tmp_path: Path) -> None:
    net = """
    from collections.abc import MutableMapping
    class Registry(MutableMapping):
        def __init__(self): self.held = {}
        def __getitem__(self, key): return self.held[key]
        def __setitem__(self, key, value): self.held[key] = value
        def __delitem__(self, key): del self.held[key]
        def __iter__(self): return iter(self.held)
        def __len__(self): return len(self.held)
    def net():
        registry = Registry()
        registry.update(a=3, b=5)
        registry.setdefault("a", 9)
        taken = registry.pop("b")
        width = sum(registry.values()) + len(registry.keys()) + registry.get("c", 1) + ("b" in registry)
        return nn.Linear(width, taken)
    """
    assert totals(tmp_path, textwrap.dedent(net)) == {"net()": 30}


@pytest.mark.parametrize(
    ("given", "total"), [("", 2), ("recurse=False", 0), ("remove_duplicate=False", 4), ("prefix='x.y'", 2)]
)
def test_named_parameters_as_torch_gives_them(given: str, total: int, tmp_path: Path) -> None:
    net = f"""
    def net():
        linear = nn.Linear(2, 2)
        shared = nn.Sequential(linear, linear)
        return nn.Linear(10, len([name for name, _ in shared.named_parameters({given})]), bias=False)
    """
    assert totals(tmp_path, textwrap.dedent(net)) == {"net()": 10 * total}
