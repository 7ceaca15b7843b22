"""NNL301: a Sequential that no input passes, and the near misses that stay silent."""

import pytest

from nnlint.configuration import Configuration
from nnlint.evaluate import sequential
from nnlint.evaluate.sequential import runs_in_order
from nnlint.rules import check_file
from nnlint.values import Instance

BAD = "nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(30, 5))"
WORDS = "Linear at 2 takes 30 features, but Linear at 0 gives 20"
NET = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.net = "
BLOCK = (
    "class Block(nn.Sequential):\n    def __init__(self):\n"
    "        super().__init__(nn.Linear(10, 20), nn.Linear(30, 5))\n\n"
)
LISTED = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.blocks = "
GIVEN = (
    "\n\n    def __init__(self, body):\n        super().__init__()\n"
    "        self.body = body\n\n    def forward(self, x):\n        return [layer(x) for layer in self.body]\n\n\n"
)
FORWARD = "\n\n    def forward(self, x):\n        return "


def messages(text: str) -> list[str]:
    head = "import contextlib, pytest, torch\nfrom collections import OrderedDict\nfrom torch import nn\n\n"
    return [f"{f.code} {f.message}" for f in check_file("model.py", head + text, Configuration())]


FIRES = {
    "assigned": f"net = {BAD}\n",
    "called": f"net = {BAD}\nnet(torch.zeros(1))\n",
    "returned": f"def make():\n    return {BAD}\n\nnet = make()\nnet(torch.zeros(1))\n",
    "an attribute": f"{NET}{BAD}{FORWARD}self.net(x)\n",
    "given to an optimizer": f"net = {BAD}\ntorch.optim.SGD(net.parameters())\nnet.eval().to('cpu')\n",
    "a list": "layers = [nn.Linear(10, 20), nn.ReLU(), nn.Linear(30, 5)]\nnet = nn.Sequential(*layers)\n",
    "behind a condition": f"if input():\n    net = {BAD}\n",
    "by another name that is only called": f"{NET}{BAD}\n        parts = self.net\n        parts(torch.zeros(1))\n",
    "held, and each called": (
        f"{LISTED}nn.ModuleList([{BAD} for _ in range(3)]){FORWARD}[block(x) for i, block in enumerate(self.blocks)]\n"
    ),
    "held under a key, and called": f"{LISTED}nn.ModuleDict(dict(a={BAD})){FORWARD}self.blocks['a'](x)\n",
    "given to a function that calls it": (
        f"def train(net, x):\n    net.train()\n    return net(x)\n\ntrain({BAD}, input())\n"
    ),
    "of modules whose weights are set": (
        f"{NET}{BAD}\n        for m in self.modules():\n            if isinstance(m, nn.Linear):\n"
        "                nn.init.normal_(m.weight)\n"
    ),
    "an attribute called as a variable that is indexed": f"{NET}{BAD}\n\ndef f(net):\n    return net[0]\n",
}
FIRES_OTHERWISE = {
    "named layers": "net = nn.Sequential(OrderedDict([('a', nn.Linear(10, 20)), ('b', nn.Linear(30, 5))]))\n",
    "a subclass that only has a constructor": (
        "class Block(nn.Sequential):\n    def __init__(self, width):\n"
        "        super().__init__(nn.Conv2d(3, width, 3), nn.BatchNorm2d(2 * width))\n\nBlock(4)\n"
    ),
    "convolutions": "net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.Conv2d(16, 8, 3))\n",
    "nested": "net = nn.Sequential(nn.Sequential(nn.Linear(10, 20)), nn.Linear(30, 5))\n",
    "what precedes is not known": "net = nn.Sequential(input(), nn.Linear(10, 20), nn.Linear(30, 5))\n",
    "flattened": "net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(8, 5))\n",
}
SILENT = {
    "sizes that fit": "net = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))\n",
    "another dimension": "net = nn.Sequential(nn.Linear(10, 20), nn.BatchNorm1d(5))\n",
    "some width": "net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(30, 5))\n",
    "no parameters": "net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(5))\n",
    "flattened, of some size": "net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(77, 5))\n",
    "an unknown layer between": "net = nn.Sequential(nn.Linear(10, 20), input(), nn.Linear(30, 5))\n",
    "an unknown size": "net = nn.Sequential(nn.Linear(10, int(input())), nn.Linear(30, 5))\n",
    "a layer of the project between": (
        "class Cut(nn.Module):\n    def forward(self, x):\n        return x[..., :3]\n\n"
        "net = nn.Sequential(nn.Linear(10, 20), Cut(), nn.Linear(3, 5))\n"
    ),
    "indexed": f"{NET}{BAD}{FORWARD}self.net[2](x)\n",
    "sliced": f"{NET}{BAD}{FORWARD}self.net[:2](x)\n",
    "iterated": f"{NET}{BAD}{FORWARD}[layer(x) for layer in self.net]\n",
    "enumerated": f"{NET}{BAD}{FORWARD}[layer(x) for i, layer in enumerate(self.net)]\n",
    "its children": f"{NET}{BAD}{FORWARD}[layer(x) for layer in self.net.children()]\n",
    "by another name": f"{NET}{BAD}\n        parts = self.net\n        first = parts[0]\n",
    "by getattr": f"{NET}{BAD}{FORWARD}getattr(self, 'net')[0](x)\n",
    "unpacked": f"net = {BAD}\nparts = [*net]\n",
    "given on unpacked": f"net = {BAD}\nother = nn.ModuleList(list(net))\n",
    "returned, then indexed": f"def make():\n    return {BAD}\n\nnet = make()\nhead = net[0]\n",
    "returned by its name, then indexed": (
        f"def make():\n    net = {BAD}\n    return net\n\ndef f():\n    return make()[0]\n"
    ),
    "returned to a function that returns it": (
        f"def one():\n    return {BAD}\n\ndef two():\n    return one()\n\ndef f():\n    return two()[0]\n"
    ),
    "yielded, then iterated": f"def make():\n    yield {BAD}\n\ndef f(x):\n    return [list(net) for net in make()]\n",
    "a property": (
        f"class A:\n    @property\n    def net(self):\n        return {BAD}\n\n"
        "    def f(self):\n        return self.net[0]\n"
    ),
    "made by what a decorator keeps": f"@input\ndef make():\n    return {BAD}\n",
    "appended, then unpacked": (
        f"{LISTED}[]\n        self.blocks.append({BAD}){FORWARD}[a(x) for a, b, c in self.blocks]\n"
    ),
    "appended, then indexed each": (
        f"{LISTED}[]\n        self.blocks.append({BAD}){FORWARD}[block[0](x) for block in self.blocks]\n"
    ),
    "of a list that becomes an attribute": (
        f"{NET}None\n        parts = []\n        parts.append({BAD})\n        self.blocks = nn.ModuleList(parts)"
        f"{FORWARD}[block[0](x) for block in self.blocks]\n"
    ),
    "set by a key": f"{LISTED}nn.ModuleDict()\n        self.blocks['a'] = {BAD}{FORWARD}self.blocks['a'][0](x)\n",
    "added by name": f"{NET}None\n        self.add_module('net', {BAD}){FORWARD}self.net[0](x)\n",
    "added by a name that is not known": f"{NET}None\n        self.add_module(input(), {BAD}){FORWARD}x\n",
    "set by name": f"{NET}None\n        setattr(self, 'net', {BAD}){FORWARD}self.net[0](x)\n",
    "by getattr of a name that is not known": f"{NET}{BAD}{FORWARD}getattr(self, f'n{{x}}')[0](x)\n",
    "by get_submodule": f"{NET}{BAD}{FORWARD}self.get_submodule('net.0')(x)\n",
    "by the module's own list of children": f"{NET}{BAD}{FORWARD}[list(child) for child in self.children()]\n",
    "each layer of all levels": f"{NET}{BAD}{FORWARD}[m(x) for m in self.modules() if isinstance(m, nn.Linear)]\n",
    "given to a function that indexes it": (
        f"def f(net, x):\n    return net[0](x)\n\ndef g(x):\n    return f({BAD}, x)\n"
    ),
    "given to a class that iterates it": f"{NET}None{GIVEN}Net({BAD})\n",
    "given by keyword to a base that iterates it": (
        f"{NET}None{GIVEN}class Other(Net):\n    def __init__(self):\n        super().__init__(body={BAD})\n"
    ),
    "given to a function that a partial holds": (
        f"import functools\ndef f(net, x):\n    return net[0](x)\n\ndef g():\n    return functools.partial(f, {BAD})\n"
    ),
    "a default that is indexed": f"def f(x, net={BAD}):\n    return net[0](x)\n",
    "a field that is indexed": (
        "import dataclasses\n@dataclasses.dataclass\nclass D:\n    net: nn.Module\n    def f(self):\n"
        f"        return self.net[0]\n\nd = D({BAD})\n"
    ),
    "a subclass that is indexed": (f"{BLOCK}def f(x):\n    return Block()[0](x)\n"),
    "a subclass of a subclass, with a forward of its own": (
        f"{BLOCK}class Own(Block):\n    def forward(self, x):\n        return self[0](x)\n\nBlock()\n"
    ),
    "unpacked at once": f"first, second, third = {BAD}\n",
    "copied, then indexed": f"import copy\nnet = {BAD}\nfirst = copy.deepcopy(net)[0]\n",
    "in a tuple that is gone through": f"net = {BAD}\nfor part in (net, net):\n    part[0](torch.zeros(10))\n",
    "a forward of Sequential that is replaced": f"nn.Sequential.forward = input\nnet = {BAD}\n",
    "a forward of a layer that is replaced": f"setattr(nn.Linear, 'forward', input())\nnet = {BAD}\n",
    "a hook on all modules": f"nn.modules.module.register_module_forward_pre_hook(input)\nnet = {BAD}\n",
    "changed": f"net = {BAD}\nnet[2] = nn.Linear(20, 5)\n",
    "extended": f"net = {BAD}\nnet.append(nn.ReLU())\n",
    "a named layer used": (
        "net = nn.Sequential(OrderedDict([('a', nn.Linear(10, 20)), ('b', nn.Linear(30, 5))]))\nnet.a(input())\n"
    ),
    "a forward of its own": (
        "class Block(nn.Sequential):\n    def forward(self, x):\n        return x\n\n"
        "Block(nn.Linear(10, 20), nn.Linear(30, 5))\n"
    ),
    "another weight": (
        "last = nn.Linear(30, 5)\nlast.weight = nn.Parameter(torch.zeros(5, 20))\n"
        "net = nn.Sequential(nn.Linear(10, 20), last)\n"
    ),
    "a hook": (
        "last = nn.Linear(30, 5)\nlast.register_forward_pre_hook(print)\nnet = nn.Sequential(nn.Linear(10, 20), last)\n"
    ),
    "under try": f"try:\n    net = {BAD}\nexcept RuntimeError:\n    pass\n",
    "expected": f"def test():\n    net = {BAD}\n    with pytest.raises(RuntimeError):\n        net(torch.zeros(10))\n",
    "one context fits": (
        "def make(n):\n    return nn.Sequential(nn.Linear(10, 20), nn.Linear(n, 5))\n\nmake(20)\nmake(30)\n"
    ),
    "a list of modules": "parts = nn.ModuleList([nn.Linear(10, 20), nn.Linear(30, 5)])\n",
}


