"""A function is a root wherever running it can construct a module, in whatever way it comes to one."""

from pathlib import Path

import pytest

from nnlint.analyse import analyse
from nnlint.roots import Roots

CONSTRUCT = {
    "by its name": "def net():\n    return nn.Linear(2, 3)\n",
    "a global name": "Layer = nn.Linear\ndef net():\n    return Layer(2, 3)\n",
    "a partial": "layer = functools.partial(nn.Linear, 2)\ndef net():\n    return layer(3)\n",
    "a registry": "LAYERS = {'linear': nn.Linear}\ndef net():\n    return LAYERS['linear'](2, 3)\n",
    "a registry of registries": (
        "ALL = [({'linear': nn.Linear},)]\ndef net():\n    return ALL[0][0]['linear'](2, 3)\n"
    ),
    "a default": "def net(layer=nn.Linear):\n    return layer(2, 3)\n",
    "a keyword's default": "def net(*, layer=nn.Linear):\n    return layer(2, 3)\n",
    "another function": (
        "def make():\n    return nn.Linear(2, 3)\ndef other():\n    return make()\ndef net():\n    return other()\n"
    ),
    "a closure": (
        "def around(layer):\n    def inner():\n        return layer(2, 3)\n    return inner\n"
        "net_of = around(nn.Linear)\ndef net():\n    return net_of()\n"
    ),
    "a decorator": (
        "def building(function):\n    def run():\n        return nn.Linear(2, 3)\n    return run\n"
        "@building\ndef net():\n    return 3\n"
    ),
    "what a decorator keeps": (
        "def keeping(function):\n    function.layer = nn.Linear\n    return function\n@keeping\n"
        "def helper():\n    return 3\ndef net():\n    return helper.layer(2, 3)\n"
    ),
    "a class attribute": "class Kind:\n    layer = nn.Linear\ndef net():\n    return Kind.layer(2, 3)\n",
    "a method": (
        "class Factory:\n    def make(self):\n        return nn.Linear(2, 3)\ndef net():\n    return Factory().make()\n"
    ),
    "an inherited method": (
        "class Base:\n    def make(self):\n        return nn.Linear(2, 3)\nclass Factory(Base):\n"
        "    pass\ndef net():\n    return Factory().make()\n"
    ),
    "a property": (
        "class Factory:\n    @property\n    def layer(self):\n        return nn.Linear(2, 3)\n"
        "def net():\n    return Factory().layer\n"
    ),
    "an object": (
        "class Holder:\n    pass\nholder = Holder()\nholder.layer = nn.Linear\ndef net():\n"
        "    return holder.layer(2, 3)\n"
    ),
    "a dataclass": (
        "@dataclasses.dataclass\nclass Parts:\n"
        "    layer: object = dataclasses.field(default_factory=lambda: nn.Linear(2, 3))\ndef net():\n"
        "    return Parts().layer\n"
    ),
    "an enumeration": (
        "class Kind(enum.Enum):\n    LINEAR = functools.partial(nn.Linear, 2)\ndef net():\n"
        "    return Kind.LINEAR.value(3)\n"
    ),
    "a named tuple": (
        "class Parts(typing.NamedTuple):\n    layer: object = nn.Linear\ndef net():\n    return Parts().layer(2, 3)\n"
    ),
    "a module of the project": (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = nn.Linear(2, 3)\ndef net():\n    return Net()\n"
    ),
    "a class made in it": (
        "Base = nn.Module\ndef net():\n    class Net(Base):\n        def __init__(self):\n"
        "            super().__init__()\n            self.a = torch.nn.Linear(2, 3)\n    return Net()\n"
    ),
    "an import of its own": "def net():\n    from torch.nn import Linear\n    return Linear(2, 3)\n",
    "the text of a name": "def net():\n    return getattr(nn, 'Lin' + 'ear')(2, 3)\n",
    "the text of a module's name": "def net():\n    return importlib.import_module('torch.nn').Linear(2, 3)\n",
    "its globals": "Layer = nn.Linear\ndef net():\n    return globals()['Layer'](2, 3)\n",
    "eval": "Layer = nn.Linear\ndef net():\n    return eval('Layer')(2, 3)\n",
    "a namespace": "class Kind:\n    layer = nn.Linear\ndef net():\n    return vars(Kind)['layer'](2, 3)\n",
    "a getter of attributes": "def net():\n    return operator.attrgetter('nn.Linear')(torch)(2, 3)\n",
    "torch": "def net():\n    return torch.nn.Linear(2, 3)\n",
    "a star import": "from torch.nn import *\ndef net():\n    return Linear(2, 3)\n",
    "a neighbour": "import parts\ndef net():\n    return parts.make()\n",
    "a name of a neighbour": "from parts import Layer\ndef net():\n    return Layer(2, 3)\n",
    "a neighbour's torch": "import parts\ndef net():\n    return parts.nn.Linear(2, 3)\n",
    "the class of an argument": (
        "class Config:\n    def build(self):\n        return nn.Linear(2, 3)\n"
        "def net(config: 'Config'):\n    return config.build()\n"
    ),
    "another name for getattr": "get = getattr\ndef net():\n    return get(get(torch, 'nn'), 'Linear')(2, 3)\n",
    "another name for a getter": (
        "from operator import attrgetter as getter\ndef net():\n    return getter('nn.Linear')(torch)(2, 3)\n"
    ),
    "another name for import_module": (
        "load = importlib.import_module\ndef net():\n    return load('torch.nn').Linear(2, 3)\n"
    ),
    "another name for sys.modules": (
        "import parts\nfrom sys import modules as loaded\ndef net():\n    return loaded['parts'].Layer(2, 3)\n"
    ),
    "a neighbour's __getattr__": "import lazy\ndef net():\n    return lazy.Anything(2, 3)\n",
    "a neighbour that a function returns": (
        "import parts\ndef neighbour():\n    return parts\ndef net():\n    return neighbour().Layer(2, 3)\n"
    ),
    "a neighbour that a function is given": (
        "import parts\ndef made(where):\n    return where.Layer(2, 3)\ndef net():\n    return made(parts)\n"
    ),
    "torch, which a function is given": ("import given\ndef net():\n    return given.made(torch)\n"),
    "a pattern": (
        "import parts\ndef net():\n    match parts:\n        case object(Layer=found):\n"
        "            return found(2, 3)\n"
    ),
    "a name of torch that is replaced": "torch.abs = nn.Linear\ndef net():\n    return torch.abs(2, 3)\n",
    "a name from outside that is replaced": "math.floor = nn.Linear\ndef net():\n    return math.floor(2, 3)\n",
    "an attribute of an outside class": (
        "enum.Enum.make = lambda self: nn.Linear(2, 3)\nclass Kind(enum.Enum):\n    A = 1\ndef net():\n"
        "    return Kind.A.make()\n"
    ),
    "a method of a dataclass that a decorator made": (
        "@dataclasses.dataclass\nclass Parts:\n    n: int = 2\n    @contextlib.contextmanager\n"
        "    def made(self):\n        yield nn.Linear(2, 3)\ndef net():\n    with Parts().made() as made:\n"
        "        return made\n"
    ),
    "one of two": (
        "if torch.cuda.is_available():\n    make = nn.Linear\nelse:\n"
        "    make = functools.partial(nn.Linear)\ndef net():\n    return make(2, 3)\n"
    ),
}
COMPUTE = {
    "numbers": "def area(side):\n    return math.floor(side) ** 2\n",
    "tensors": "def relu(x):\n    return F.relu(torch.abs(x))\n",
    "types": (
        "def check(x):\n    if not isinstance(x, torch.Tensor):\n        raise TypeError('no tensor')\n"
        "    return x.to(torch.float)\n"
    ),
    "each other": ("def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)\n"),
    "an enumeration": "class Mode(enum.Enum):\n    A = 'a'\ndef mode(name):\n    return Mode(name).value\n",
    "a dataclass": "@dataclasses.dataclass\nclass Size:\n    side: int = 3\ndef size():\n    return Size().side\n",
}
HEAD = """\
import contextlib, dataclasses, enum, functools, importlib, math, operator, typing
import torch
import torch.nn.functional as F
from torch import nn
"""
NEIGHBOURS = {
    "parts": f"{HEAD}\nLayer = nn.Linear\n\ndef make():\n    return nn.Linear(2, 3)\n",
    "lazy": f"{HEAD}\ndef __getattr__(name):\n    return nn.Linear\n",
    "given": "def made(torch_itself):\n    return torch_itself.nn.Linear(2, 3)\n",
}


