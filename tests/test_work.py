"""How much nnlint does for a file, in counts that are the same on every machine: pieces of text that LibCST parses, and
steps of the evaluation. Seconds are for tests/benchmark.py."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import libcst
import pytest
from benchmark import BLOCKS

from nnlint.analyse import Kept, analyse, imported_names
from nnlint.evaluate.constructions import Constructions, Given, Reading, Template
from nnlint.evaluate.control import Control
from nnlint.evaluate.machine import Machine
from nnlint.roots import GENERIC_STEPS, Roots


@dataclass
class Work:
    """What has been done so far. parsed: the texts that LibCST was given."""

    parsed: list[str] = field(default_factory=list)
    steps: int = 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    counted = Work()
    parse, step = libcst.parse_module, Control.step

    def counting_parse(text: str) -> libcst.Module:
        counted.parsed.append(text)
        return parse(text)

    def counting_step(self: Control, cost: int = 1) -> None:
        counted.steps += cost
        step(self, cost)

    monkeypatch.setattr(libcst, "parse_module", counting_parse)
    monkeypatch.setattr(Control, "step", counting_step)
    return counted


def test_a_file_is_parsed_once_however_many_import_it(work: Work, checkout: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(checkout / "fixtures" / "projects" / "absolute_imports", project)
    files = sorted(project.rglob("*.py"))
    counts = [site.counts for file in files for site in analyse(str(file)).layers]
    assert counts == [[], [1_049_600], [65_600]]
    bodies = [text for text in work.parsed if text.startswith("def _")]
    modules = [text for text in work.parsed if text not in bodies]
    assert len(modules) == len(set(modules)) == len(files) == 5
    assert len(bodies) == 2  # of the function and of the method in mlp.py
    assert 150 <= work.steps <= 190


def test_what_is_kept_in_a_process_is_bounded(
    work: Work, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(checkout / "fixtures" / "projects" / "absolute_imports", project)
    file = next(file for file in sorted(project.rglob("*.py")) if analyse(str(file)).layers)
    before, modules = analyse(str(file)), [text for text in work.parsed if not text.startswith("def _")]
    monkeypatch.setattr("nnlint.analyse.KEPT_FILES", 2)
    monkeypatch.setattr("nnlint.analyse.KEPT_TEXT", 100)
    monkeypatch.setattr("nnlint.analyse._kept", Kept())
    parsed = []
    for _ in range(5):
        work.parsed.clear()
        assert analyse(str(file)) == before
        parsed.append(len([text for text in work.parsed if not text.startswith("def _")]))
    assert parsed == [len(modules), 0, len(modules), 0, len(modules)]


def test_a_file_without_layers_is_not_parsed(work: Work, tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text("WIDTH = 3\n")
    (tmp_path / "plain.py").write_text("from names import WIDTH\n\n\ndef area(side=WIDTH):\n    return side\n")
    assert analyse(str(tmp_path / "plain.py")).layers == []
    assert (work.parsed, work.steps) == ([], 0)


@pytest.mark.parametrize(
    ("text", "is_evaluated"),
    [
        ('"""Like torch."""\nTEXT = """\nfrom torch import nn\n"""\nsize = len(TEXT)\n', False),
        ("import names.torch_sizes\nfrom .torch import nn\nwidth = 'torch.nn'\n", False),
        ("def f():\n    import torch.nn as nn\n    return nn.Linear(2, 2)\n", True),
        ("import os, pytorch_lightning\nwidth = 3\n", True),
        ("from torch \\\n    import nn\nlayer = nn.Linear(2, 2)\n", True),
        ("import importlib\nlayer = importlib.import_module('torch.nn').Linear(2, 2)\n", True),
        ("import importlib\nlayer = importlib.import_module('torches.nn').Linear(2, 2)\n", False),
    ],
)
def test_a_file_that_only_speaks_of_torch_is_not_evaluated(
    text: str, is_evaluated: bool, work: Work, tmp_path: Path
) -> None:
    (tmp_path / "plain.py").write_text(text)
    assert analyse(str(tmp_path / "plain.py")).errors == []
    assert (bool(work.parsed), work.steps > 0) == (is_evaluated, is_evaluated)


def test_a_file_that_imports_one_with_layers_is_parsed(work: Work, tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text("from torch import nn\nWIDTH = 3\n")
    (tmp_path / "plain.py").write_text("from names import WIDTH\n\n\ndef area(side=WIDTH):\n    return side\n")
    analyse(str(tmp_path / "plain.py"))
    assert work.parsed and work.steps


def test_imports_are_read_once_in_each_file_of_a_project_without_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def reading(module: str, is_package: bool, text: str) -> Iterator[str]:
        read.append(module)
        return imported_names(module, is_package, text)

    monkeypatch.setattr("nnlint.analyse.imported_names", reading)
    names = [f"part{index}" for index in range(20)]
    for name in names:
        (tmp_path / f"{name}.py").write_text("".join(f"import {other}\n" for other in names))
    for name in names:
        assert analyse(str(tmp_path / f"{name}.py")).layers == []
    assert set(read) == set(names) and len(read) <= 2 * len(names)  # as the file at hand, and as one that is imported


def test_a_body_that_nothing_calls_is_not_parsed(work: Work, tmp_path: Path) -> None:
    methods = "".join(f"    def method{index}(self, x):\n        return x\n\n" for index in range(50))
    text = f"from torch import nn\n\n\nclass Net(nn.Module):\n{methods}    def make(self):\n        nn.Linear(2, 3)\n"
    (tmp_path / "net.py").write_text(text)
    (site,) = analyse(str(tmp_path / "net.py")).layers
    assert site.counts == [9]
    assert len(work.parsed) <= 2


def test_an_equal_block_more_costs_little_more(work: Work, tmp_path: Path) -> None:
    steps, pieces = {}, {}
    for depth in (1, 96):
        path = tmp_path / f"net{depth}.py"
        path.write_text(BLOCKS.format(depth=depth))
        before = replace(work, parsed=[*work.parsed])
        (_, net) = analyse(str(path)).models
        assert net.parameters == depth * 789_248
        steps[depth] = work.steps - before.steps
        pieces[depth] = len(work.parsed) - len(before.parsed)
    assert pieces[1] == pieces[96] == 3  # the module, and two constructors
    assert 200 <= steps[1] <= 240
    assert (steps[96] - steps[1]) / 95 <= 32


def test_what_an_attribute_of_the_programs_own_making_gave_is_remembered(work: Work) -> None:
    text = (
        "from torch import nn\n\nclass Lookup:\n    aliases = {'width': 'size'}\n    def __getattribute__(self, key):\n"
        "        if key != 'aliases' and key in super().__getattribute__('aliases'):\n"
        "            key = super().__getattribute__('aliases')[key]\n        return super().__getattribute__(key)\n\n"
        "class Config(Lookup):\n    size = 4\n\ndef net():\n    config = Config()\n"
        "    return nn.Linear(sum(config.width for _ in range(100)), 1)\n"
    )
    (model,) = (model for model in analyse("net.py", text).models if model.name == "net")
    assert model.parameters == 401
    assert 300 <= work.steps <= 350  # three for each round: a look-up anew takes five more


LOOKUP = (
    "class Lookup:\n    aliases = {'width': 'size'}\n    def __init__(self): self.size = 4\n"
    "    def __getattribute__(self, key):\n"
    "        if key != 'aliases' and key in super().__getattribute__('aliases'):\n"
    "            key = super().__getattribute__('aliases')[key]\n        return super().__getattribute__(key)\n\n"
    "class Block(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n"
    "        self.a = nn.Linear(config.width, config.width)\n        self.b = nn.Linear(config.width, config.width)\n\n"
    "CONFIG = Lookup()\n"
)
REPEATED = [
    "def first():\n    return Block()\n\ndef net():\n    return nn.ModuleList([Block(), Block(), Block(), Block()])\n",
    # What is saved of long lists is charged to the next arm that ends, be it in a block or not.
    "def net(flag):\n    w = list(range(50_000))\n    if flag:\n        Block()\n        w.append(1)\n"
    "        return nn.ModuleList([Block(), Block(), Block(), Block(), Block()])\n",
    # To look up what is remembered costs less: it is when a root has asked before, and until something is written.
    LOOKUP + "def first():\n    return CONFIG.width, Block(CONFIG), Block(CONFIG)\n\ndef second():\n"
    "    return Block(CONFIG), CONFIG.width\n\ndef third():\n    config = Lookup()\n"
    "    made = [Block(config) for _ in range(4)]\n    config.size = 4\n    made += [Block(config) for _ in range(4)]\n"
    "    return made, [Block(Lookup()) for _ in range(4)]\n",
    # What a function builds for a class is one of the models of this file: each method's object has its own.
    "def make(kind='none'):\n    if kind == 'none':\n        raise ValueError(kind)\n    return Block()\n\n"
    "class Net(nn.Module):\n    def __init__(self, size):\n        super().__init__()\n        self.a = make('a')\n"
    "        self.b = nn.ModuleList([Block(), Block(), Block()])\n\n    def one(self):\n"
    "        self.d = nn.Linear(2, 2)\n        return self.a\n\n    def two(self):\n"
    "        self.d = nn.Linear(2, 2)\n\n    def three(self):\n        self.d = nn.Linear(2, 2)\n",
]


NESTED = (
    "class Pair(nn.Module):\n    def __init__(self, size=3):\n        super().__init__()\n"
    "        self.one, self.two = Block(), Block()\n        self.c = nn.Linear(size, size)\n\n"
    "def first():\n    return Pair(), Pair(), Pair(4), Block()\n\n"
    "def second():\n    return Block(), [Pair() for _ in range(5)], Pair(4), Pair(4)\n\n"
    "def third():\n    return Pair(4), Pair(), Block()\n"
)


@pytest.mark.parametrize("program", [*REPEATED, NESTED])
def test_what_a_root_constructs_takes_the_same_steps_whatever_was_constructed_before(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    text = (
        "import random\nfrom torch import nn\n\nclass Block(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.a = nn.Linear(4, 4)\n"
        "        self.b = nn.Linear(4, 4) if random.random() < 0.5 else nn.Linear(4, 2)\n\n" + program
    )
    copies, copy, start, run = [], Template.copy, Machine.start, Roots._root
    charged: list[int] = []

    def counting_copy(self: Template, machine: Machine, given: Given, steps: int) -> object:
        copies.append(self)
        return copy(self, machine, given, steps)

    def forgetful_start(machine: Machine) -> None:
        start(machine)
        machine.constructions.forget()

    def charged_root(roots: Roots, *args: Any, **kwargs: Any) -> object:
        ended = run(roots, *args, **kwargs)
        charged.append(roots.machine.steps)
        return ended

    def analysed() -> tuple[str, list[int], int]:
        copied = len(copies)
        charged.clear()
        return repr(analyse("net.py", text)), [*charged], len(copies) - copied

    monkeypatch.setattr(Template, "copy", counting_copy)
    monkeypatch.setattr(Roots, "_root", charged_root)
    found, steps, copied = analysed()
    with monkeypatch.context() as forgetful:
        forgetful.setattr(Machine, "start", forgetful_start)
        forgotten = analysed()
    with monkeypatch.context() as plain:
        plain.setattr(Machine, "is_repeatable", lambda machine: False)
        evaluated = analysed()
    assert evaluated[0] == forgotten[0] == found
    assert evaluated[2] == 0 < forgotten[2] <= copied
    assert steps == forgotten[1] and sum(steps) < sum(evaluated[1])


OVER_BLOCKS = (
    "class Block(nn.Module):\n    def __init__(self, size):\n        super().__init__()\n"
    "        self.a = nn.Linear(size, size)\n        self.b = nn.Linear(size, size)\n\n"
    "def fill(module, name):\n    if isinstance(module, nn.Linear):\n        nn.init.ones_(module.weight)\n"
    "        nn.init.zeros_(module.bias)\n\n"
    "def over(module, fn, name=''):\n    for child_name, child in module.named_children():\n"
    "        over(child, fn, f'{name}.{child_name}')\n    fn(module, name)\n    return module\n\n"
    "def one():\n    return over(nn.ModuleList([Block(4) for _ in range(8)]), fill)\n\n"
    "def two():\n    made = over(nn.ModuleList([Block(4) for _ in range(9)]), fill)\n"
    "    made[7].a.weight = nn.Parameter(torch.ones(2, 4))\n    return over(made, fill)\n"
)
OVER_TENSORS = (
    "def fill(tensor, std=1.0):\n    with torch.no_grad():\n        tensor.uniform_(-std, std)\n"
    "        tensor.mul_(std)\n    return tensor\n\n"
    "class Net(nn.Module):\n    def __init__(self, sizes):\n        super().__init__()\n"
    "        self.a = nn.ModuleList([nn.Linear(4, size) for size in sizes])\n        self.apply(self.fill)\n\n"
    "    def fill(self, module):\n        if isinstance(module, nn.Linear):\n"
    "            module.weight = fill(module.weight, 0.02)\n            fill(module.bias)\n\n"
    "def one():\n    return Net([6] * 16)\n\ndef two():\n    return Net([6] * 15 + [0, 2])\n"
)


@pytest.mark.parametrize(
    ("program", "counts"), [(OVER_BLOCKS, [8 * 40, 9 * 40 - 8]), (OVER_TENSORS, [16 * 30, 15 * 30 + 10])]
)
def test_a_call_that_only_reads_what_it_is_given_is_not_run_again_and_charged_the_same(
    monkeypatch: pytest.MonkeyPatch, program: str, counts: list[int]
) -> None:
    text = f"import torch\nfrom torch import nn\n\n{program}"
    results: list[object] = []
    charged: list[int] = []
    result, run = Reading.result, Roots._root

    def counting_result(self: Reading, machine: Machine, given: Given) -> object:
        results.append(self)
        return result(self, machine, given)

    def charged_root(roots: Roots, *args: Any, **kwargs: Any) -> object:
        ended = run(roots, *args, **kwargs)
        charged.append(roots.machine.steps)
        return ended

    monkeypatch.setattr(Reading, "result", counting_result)
    monkeypatch.setattr(Roots, "_root", charged_root)
    found = analyse("net.py", text)
    assert [m.parameters for m in found.models if m.kind == "function"] == counts
    repeated, steps = len(results), charged.copy()
    assert repeated >= 30
    charged.clear()
    with monkeypatch.context() as plain:
        plain.setattr(Constructions, "call", lambda self, machine, function, bound, run: run())
        assert repr(analyse("net.py", text)) == repr(found)
    assert len(results) == repeated and charged == steps


def test_a_call_that_only_reads_is_run_again_where_what_calls_it_says_something_else_of_gradients(
    tmp_path: Path,
) -> None:
    """torch refuses to write in place to a parameter while it records gradients."""
    (tmp_path / "filling.py").write_text(
        "def fill(tensor):\n    tensor.mul_(2)\n" + 4 * "    tensor.add_(1)\n" + "    return tensor\n"
    )
    (tmp_path / "without.py").write_text(
        "import torch\nfrom filling import fill\n\n@torch.no_grad()\ndef fill_safely(tensor):\n"
        "    return fill(tensor)\n"
    )
    net = tmp_path / "net.py"
    net.write_text(
        "from torch import nn\nfrom filling import fill\nfrom without import fill_safely\n\n"
        "def one():\n    layer = nn.Linear(2, 2)\n    fill_safely(layer.weight)\n    return layer\n\n"
        "def two():\n    layer = nn.Linear(2, 2)\n    fill(layer.weight)\n    return layer\n"
    )
    assert {model.name: model.parameters for model in analyse(str(net)).models} == {"one": 6}


def test_a_method_that_no_one_calls_takes_the_steps_of_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the class of an argument can be built is found out before, and not with the steps of the root."""
    text = (
        "from torch import nn\n\nclass Config:\n    width = 2\n\nclass Pipeline:\n"
        "    def __init__(self, config: Config, size):\n        self.size = size\n\n"
        "    def grow(self, config: Config, by: Config):\n        made = []\n        while True:\n"
        "            made.append(nn.Linear(config.width, by.width))\n"
    )
    steps: list[int] = []
    run = Roots._root

    def charged_root(roots: Roots, *args: Any, **kwargs: Any) -> object:
        ended = run(roots, *args, **kwargs)
        steps.append(roots.machine.steps)
        return ended

    monkeypatch.setattr(Roots, "_root", charged_root)
    assert analyse("net.py", text).layers[0].counts == [6]
    assert GENERIC_STEPS <= max(steps) < 1.1 * GENERIC_STEPS


