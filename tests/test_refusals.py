"""Calls that raise: reported only if they do so in every context known to reach them, and nothing expects it."""

from pathlib import Path

import pytest

from nnlint.configuration import parse_configuration
from nnlint.rules import check_file

HEAD = "import contextlib, os, sys, argparse, unittest, pytest, torch\nfrom torch import nn\n\n"
LEGAL, WRONG = "nn.Conv2d(64, 64, 3, groups=4)", "nn.Conv2d(64, 64, 3, groups=3)"
WORDS = "NNL201 Conv2d cannot be built: groups=3 does not divide in_channels=64"


def found(tmp_path: Path, text: str, **options: object) -> list[str]:
    """The findings on calls that raise, as "line code message", lines counted from the text's own first."""
    path = tmp_path / "net.py"
    path.write_text(HEAD + text, encoding="utf-8")
    findings = check_file(str(path), HEAD + text, parse_configuration(options))
    first = HEAD.count("\n")
    return [f"{f.line - first} {f.code} {f.message}" for f in findings]


FIRES = {
    "module-level code": f"conv = {WRONG}\n",
    "a function called with nothing": f"def f():\n    return {WRONG}\n",
    "behind a condition that is not known": f"if input():\n    conv = {WRONG}\n",
    "in a loop of unknown length": f"for _ in input():\n    conv = {WRONG}\n",
    "in every context": "def f(g):\n    return nn.Conv2d(64, 64, 3, groups=g)\n\nf(3)\nf(3)\n",
    "with a caller nobody calls": "def f(g):\n    return nn.Conv2d(64, 64, 3, groups=g)\n\ndef a():\n    f(3)\n",
    "a parameter that does not matter": f"def f(name):\n    {WRONG}\n    return name\n",
    "defaults that do not go together": "def f(c=64, g=3):\n    return nn.Conv2d(c, c, 3, groups=g)\n",
    "in a method of a class": f"class A:\n    def f(self):\n        return {WRONG}\n",
    "never reached, with literals": f"def f():\n    return 1\n    {WRONG}\n",
    "never reached, in a lambda": f"make = lambda: {WRONG}\n",
    "try without a handler": f"try:\n    {WRONG}\nfinally:\n    pass\n",
    "beside a question for an attribute of another object": (
        f"def f(config):\n    if hasattr(config, 'groups'):\n        return {WRONG}\n"
    ),
    "before a question for torch's version": f"{WRONG}\nif torch.__version__ < '1.9':\n    pass\n",
    "decorated by a manager that lets through": (
        "@contextlib.contextmanager\ndef timed():\n    try:\n        yield\n    finally:\n        print()\n\n"
        f"@timed()\ndef f():\n    return {WRONG}\n"
    ),
    "in the handler": f"try:\n    pass\nexcept ValueError:\n    {WRONG}\nelse:\n    {WRONG}\n",
    "after an else of a try": f"try:\n    pass\nexcept ValueError:\n    pass\n{WRONG}\n",
    "beside a test that expects another": (
        f"conv = {WRONG}\n\ndef test():\n    with pytest.raises(ValueError):\n        nn.Linear(-1, 5)\n"
    ),
    "without gradients": f"with torch.no_grad():\n    {WRONG}\n",
    "on a device": f"with torch.device('meta'):\n    {WRONG}\n",
    "a subclass": "class C(nn.Conv2d):\n    pass\n\nC(64, 64, 3, groups=3)\n",
    "a super call": "class C(nn.Conv2d):\n    def __init__(self):\n        super().__init__(64, 64, 3, groups=3)\n",
    "a partial": "import functools\nmake = functools.partial(nn.Conv2d, 64, 64)\nmake(3, groups=3)\n",
    "a default from the project's own call": "def f(c, g=3):\n    return nn.Conv2d(c, c, 3, groups=g)\n\nf(64)\n",
}
SILENT = {
    "legal": f"{LEGAL}\n",
    "one context builds": "def f(g):\n    return nn.Conv2d(64, 64, 3, groups=g)\n\nf(3)\nf(4)\n",
    "one context is not known": "def f(g):\n    return nn.Conv2d(64, 64, 3, groups=g)\n\nf(3)\nf(int(input()))\n",
    "one item of a loop builds": "for g in (4, 3):\n    nn.Conv2d(64, 64, 3, groups=g)\n",
    "one arm makes it legal": "g = 3\nif input():\n    g = 4\nnn.Conv2d(64, 64, 3, groups=g)\n",
    "one callee takes it": "make = nn.Identity if input() else nn.Linear\nmake(-1, 5)\n",
    "a placeholder that a condition looks at": (
        "def make(experts=0):\n    more = {}\n    if experts is not None:\n        more['experts'] = experts\n"
        "    if experts > 0:\n        return None\n    return nn.Conv2d(64, 64, 3, **more)\n"
    ),
    "another class of the project takes it": (
        "class Own(nn.BatchNorm2d):\n    def __init__(self, width, act=True):\n        super().__init__(width)\n\n"
        "make = nn.BatchNorm2d if input() else Own\nmake(3, act=True)\n"
    ),
    "what matters is not known": "nn.Conv2d(int(input()), 64, 3, groups=7 * int(input()))\n",
    "guarded by the code": "g = 3\nif 64 % g == 0:\n    nn.Conv2d(64, 64, 3, groups=g)\n",
    "guarded by an assertion": "def f(c=64, g=3):\n    assert c % g == 0\n    return nn.Conv2d(c, c, 3, groups=g)\n",
    "under try": f"try:\n    {WRONG}\nexcept ValueError:\n    pass\n",
    "under try with a finally that returns": f"def f():\n    try:\n        {WRONG}\n    finally:\n        return\n",
    "decorated by a manager of the project": (
        "@contextlib.contextmanager\ndef quiet():\n    try:\n        yield\n    except ValueError:\n        pass\n\n"
        f"@quiet()\ndef f():\n    return {WRONG}\n"
    ),
    "decorated by a class that is a manager": (
        "class Quiet(contextlib.ContextDecorator):\n    def __exit__(self, *_):\n        return True\n\n"
        f"@Quiet()\ndef f():\n    return {WRONG}\n"
    ),
    "for another version of torch": "if torch.__version__ < '1.9':\n    nn.Linear(3, 4, old=True)\n",
    "for another version, by a name": (
        "OLD = tuple(torch.__version__.split('.')) < ('1', '9')\nlayer = nn.Linear(3, 4, old=1) if OLD else None\n"
    ),
    "where a newer torch has returned": (
        "def f():\n    if torch.__version__ >= '2':\n        return None\n    return nn.Linear(3, 4, old=True)\n"
    ),
    "for a torch without something": "if not hasattr(nn, 'RMSNorm'):\n    nn.Linear(3, 4, old=True)\n",
    "for a signature that has it": (
        "import inspect\nif 'old' in inspect.signature(nn.Linear).parameters:\n    nn.Linear(3, 4, old=True)\n"
    ),
    "patched by name": "def test(mocker):\n    mocker.patch('torch.nn.Linear')\n    nn.Linear(-1, 4)\n",
    "patched by the object": (
        "from unittest import mock\nwith mock.patch.object(nn, 'Linear', print):\n    nn.Linear(-1, 4)\n"
    ),
    "called under try": f"def f():\n    return {WRONG}\n\ntry:\n    f()\nexcept ValueError:\n    pass\n",
    "nested in try": f"try:\n    def f():\n        return {WRONG}\nexcept ValueError:\n    pass\n",
    "expected by pytest": f"def test():\n    with pytest.raises(ValueError):\n        {WRONG}\n",
    "called where pytest expects it": (
        f"def f():\n    return {WRONG}\n\ndef test():\n    with pytest.raises(ValueError):\n        f()\n"
    ),
    "given to pytest": f"def f():\n    return {WRONG}\n\ndef test():\n    pytest.raises(ValueError, f)\n",
    "a lambda for unittest": (
        f"class T(unittest.TestCase):\n    def test(self):\n        self.assertRaises(ValueError, lambda: {WRONG})\n"
    ),
    "given to a check of the team's own": (
        f"def check_raises(make):\n    ...\n\ndef test():\n    check_raises(lambda: {WRONG})\n"
    ),
    "cases of a test that expects it": (
        f"CASES = [lambda: {WRONG}]\n\n@pytest.mark.parametrize('case', CASES)\ndef test(case):\n"
        "    with pytest.raises(ValueError):\n        case()\n"
    ),
    "an expectation by name": (
        f"def test():\n    expectation = pytest.raises(ValueError)\n    with expectation:\n        {WRONG}\n"
    ),
    "a manager that is a parameter": f"def test(expectation):\n    with expectation:\n        {WRONG}\n",
    "expected by unittest": (
        "class T(unittest.TestCase):\n    def test(self):\n        with self.assertRaises(ValueError):\n"
        f"            {WRONG}\n"
    ),
    "expected to fail": f"@pytest.mark.xfail\ndef test():\n    {WRONG}\n",
    "suppressed": f"with contextlib.suppress(ValueError):\n    {WRONG}\n",
    "a manager of the project": (
        "class M:\n    def __enter__(self):\n        return self\n    def __exit__(self, *_):\n        return True\n\n"
        f"with M():\n    {WRONG}\n"
    ),
    "a placeholder as default": "def f(classes=-1):\n    return nn.Linear(512, classes)\n",
    "None as default": (
        "class Net(nn.Module):\n    def __init__(self, classes=None):\n        super().__init__()\n"
        "        self.head = nn.Linear(512, classes)\n"
    ),
    "a placeholder for subclasses": (
        "class Net(nn.Module):\n    width = None\n    def __init__(self):\n        super().__init__()\n"
        "        self.head = nn.Linear(512, self.width)\n"
    ),
    "a default configuration": (
        "class Config:\n    def __init__(self, heads=5):\n        self.heads = heads\n\n"
        "class Net(nn.Module):\n    def __init__(self, config: Config):\n        super().__init__()\n"
        "        self.attention = nn.MultiheadAttention(64, config.heads)\n"
    ),
    "the command line": (
        "parser = argparse.ArgumentParser()\nparser.add_argument('--groups', type=int)\n"
        "args = parser.parse_args()\nnn.Conv2d(64, 64, 3, groups=args.groups)\n"
    ),
    "the command line, by click": (
        "import click\n@click.command()\n@click.option('--groups', default=3)\ndef main(groups):\n"
        "    nn.Conv2d(64, 64, 3, groups=groups)\n\nmain()\n"
    ),
    "the environment": "nn.Conv2d(64, 64, 3, groups=int(os.environ.get('GROUPS', '3')))\n",
    "a comprehension's own variable": (
        "n = -1\ndef f():\n    return 1\n    return [nn.Linear(n, 3) for n in range(3)]\n"
    ),
    "a lambda's own parameter": "n = -1\nmake = lambda n: nn.Linear(n, 3)\n",
    "not torch's": "class Conv2d:\n    def __init__(self, *_, **__):\n        pass\n\nConv2d(64, 64, 3, groups=3)\n",
    "replaced": "nn.Conv2d = print\nnn.Conv2d(64, 64, 3, groups=3)\n",
    "unknown arguments": "nn.Linear(*input())\nnn.Linear(**vars(input()))\n",
}


