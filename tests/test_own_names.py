"""What a method may construct by the names that it binds itself, and where it is run for that."""

import ast

import pytest

from nnlint.analyse import analyse
from nnlint.own_names import perhaps_classes

MAY_BE_CLASSES = {
    "a choice": "def f(self, x):\n    layer = nn.Linear if x else nn.Conv1d\n    return layer(2, 3)\n",
    "in steps": "def f(self):\n    a = b = LAYERS\n    layer = a['x']\n    return layer(2, 3)\n",
    "a loop": "def f(self):\n    for i, layer in enumerate([nn.Linear]):\n        layer(2, 3)\n",
    "a comprehension": "def f(self):\n    return [layer(2, 3) for layer in LAYERS]\n",
    "a walrus": "def f(self):\n    return (layer := LAYERS[0])(2, 3), layer(2, 3)\n",
    "a default": "def f(self, layer=nn.Linear):\n    return layer(2, 3)\n",
    "a class method": "@classmethod\ndef f(layer):\n    return layer(2, 3)\n",
    "a special name": "def f(self):\n    layer = self.__class__\n    return layer(2, 3)\n",
    "a class in it": "def f(self):\n    class layer: pass\n    return layer(2, 3)\n",
    "a function in it": "def f(self):\n    def layer(a, b): return nn.Linear(a, b)\n    return layer(2, 3)\n",
    "an argument of a function in it": "def f(self):\n    g(lambda layer: layer(2, 3))\n",
    "a name around": "def f(self):\n    return layer(2, 3)\n",
    "a pattern": "def f(self, x):\n    match x:\n        case [layer]: return layer(2, 3)\n",
    "a layer's name of its own": "def f(self):\n    Loss = LAYERS[0]\n    layer = Loss()\n    return layer(2, 3)\n",
    "a block": "def f(self):\n    with chosen() as layer: return layer(2, 3)\n",
}
ARE_OBJECTS = {
    "a loss": "def f(self, x):\n    layer = Loss(weight=LAYERS[0])\n    return layer(x)\n",
    "a loop": "def f(self, x):\n    for layer in self.layers[:2]:\n        x = layer(x)\n",
    "a numbered loop": "@once\ndef f(self, x):\n    for i, (a, layer) in enumerate(zip(self.a, self.b)): layer(x)\n",
    "an item": "def f(self, x):\n    layers = self.layers\n    layer = layers[x]\n    return layer(x)\n",
    "an argument": "def f(self, layer, *more, **others):\n    return layer(2, 3)\n",
    "an exception": "def f(self):\n    try: pass\n    except E as layer: layer(2)\n",
}


@pytest.mark.parametrize("text", MAY_BE_CLASSES.values(), ids=MAY_BE_CLASSES)
def test_names_that_may_stand_for_classes(text: str) -> None:
    assert "layer" in (perhaps_classes(function_in(text), is_loss) or set())


@pytest.mark.parametrize("text", ARE_OBJECTS.values(), ids=ARE_OBJECTS)
def test_names_that_stand_for_objects(text: str) -> None:
    found = perhaps_classes(function_in(text), is_loss)
    assert found is not None and "layer" not in found


def test_names_of_elsewhere_may_be_anything() -> None:
    assert perhaps_classes(function_in("def f(self):\n    global layer\n    layer = self.x\n"), is_loss) is None


def is_loss(dotted: str) -> bool:
    return dotted == "Loss"


def function_in(text: str) -> ast.FunctionDef:
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    return function


METHOD = """from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2)])
    def forward(self, x):
        for {} in {}:
            x = layer(3, 4)
        return x
"""


@pytest.mark.parametrize(
    "names, values, sites",
    [("layer", "self.layers", {5: [6]}), ("_, layer", "zip(self.layers, [nn.Linear])", {5: [6], 8: [16]})],
)
def test_a_method_is_run_for_the_classes_that_it_may_call(names: str, values: str, sites: dict[int, list[int]]) -> None:
    found = analyse("net.py", METHOD.format(names, values)).layers
    assert {site.place.line: site.counts for site in found if site.counts} == sites


UNREACHED = """from torch import nn
class Net(nn.Module):
    def __init__(self, deep=False):
        super().__init__()
        self.a = nn.Linear(2, 3) if deep else nn.Identity()
    def forward(self, x):
        return nn.CrossEntropyLoss()(self.a(x))
"""


def test_what_a_constructor_does_not_reach_is_seen_where_it_stands() -> None:
    found = {(site.place.line, site.layer): site.counts for site in analyse("net.py", UNREACHED).layers}
    assert found[5, "torch.nn.Linear"] == [9]