LAZY = """
import sys
from typing import TYPE_CHECKING
from elsewhere import Lazy
if TYPE_CHECKING:
{stars}else:
    sys.modules[__name__] = Lazy(__name__, globals()["__file__"])
"""
PART = "__getattr__ = str\n__all__ = [\n    'part{}',\n]\ndef part{}(): return {}\n"


@pytest.mark.parametrize(
    ("last", "is_found"),
    [
        ("__all__ = ['WIDTH']\nWIDTH = 4\n", True),
        ("from .sizes import *\n", True),
        ("globals()[''.join(['WID', 'TH'])] = 4\n", True),
        ("__all__ = []\n__all__ += [''.join(['WID', 'TH'])]\nfrom .sizes import *\n", True),
        ("__all__ = ['DEPTH']\nDEPTH = 4\n", False),
        ("from .depths import *\n", False),
        ("globals()['DEPTH'] = 4\n", False),
    ],
)
def test_of_a_lazy_package_those_parts_are_parsed_that_may_have_the_name(
    last: str, is_found: bool, work: Work, tmp_path: Path
) -> None:
    parts = {f"part{index}": PART.format(index, index, index) for index in range(20)} | {"last": last}
    files = {
        "lazy/__init__.py": LAZY.format(stars="".join(f"    from .{name} import *\n" for name in parts)),
        "lazy/sizes.py": "WIDTH = 4\n",
        "lazy/depths.py": "DEPTH = 4\n",
        "net.py": "import lazy\nfrom torch import nn\ndef net(): return nn.Linear(getattr(lazy, 'WIDTH', 9), 1)\n",
    }
    for name, text in parts.items():
        files[f"lazy/{name}/__init__.py"] = LAZY.format(stars="    from .own import *\n")
        files[f"lazy/{name}/own.py"] = text
        files[f"lazy/{name}/sizes.py"], files[f"lazy/{name}/depths.py"] = "WIDTH = 4\n", "DEPTH = 4\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = analyse(str(tmp_path / "net.py"))
    assert [model.parameters for model in found.models] == [5 if is_found else None]  # what replaces it may have any
    assert not any("def part" in text for text in work.parsed)
    assert len(work.parsed) < 10