@pytest.mark.parametrize("name", FIRES)
def test_a_call_that_always_raises_is_reported(name: str, tmp_path: Path) -> None:
    messages = found(tmp_path, FIRES[name])
    assert messages and all(WORDS in message for message in messages), messages


@pytest.mark.parametrize("name", SILENT)
def test_a_call_that_may_pass_or_is_expected_to_raise_is_not(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, SILENT[name]) == []


def test_noqa_and_position_are_those_of_the_call(tmp_path: Path) -> None:
    text = "layers = [\n    nn.Linear(\n        -1,\n        5,\n    ),\n]\n"
    assert found(tmp_path, text) == ["2 NNL202 Linear cannot be built: in_features=-1 is negative"]


def test_what_stands_behind_a_call_that_raises_is_seen_too(tmp_path: Path) -> None:
    text = "def f(c):\n    nn.Conv2d(c, c, 3, groups=3)\n    nn.Linear(c / 2, c)\n    nn.Linear(c, c)\n\nf(64)\n"
    assert found(tmp_path, text) == [
        f"2 {WORDS}",
        "3 NNL202 Linear cannot be built: in_features=32.0 is not an integer",
    ]


def test_where_the_reasons_differ_the_first_is_named_with_its_root(tmp_path: Path) -> None:
    text = "def f(g):\n    return nn.Conv2d(64, 64, 3, groups=g)\n\ndef a():\n    f(3)\n\ndef b():\n    f(5)\n"
    assert found(tmp_path, text) == [f"2 {WORDS}, when built by a() at line 7"]


def test_a_layer_of_the_teams_own_has_rules_of_its_own(tmp_path: Path) -> None:
    text = "import mylib\nmylib.Fused(-1, 5, fused=True)\n"
    assert found(tmp_path, text, nnlint_layers="mylib.Fused=torch.nn.Linear") == []


def test_a_call_into_another_file_is_reported_unless_that_file_reports_it(tmp_path: Path) -> None:
    head = "from torch import nn\n\n\nclass Block(nn.Module):\n    def __init__(self, groups):\n"
    head += "        super().__init__()\n"
    (tmp_path / "block.py").write_text(f"{head}        self.conv = nn.Conv2d(64, 64, 3, groups=groups)\n")
    (message,) = found(tmp_path, "from block import Block\n\nBlock(3)\n")
    assert message.startswith("3 NNL201 Conv2d at ") and message.endswith(WORDS.partition("Conv2d ")[2])
    (tmp_path / "block.py").write_text(f"{head}        self.conv = {WRONG}\n")
    assert found(tmp_path, "from block import Block\n\nBlock(3)  # again\n") == []