@pytest.fixture
def roots(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that were run as roots."""
    run: list[str] = []
    evaluate = Roots._root

    def counting(self: Roots, root: object, *args: object, **kwargs: object) -> object:
        run.append(root.built_by)  # type: ignore[attr-defined]
        return evaluate(self, root, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Roots, "_root", counting)
    return run


@pytest.mark.parametrize("way", CONSTRUCT)
def test_a_function_that_constructs_is_run(way: str, tmp_path: Path, roots: list[str]) -> None:
    for name, text in NEIGHBOURS.items():
        (tmp_path / f"{name}.py").write_text(text)
    file = tmp_path / "net.py"
    file.write_text(HEAD + CONSTRUCT[way])
    analysis = analyse(str(file))
    assert any(root.startswith("net()") for root in roots)
    (model,) = (model for model in analysis.models if model.name == "net")
    assert model.parameters == 9


@pytest.mark.parametrize("what", COMPUTE)
def test_a_function_that_only_computes_is_not_run(what: str, tmp_path: Path, roots: list[str]) -> None:
    file = tmp_path / "net.py"
    file.write_text(HEAD + COMPUTE[what])
    assert analyse(str(file)).errors == []
    assert roots == [""]  # the module itself


def test_what_stands_in_a_body_that_nothing_runs_is_found(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(
        f"{HEAD}if None:\n    class Net(nn.Module):\n        def add(self):\n            return nn.Linear(2, 3)\n"
        "    def net():\n        return nn.Linear(2, 4)\n"
    )
    assert [site.counts for site in analyse(str(file)).layers] == [[9], [12]]


def test_a_method_is_looked_at_to_its_last_call(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(
        f"{HEAD}class Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n"
        "        self.out = 3\n    def load(self, state):\n        super().eval()\n"
        "        return nn.Linear(2, self.out)\n"
    )
    (site,) = analyse(str(file)).layers
    assert (site.counts, site.scope) == ([9], "Net.load")


def test_of_a_method_that_a_decorator_from_elsewhere_wraps_the_function_itself_counts(
    tmp_path: Path, roots: list[str]
) -> None:
    (tmp_path / "parts.py").write_text(
        "def wrapping(function):\n    def run(*args):\n        return function(*args)\n    return run\n"
    )
    file = tmp_path / "net.py"
    file.write_text(
        f"{HEAD}from parts import wrapping\nclass Net(nn.Module):\n    @wrapping\n    def forward(self, x):\n"
        "        return x\n    @wrapping\n    def add(self):\n        return nn.Linear(2, 3)\n"
    )
    (site,) = analyse(str(file)).layers
    assert site.counts == [9]
    assert roots == ["", "Net() at line 6", ""]  # forward() constructs nothing
