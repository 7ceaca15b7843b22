"""Programs in which an evaluator that overlooks what may happen would state a wrong number.

Each is the body of `def net(flag, n)`, with the total that nnlint must state (None: none) and, where that is None, the
most that its lower bound may be, which is the least that any run can give.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from nnlint.analyse import Settings, analyse
from nnlint.evaluate.heap import Heap
from nnlint.unknown import Unknown

HEADER = """\
from torch import nn
import copy, functools, itertools, torch
from elsewhere import act, known

class Config:
    width = 4
    sizes = [4]
    def __init__(self):
        self.inner = 4

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.head = nn.Linear(width, 1)

def collect(value, into=[]):
    into.append(value)
    return into

SHARED = [4]
MEMO = {}

def net(flag, n):
"""
PROGRAMS: list[tuple[str, int | None, int]] = [
    # -- writes to one of several things that are known
    ("g = dict(a=[], b=[])\ng[n].append(nn.Linear(5, 5))\nreturn nn.Sequential(nn.Linear(2, 2), *g['a'])", None, 6),
    ("ms = nn.ModuleList([nn.Linear(2, 2), nn.Linear(3, 3)])\nms[n].weight = ms[0].weight\nreturn ms", None, 9),
    ("ms = nn.ModuleDict(dict(a=nn.Linear(2, 2), b=nn.Linear(3, 3)))\n"
     "setattr(ms.get_submodule(n), 'weight', ms['a'].weight)\nreturn ms", None, 9),
    ("ms = nn.ModuleList([nn.Linear(2, 2)])\ngetattr(ms, n).add_module('x', nn.Linear(4, 4))\nreturn ms", None, 6),
    ("cs = [Config(), Config()]\ncs[n].inner = 7\nreturn nn.Linear(cs[0].inner, 1)", None, 5),
    ("cs = dict(a=[3], b=[5])\ncs[n][0] = 9\nreturn nn.Linear(cs['a'][0], 1)", None, 4),
    ("cs = dict(a=[3], b=[5])\ndel cs[n][0]\nreturn nn.Linear(len(cs['a']), 1)", None, 1),
    ("cs = dict(a=[3], b=[5])\nheld = cs[n]\nheld += [1]\nreturn nn.Linear(len(cs['a']), 1)", None, 2),
    ("n.width = 3\nreturn nn.Linear(4, 1)", 5, 0),
    # -- sets of text, whose order differs from run to run
    ("s = {'aa', 'bbb'}\nreturn nn.Linear(len(list(x for x in s)[0]), 1)", None, 3),
    ("s = {'aa', 'bbb'}\nseen = []\nany(seen.append(x) for x in s)\nreturn nn.Linear(len(seen[0]), 1)", None, 3),
    ("s = {'aa', 'bbb'}\nreturn nn.Linear(len(sorted(s)[0]) + all(x for x in s) + len({len(x) for x in s}), 1)", 6, 0),
    ("s = {'aa', 'bbb', 'c'}\nreturn nn.Linear(len(sorted(filter(lambda x: len(x) > 1, s))[0]), 1)", 3, 0),
    ("s = {'aa', 'bbb', 'c'}\nreturn nn.Linear(len(list(filter(lambda x: len(x) > 1, s))[0]), 1)", None, 3),
    # -- writes under a condition that is not known
    ("w = 4\nif flag: w = 8\nreturn nn.Linear(w, 1)", None, 5),
    ("w = 4\nif flag: w = 4\nreturn nn.Linear(w, 1)", 5, 0),
    ("w = [4]\nalias = w\nif flag: alias.append(8)\nreturn nn.Linear(w[-1], 1)", None, 1),
    ("w = [4]\nalias = w\nif flag: alias[0] = 8\nreturn nn.Linear(w[0], 1)", None, 5),
    ("c = Config()\nd = c\nif flag: d.width = 8\nreturn nn.Linear(c.width, 1)", None, 5),
    ("c = Config()\nif flag: Config.width = 8\nreturn nn.Linear(c.width, 1)", None, 5),
    ("if flag: Config.sizes.append(9)\nreturn nn.Linear(Config().sizes[-1], 1)", None, 1),
    ("d = dict(w=4)\nif flag: d.update(w=8)\nreturn nn.Linear(d['w'], 1)", None, 5),
    ("d = dict(w=4)\nif flag: del d['w']\nreturn nn.Linear(d.get('w', 8), 1)", None, 5),
    ("d = {}\nif flag: d['w'] = 8\nreturn nn.Linear(d.setdefault('w', 4), 1)", None, 5),
    ("s = {1}\nif flag: s.add(2)\nreturn nn.Linear(len(s), 1)", None, 2),
    ("def later(): return w\nw = 4\nif flag: w = 8\nreturn nn.Linear(later(), 1)", None, 5),
    ("def change():\n    global SHARED\n    SHARED = [8]\nif flag: change()\nreturn nn.Linear(SHARED[0], 1)", None, 5),
    ("w = 4\ndef change():\n    nonlocal w\n    w = 8\nflag and change()\nreturn nn.Linear(w, 1)", None, 5),
    ("w = 4\nx = (w := 8) if flag else 0\nreturn nn.Linear(w, 1)", None, 5),
    ("w = 4\n[(w := 8) for i in range(3) if flag]\nreturn nn.Linear(w, 1)", None, 1),
    ("f = lambda: 4\nif flag: f = lambda: 8\nreturn nn.Linear(f(), 1)", None, 5),
    ("f = Net\nif flag: f = functools.partial(Net, 8)\nreturn f()", None, 5),
    ("a = Net()\nif flag: a.head.weight = nn.Parameter(torch.ones(9))\nreturn a", None, 5),
    ("a = Net()\nif flag: a.head.bias = None\nreturn a", None, 4),
    ("a = Net()\nif flag: del a.head\nreturn a", None, 0),
    ("a = Net()\nif flag: a = a.head\nreturn a", 5, 0),
    ("a, b = Net(), Net()\nif flag: b = a\nreturn nn.Sequential(a, b)", None, 5),
    ("a, b = Net(), Net()\nc = a if flag else b\nreturn nn.Sequential(a, c)", None, 5),
    ("a, b = Net(), Net()\nif flag: a, b = b, a\nreturn nn.Sequential(a, b)", None, 5),
    ("m = {True: Net(), False: Net(8)}\nreturn m[bool(flag)]", None, 5),
    ("ms = [Net(), Net(8)]\nreturn ms[n]", None, 5),
    ("ms = [4, 4, 8][n:]\nreturn nn.Linear(ms[0], 1)", None, 1),
    ("ws = ['4', '8'][:n]\nreturn nn.Linear(len(ws), 1)", None, 1),
    ("ws = (4, 8)[n:]\nreturn nn.Linear(sum(ws), 1)", None, 1),
    ("w = 4\nif n == 3: w = 8\nif n == 3: w = 4\nreturn nn.Linear(w, 1)", None, 5),
    # -- repetition of unknown length
    ("w = 4\nfor _ in range(n): w *= 2\nreturn nn.Linear(w, 1)", None, 1),
    ("w = 4\nwhile n > 3:\n    n -= 1\n    w *= 2\nreturn nn.Linear(w, 1)", None, 1),
    ("a = Net()\nfor i in range(n): setattr(a, f'l{i}', nn.Linear(2, 2))\nreturn a", None, 5),
    ("ms = []\nfor _ in range(n): ms.append(nn.Linear(2, 2))\nreturn nn.Sequential(*ms)", None, 0),
    ("m = Net()\nfor _ in range(n): m = nn.Sequential(m, Net())\nreturn m", None, 5),
    ("w = 4\nfor i in range(n):\n    if i == 2:\n        w = 8\n        break\nreturn nn.Linear(w, 1)", None, 5),
    ("w = 4\nfor i in range(n):\n    pass\nelse:\n    w = 8\nreturn nn.Linear(w, 1)", 9, 0),
    ("i = 4\nfor i in range(n): pass\nreturn nn.Linear(i, 1)", None, 1),
    ("ws = [4 for _ in range(n)]\nreturn nn.Linear(len(ws), 1)", None, 1),
    ("w = [4]\nfor x in range(n):\n    v = w\n    w = w + [8]\nreturn nn.Linear(w[-1], 1)", None, 1),
    ("a = b = 4\nfor _ in range(n): a, b = b, a * 2\nreturn nn.Linear(b, 1)", None, 1),
    ("for _ in range(n):\n    m = Net()\n    if flag: break\nelse:\n    m = Net(8)\nreturn m", None, 5),
    ("ch = 64\nms = []\nfor _ in range(n):\n    ms.append(nn.Conv2d(ch, ch * 2, 3))\n    ch *= 2\n"
     "return nn.Sequential(*ms)", None, 0),
    ("it = iter([4, 8])\nfor _ in range(n): next(it)\nreturn nn.Linear(next(it), 1)", None, 1),
    ("def count(k): return 0 if k == 0 else 1 + count(k - 1)\nreturn nn.Linear(count(n), 1)", None, 1),
    # -- code that is not known gets hold of something
    ("a = Net()\nact(a)\nreturn a", None, 0),
    ("ws = [4]\nact(ws)\nreturn nn.Linear(ws[0], 1)", None, 1),
    ("d = dict(a=[4])\nact(d)\nreturn nn.Linear(d['a'][0], 1)", None, 1),
    ("c = Config()\nact(c)\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nact([c])\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nact(x={'c': c})\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nact(lambda: c)\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nact(functools.partial(print, c))\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nact(iter([c]))\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nact({c})\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("ws = [4]\nact(*ws)\nreturn nn.Linear(ws[0], 1)", 5, 0),
    ("w = 4\ndef change():\n    nonlocal w\n    w = 8\nact(change)\nreturn nn.Linear(w, 1)", None, 1),
    ("a = Net()\na.head.register_forward_hook(act)\nreturn a", 5, 0),
    ("a = Net()\na.apply(act)\nreturn a", None, 0),
    ("a = Net()\nlist(map(act, [a]))\nreturn a", None, 0),
    ("a = Net()\n[act(m) for m in a.modules()]\nreturn a", None, 0),
    ("ws = [4]\nf = ws.append\nact(f)\nreturn nn.Linear(ws[-1], 1)", None, 1),
    ("a = Net()\nsetattr(a, act(), nn.Linear(3, 3))\nreturn a", None, 0),
    ("a = Net()\ndelattr(a, act())\nreturn a", None, 0),
    ("d = dict(a=4, b=8)\nd[act()] = 16\nreturn nn.Linear(d['a'], 1)", None, 1),
    ("d = dict(a=4)\nd.pop(act(), None)\nreturn nn.Linear(d.get('a', 1), 1)", None, 1),
    ("c = Config()\nc.__dict__[act()] = 8\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nvars(c).update(act())\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nfor k, v in act().items(): setattr(c, k, v)\nreturn nn.Linear(c.inner, 1)", None, 1),
    ("c = Config()\nc.__dict__.update(inner=8)\nreturn nn.Linear(c.inner, 1)", 9, 0),
    ("class Own(act): pass\nreturn nn.Sequential(Net(), Own())", None, 5),
    ("class Own(Net, act): pass\nreturn Own()", None, 5),
    ("ws = [4, 8]\nws.sort(key=act)\nreturn nn.Linear(ws[0], 1)", None, 1),
    ("ws = [8, 4]\nws.remove(n)\nreturn nn.Linear(ws[0], 1)", None, 1),
    ("ws = [4]\nws.insert(n, 8)\nreturn nn.Linear(ws[0], 1)", None, 1),
    ("ws = [4]\nws[n:] = [8]\nreturn nn.Linear(ws[0], 1)", None, 1),
    ("ws = [4]\nws += n\nreturn nn.Linear(ws[-1], 1)", None, 1),
    ("ws = [4]\nws *= n\nreturn nn.Linear(len(ws), 1)", None, 1),
    ("ws = [8]\nws.__setitem__(0, 4)\nreturn nn.Linear(ws[0], 1)", None, 1),
    ("ws = {4}\nws.symmetric_difference_update({8})\nreturn nn.Linear(sum(ws), 1)", None, 1),
    # -- iterators, generators
    ("it = iter([4, 8])\nif flag: next(it)\nreturn nn.Linear(next(it), 1)", None, 1),
    ("it = (w for w in [4, 8])\nif flag: list(it)\nreturn nn.Linear(next(it, 2), 1)", None, 1),
    ("def gen():\n    w = 4\n    while True:\n        yield w\n        w *= 2\ng = gen()\nif flag: next(g)\n"
     "return nn.Linear(next(g), 1)", None, 1),
    ("s = [4]\ndef gen():\n    yield s[0]\n    yield s[0]\ng = gen()\nnext(g)\ns[0] = 8\nreturn nn.Linear(next(g), 1)",
     9, 0),
    ("s = [4]\ndef gen():\n    s[0] = 8\n    yield\ng = gen()\nreturn nn.Linear(s[0], 1)", 5, 0),
    ("s = [4]\ndef gen():\n    yield\n    s[0] = 8\nfor _ in gen(): break\nreturn nn.Linear(s[0], 1)", 5, 0),
    ("s = [4]\nfor w in s:\n    if w < 64: s.append(w * 2)\nreturn nn.Linear(s[-1], 1)", 65, 0),
    ("s = [4]\ng = (w for w in s)\ns.append(8)\nreturn nn.Linear(sum(g), 1)", 13, 0),
    ("d = dict(a=4)\nv = d.values()\nd['b'] = 8\nreturn nn.Linear(sum(v), 1)", 13, 0),
    ("a = [4]\nm = map(a.append, [8])\nb = a[-1]\nlist(m)\nreturn nn.Linear(b, a[-1], bias=False)", 32, 0),
    # -- exceptions
    ("w = 4\ntry:\n    if flag: raise ValueError\n    w = 8\nexcept ValueError: pass\nreturn nn.Linear(w, 1)", None, 5),
    ("w = 4\ntry:\n    act()\n    w = 8\nexcept Exception: pass\nreturn nn.Linear(w, 1)", None, 5),
    ("try:\n    m = nn.Conv2d(4, 4, 1, groups=n)\nexcept ValueError:\n    m = nn.Linear(1, 1)\nreturn m", None, 2),
    ("w = 4\ntry:\n    w = 8\n    if flag: raise KeyError\n    w = 16\nfinally:\n    v = w\nreturn nn.Linear(v, 1)",
    17, 0),
    ("w = 4\nfor _ in range(3):\n    try:\n        if flag: continue\n        w *= 2\n    finally:\n        w += 1\n"
     "return nn.Linear(w, 1)", None, 8),
    ("def f():\n    if flag: return 4\n    return 8\nreturn nn.Linear(f(), 1)", None, 5),
    ("def f():\n    try:\n        if flag: return 4\n    finally:\n        SHARED[0] = 8\n    return 4\nf()\n"
     "return nn.Linear(SHARED[0], 1)", 9, 0),
    ("w = 4\nwith act():\n    w = 8\n    raise ValueError\nreturn nn.Linear(w, 1)", 9, 0),
    ("assert flag\nreturn Net()", 5, 0),
    # -- identity, caches, defaults
    ("collect(4)\nreturn nn.Linear(len(collect(4)), 1)", 3, 0),
    ("if flag: collect(4)\nreturn nn.Linear(len(collect(4)), 1)", None, 1),
    ("@functools.lru_cache\ndef make(w): return nn.Linear(w, 1)\nreturn nn.Sequential(make(4), make(4))", 5, 0),
    ("@functools.lru_cache\ndef make(w): return nn.Linear(4, 1)\nreturn nn.Sequential(make(n), make(4))", None, 5),
    ("if flag: MEMO['w'] = Net(8)\nreturn MEMO.setdefault('w', Net())", None, 0),
    ("a = Net()\nreturn nn.Sequential(*[a] * 3, copy.deepcopy(a))", 10, 0),
    ("a = Net()\na.again = a.head\na.other = copy.deepcopy(a.head) if flag else a.head\nreturn a", None, 5),
    ("a = Net()\nb = Net()\nb.head.weight = a.head.weight\nif flag: b.head.weight = nn.Parameter(torch.ones(4))\n"
     "return nn.Sequential(a, b)", None, 6),
    ("x = [Net()]\ny = copy.copy(x)\nif flag: y[0] = Net(8)\nreturn x[0]", 5, 0),
    # -- modules that torch does not count
    ("class Bare(nn.Module):\n    def __init__(self): pass\na = Net()\na.bare = Bare()\nreturn a", None, 5),
    ("a = Net()\na._modules['x'] = nn.Parameter(torch.ones(5))\nreturn a", None, 10),
    # -- patterns
    ("w = 4\nmatch n:\n    case [w, 1]: pass\nreturn nn.Linear(w, 1)", None, 1),
    ("match n:\n    case 1: w = 4\n    case _: w = 8\nreturn nn.Linear(w, 1)", None, 5),
    ("w = 4\nmatch [4, 8]:\n    case [x, y] if flag: w = y\n    case [x, _]: w = x\nreturn nn.Linear(w, 1)", None, 5),
]  # fmt: skip


def body(program: str) -> str:
    return HEADER + textwrap.indent(program, "    ") + "\n"


@pytest.mark.parametrize(("program", "total", "least"), PROGRAMS, ids=[program for program, _, _ in PROGRAMS])
def test_what_may_happen_is_not_overlooked(tmp_path: Path, program: str, total: int | None, least: int) -> None:
    analysis = analyse(str(tmp_path / "model.py"), body(program))
    assert not analysis.errors
    found = next((model for model in analysis.models if model.name == "net"), None)
    stated, at_least = (found.parameters, found.at_least) if found is not None else (None, 0)
    assert stated == total
    assert at_least <= (least if total is None else total)


def test_a_root_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    program = (
        body("return nn.Linear(len(collect(4)), 1)") + "\ndef again():\n    return nn.Linear(len(collect(4)), 1)\n"
    )
    analysis = analyse(str(tmp_path / "model.py"), program)
    assert {model.name: model.parameters for model in analysis.models if model.name != "Net"} == {"net": 2, "again": 2}


def test_what_is_written_through_a_module_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("SIZES = [4]\nWIDTH = 3\nDEPTH = 2\ndef add():\n    SIZES.append(5)\n")
    header = "from torch import nn\nimport outside\nimport settings\n"
    written = {
        "settings.SIZES.append(5)": "len(settings.SIZES)",
        "settings.add()": "len(settings.SIZES)",
        "settings.WIDTH = 9": "settings.WIDTH",
        "settings.WIDTH, other = 9, 1": "settings.WIDTH",
    }
    for write, size in written.items():
        program = f"def change(_):\n    {write}\n    return settings.DEPTH\ndef net():\n    outside.call(change, 1)\n"
        program += f"    return nn.Sequential(nn.Linear({size}, 1, False), nn.Linear(settings.DEPTH, 1, False))\n"
        (found,) = analyse(str(tmp_path / "model.py"), header + program).models
        assert (found.parameters, found.at_least) == (None, 2), write


def test_an_assumption_is_of_what_it_names_and_of_nothing_that_may_stand_there_too(tmp_path: Path) -> None:
    program = (
        "from torch import nn\nclass Config:\n    hidden = 3\ndef net(args, flag):\n    thing = args\n"
        "    if flag:\n        thing = Config()\n    return nn.Linear(thing.hidden, 1, bias=False)\n"
        "def named(args):\n    return nn.Linear(args.hidden, 1, bias=False)\n"
    )
    settings = Settings(assume={"args.hidden": 512})
    analysis = analyse(str(tmp_path / "model.py"), program, settings)
    assert {model.name: model.parameters for model in analysis.models} == {"net": None, "named": 512}


def test_an_error_of_nnlints_own_is_none_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(heap: object, value: object) -> None:
        Unknown("an oversight").shape  # type: ignore[attr-defined] # noqa: B018

    monkeypatch.setattr(Heap, "forget_numbers", forget)
    text = (
        "import torch\nfrom torch import nn\n\ndef net():\n    try:\n        torch.zeros(2).zero_()\n"
        "        return nn.Linear(4, 2)\n    except AttributeError:\n        return nn.Linear(40, 2)\n"
    )
    (model,) = analyse("net.py", text).models
    assert (model.parameters, model.at_least) == (None, 10)