@pytest.mark.parametrize("name", FIRES)
def test_a_sequence_that_nothing_passes_is_reported(name: str) -> None:
    assert messages(FIRES[name]) == [f"NNL301 Sequential cannot run: {WORDS}"]


@pytest.mark.parametrize("name", FIRES_OTHERWISE)
def test_a_sequence_of_any_kind_is_followed(name: str) -> None:
    (message,) = messages(FIRES_OTHERWISE[name])
    assert message.startswith("NNL301 Sequential cannot run: ")


def test_where_the_size_fits_the_dimensions_are_named() -> None:
    text = "net = nn.Sequential(nn.Conv3d(3, 8, 1), nn.BatchNorm3d(8), nn.Conv2d(8, 3, 1))\n"
    words = "Conv2d at 2 takes nothing of 5 dimensions, which BatchNorm3d at 1 gives"
    assert messages(text) == [f"NNL301 Sequential cannot run: {words}"]


@pytest.mark.parametrize("name", SILENT)
def test_a_sequence_that_something_passes_or_that_is_taken_apart_is_not(name: str) -> None:
    assert messages(SILENT[name]) == []


def test_nested_sequentials_are_looked_through_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(module: Instance) -> bool:
        nonlocal calls
        calls += 1
        return runs_in_order(module)

    monkeypatch.setattr(sequential, "runs_in_order", counted)
    nested = "net = nn.Linear(10, 20)\nfor _ in range(40):\n    net = nn.Sequential(net)\n"
    text = f"{nested}nn.Sequential(net, nn.Linear(30, 5))\n"
    assert messages(text) and 40 < calls < 10_000
