"""Files that try to make nnlint hang, grow or crash: each root ends within its steps, and nothing escapes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from nnlint.analyse import analyse
from nnlint.evaluate.control import Control, widen_names
from nnlint.evaluate.effects import Effect, Effects, Text, modules_named
from nnlint.evaluate.heap import Heap, join_names
from nnlint.roots import GENERIC_STEPS, LEAST_STEPS, Roots
from nnlint.values import Dict, Function, Module, may_write_when_called, one_of

GROW = "for _ in range(60): w = "
LONG = "w = list(range(90000))\nfor _ in range(140000): "
CASES = [
    "w = 9**9**9", "w = 1 << 10**9", "w = [0] * 10**12", "w = 'a' * 10**12", "w = (1 + 1j) ** 10**9",
    "w = '%1000000000d' % 1", "w = f'{1:1000000000}'", "w = '{:{}}'.format(1, 10**9)", "w = '%*d' % (10**9, 1)",
    "w = 'a'.ljust(10**10)", "w = round(1, -10**9)", "w = pow(3, 2**4000, 2**4000 - 1)", "w = bytes(10**12)",
    "w = list(range(10**18))", "w = sum(range(10**18))", "w = 5.5 in range(10**18)", "a, *w = range(10**9)",
    "w = sorted(range(10**9))", "w = set(range(10**9))", "w = ','.join(map(str, range(10**9)))",
    "w = list(itertools.combinations([1], 10**18))",
    "while True: pass", "for x in itertools.count(): pass", "w = list(itertools.cycle([1]))",
    "w = list(itertools.product(range(1000), repeat=10))", "w = list(itertools.accumulate([9] * 5000, lambda a, b: a * b))",  # noqa: E501
    "def f(): return g()\ndef g(): return f()\nf()", "class A:\n    def __init__(self): A()\nA()",
    "def g():\n    yield from g()\nlist(g())", "def f():\n    try: f()\n    finally: f()\nf()",
    "class A:\n    def __iter__(self): return iter(self)\nlist(A())", "w = []\nw.append(w)\nu(w)\nfor v in w: pass",
    "w = 'a'\n" + GROW + "w + w", "w = 'a'\n" + GROW + "'%s%s' % (w, w)", "w = 'a'\n" + GROW + "'{0}{0}'.format(w)",
    "w = 'a'\n" + GROW + "f'{w}{w}'", "w = 'a'\n" + GROW + "''.join([w, w])", "w = 'aa'\n" + GROW + "w.replace('a', 'aa')",  # noqa: E501
    "w = [0]\n" + GROW + "[w, w]", "d = {}\nwhile True: d[len(d)] = 1", "d = []\nwhile True: d.append(d)",
    LONG + "w.insert(0, w.pop())", LONG + "w[:]", LONG + "w == 1", LONG + "list(w)", LONG + "w.reverse()",
    "w = 'a' * 90000\nfor _ in range(140000): w.upper()", "w = tuple(range(90000))\nfor _ in range(140000): w + (1,)",
    "".join(f"if u({i}): w = {i}\n" for i in range(40)), "w = 0\n" + "w = (w + 1) if u else (w * 2)\n" * 60,
    "def f(n):\n    if u(n): return f(n - 1)\n    return f(n + 1)\nf(0)",
    "try:\n" + "".join(f"    u({i})\n    w = {i}\n" for i in range(80)) + "except Exception: pass",
    "w = re.sub('(a+)+b', '', 'a' * 100)", "w = re.findall('a?' * 50 + 'a' * 50, 'a' * 50)",
    "w = nn.LSTM(4, 4, num_layers=10**9)", "w = nn.Sequential(*[nn.ReLU() for _ in range(10**7)])",
    "w = " + "+".join(["1"] * 5000), "w = " + "+".join(["1"] * 20000), "w = " + "f(" * 3000 + ")" * 3000,
    "w = " + "[" * 5000 + "]" * 5000, "w = " + "-" * 3000 + "1", "w = () if 0 else(lambda:())",
    "w = nn.Dropout()(range(10**18))", "w = nn.ParameterList(range(10**18))",
    "w = eval('9**9**9')", "w = eval('[' * 400 + ']' * 400)", "for i in range(10**9): w = eval(f'{i} + 1')",
    "w = '1'\nwhile True: w = eval(repr(w + '0'))", "exec('w = 9**9**9')", "for i in range(10**9): exec(f'w.x = {i}')",
]  # fmt: skip

# What each of these once took: longer than anybody waits.
TWICE = "w = ()\nz = ()\nfor _ in range(40):\n    w = (w, w)\n    z = (z, z)\n"  # 2**40 items, in forty tuples
TENSOR = "w = torch.arange(10000)\nwhile True: "
DEEP = "w = ()\nfor _ in range(100000): w = (w,)\n"
LARGE = "w = dict.fromkeys(range(90000))\nfor i in range(140000): "
ONCE_ENDLESS = [
    TWICE + "v = isinstance(w, z)", TWICE + "nn.Linear(w, w)", TWICE + "x = w if u else z\nv = x", TWICE + "v = w == z",
    TWICE + "v = {w: 1}", TWICE + "v = hash(w)", TWICE + "v = f'{w}'", TWICE + "v = sorted([w, z])", TWICE + "u(w)",
    "w = nn.Linear(1, 1)\n" + "for _ in range(40): w = nn.Sequential(w, w)",
    "w = nn.Linear(1, 1)\nfor _ in range(5000): w = nn.Sequential(w)",
    "x = nn.Sequential()\nx.add_module('x', x)\nw = nn.Sequential(x, x)",
    "w = {i * (2**61 - 1) for i in range(50000)}", "w = {}\nfor i in range(50000): w[i * (2**61 - 1)] = i",
    LARGE + "v = {**w}", LARGE + "\n    if u: w[i] = 1", LARGE + "w.update(w)", LARGE + "v = {tuple(w): 1}",
    LONG + "\n    if w: pass", "w = list(range(90000))\nwhile w: del w[0]",
    "w = tuple(range(90000))\nwhile {w: 1}: pass",
    "w = list(range(90000))\nfor i in range(100000):\n    if u: w[i] = 1",
    "w = math.prod(range(10**9))", "w = all(range(1, 10**18))", "w = any(itertools.repeat(0))",
    "while True: w = pow(3, 2**4000, 2**4000 - 1)", "while True: w = re.findall('(.*)(.*)(.*)1', 'a' * 200)",
    "while True: w = re.findall('[a-z]*[a-z]*[a-z]*1', 'a' * 200)", "w = re.sub('a', 'b' * 90000, 'a' * 200)",
    "w = object\nfor i in range(3000):\n    class A(w): pass\n    w = A\nA()",
    "class A:\n    def __len__(self): return u()\n    def __getitem__(self, i):\n"
    "        if i >= len(self): raise IndexError\n"
    "w = []\ntry:\n    for x in A(): w.append('')\nexcept ValueError: pass",
    LONG + "\n    for x in w: break",
    "w = []\nif u: w.append(1)\nw.extend(range(90000))\nfor _ in range(140000):\n    for x in w: break",
    "w = [nn.Linear(1, 1) for _ in range(20000)]\nfor _ in range(50000):\n    for x in u: pass",
]  # fmt: skip
MORE = [
    "w = int('9' * 10**6)", "w = str(2**4095) * 100", "w = bytes([0]) * 10**12", "w = b'a'.ljust(10**10)",
    "w = (10**9).to_bytes(10**10)", "w = []\nfor _ in range(3000): w = [w]\nv = copy.deepcopy(w)",
    "w = []\nfor _ in range(40): w = [w, w]\nv = copy.deepcopy(w)", "w = nn.Module()\nw.a = w\nv = copy.deepcopy(w)",
    "w = sorted([[]] * 90000)", "w = set(range(90000))\nwhile True: v = w | w",
    "w = decimal.Decimal('1e1000000') ** 1000",
    "w = fractions.Fraction(1, 3) ** 10**9", "w = math.factorial(10**7)", "w = math.comb(10**7, 10**6)",
    "w = 'a' * 90000\nw = w.replace('', w)", "w = '\\t' * 90000\nw = w.expandtabs(10**9)", "w = 'a'.center(10**9)",
    "w = 'a'.zfill(10**9)", "w = ('a' * 90000).join('b' * 90000)", "w = '{:>1000000000}'.format('a')",
    "w = format(1, '1000000000')", "w = f'{1.5:.1000000000f}'", "w = '%.1000000000f' % 1.5",
    "w = re.match('(a|a)' * 30 + 'b', 'a' * 60)", r"w = re.match(r'\(?' * 60 + 'b', '(' * 40)",
    "w = re.match('(a|a)?' * 19 + 'b', 'a' * 60)",
    "w = re.match('(a+)+b', 'a' * 100)", "w = re.compile('(a*)*b').match('a' * 100)",
    "w = re.sub('(?=(a+))+b', '', 'a' * 200)", "w = re.findall('(a|aa)+$', 'a' * 100 + 'b')",
    "w = list(itertools.product(*[range(1000)] * 19))", "w = list(itertools.permutations(range(100)))",
    "w = list(itertools.combinations(range(1000), 500))", "w = dict(enumerate(itertools.count()))",
    "w = 1 in itertools.repeat(0)", "w = max(itertools.count())", "a, b = itertools.count()",
    "w = [*itertools.count()]",
    "w = list(range(10**12)[5:10**11])", "w = range(10**18).index(10**17)", "w = min(range(10**18))",
    "w = [0]\nfor x in w: w.append(x)", "w = collections.deque([0])\nfor x in w: w.append(x)",
    "f = lambda x: x\nfor i in range(3000): f = functools.partial(f, i)\nf()",
    "g = iter([1])\nfor _ in range(3000): g = (x for x in g)\nlist(g)",
    "def f(n):\n    yield n\n    yield from f(n + 1)\nw = list(f(0))",
    "def f(n):\n    for _ in range(2): f(n - 1)\nf(80)",
    "".join(f"{' ' * i}while u:\n" for i in range(90)) + " " * 90 + "w = 1",
    "".join(f"{' ' * i}for x in u:\n" for i in range(20)) + " " * 20 + "w = 1",
    "for i in range(1000):\n    w = i if u(i) else -i",
    "match u:\n" + "".join(f"    case {i}: w = {i}\n" for i in range(60)),
    "class A:\n    def __getattr__(self, n): return getattr(self, n)\nA().a",
    "class A:\n    def __eq__(self, o): return self == o\nA() == A()",
    "class A(dict):\n    def __missing__(self, k): return self[k]\nA()[1]",
    "class A:\n    def __getitem__(self, i): return i\nlist(A())", "w = nn.Linear(10**10, 10**10)",
    "w = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 8), 10**9)",
    "w = nn.ModuleList([nn.Linear(1, 1)]) * 10**9",
    "w = nn.Parameter(torch.zeros(10**300, 10**300))", "w = np.zeros(10**12)", "w = np.arange(10**12).tolist()",
    "w = b'%*d' % (10**9, 1)", "w = ','.join('a' * 10**5 for _ in range(10**9))", "w = math.lcm(*range(1, 100000))",
    "w = list(itertools.permutations(range(10**5), 10**5))", "w = list(itertools.combinations(range(10**5), 50000))",
    "w = collections.deque(maxlen=10**18)\nwhile True: w.append(1)", "w = 'a' * 90000\nwhile True: f'{w!r}'",
    "w = 'a' * 90000\nwhile True: setattr(u, w, 1)", "w = 'a' * 90000\nwhile True: getattr(u, w, 1)",
    TENSOR + "w = torch.cat([w, w])", TENSOR + "w = torch.stack([w, w])", TENSOR + "w = w.unsqueeze(0)",
    TENSOR + "w = w.repeat(2, 2)", TENSOR + "w + w", TENSOR + "w / 3", TENSOR + "torch.unique(w, return_counts=True)",
    TENSOR + "w.prod()", TENSOR + "list(w)", TENSOR + "w.split(1)", "w = torch.zeros([2] * 90000).numel()",
    "w = torch.arange(3) + 10**400", "w = torch.tensor(10**400) + 1.5", "w = 'a'.encode('nope')",
    "w = []\nwhile True: w.append(torch.arange(10000))", "w = []\nwhile True: w.append(torch.zeros(10000).tolist())",
    "w = []\nv = 'a' * 490\nwhile True: w.append(v.split('a'))",
    DEEP + "v = isinstance(1, w)", DEEP + "v = w if u else (w,)", "while True: w = " + "+".join(["1"] * 300),
    "while True: w = [" + "1," * 5000 + "]", "f = lambda: " + "+".join(["1"] * 300) + "\nwhile True: f()",
    "while True: w = u" + ".a" * 200, "while True: w = f'" + "{u}" * 500 + "'",
    "class A:\n" + "".join(f"    a{i}=1\n" for i in range(3000)) + "while True: u(A, A())",
    "while True:\n    class A:\n" + "".join(f"        def a{i}(self): pass\n" for i in range(500)),
    "while True:\n    if 0: pass\n" + "    elif 0: pass\n" * 300,
    "while True:\n    match 0:\n" + "".join(f"        case {i}: pass\n" for i in range(1, 500)),
    "while True: " + "pass;" * 3000, "while True: " + "a = " * 3000 + "1", "while True: " + "a, " * 3000 + "= u",
    "while True:\n    def f(" + ",".join(f"a{i}=1" for i in range(3000)) + "): pass",
    "while " + " and ".join(["True"] * 500) + ": pass",
]  # fmt: skip


STEPS = 50_000  # a limit that is reached sooner than the usual one
PROGRAMS = [*CASES, *ONCE_ENDLESS, *MORE]
HEADER = """import collections, copy, decimal, fractions, functools, itertools, math, re
import numpy as np
import torch
from torch import nn
from elsewhere import u

def net():
"""


@pytest.mark.parametrize("parameters", ["", "**kwargs", "*, self=None"])
def test_methods_without_a_receiver_are_called_as_python_calls_them(parameters: str) -> None:
    net = f"class Net(nn.Module):\n    def __init__({parameters}):\n        super().__init__()\n"
    net += f"    def other({parameters}): return nn.Linear(3, 4)\n"
    text = f"from torch import nn\n{net}    def forward(self, x): return nn.Linear(x, 2)\n\nnn.Linear(1, 1)\n"
    analysis = analyse("hostile.py", text)
    assert not analysis.errors and [site.counts for site in analysis.layers] == [[16], [], [2]]
    assert [model.parameters for model in analysis.models] == [None]


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of each root that has run."""
    steps: list[int] = []
    run = Roots._root

    def root(self: Roots, *args: object, **kwargs: object) -> object:
        found = run(self, *args, **kwargs)  # type: ignore[arg-type]
        steps.append(self.machine.steps)
        return found

    monkeypatch.setattr(Roots, "_root", root)
    return steps


@pytest.fixture
def round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops are followed for as long as the steps do."""
    monkeypatch.setattr("nnlint.evaluate.control.IDLE", 1)


@pytest.mark.parametrize("program", PROGRAMS, ids=[program[:50] for program in PROGRAMS])
def test_a_root_ends_within_its_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spent: list[int], program: str
) -> None:
    monkeypatch.setattr("nnlint.evaluate.control.STEPS", STEPS)
    text = HEADER + textwrap.indent(program, "    ") + "\n    return nn.Linear(1, 1)\n"
    analysis = analyse(str(tmp_path / "hostile.py"), text)
    assert all(not error.message.startswith("nnlint failed") for error in analysis.errors)
    assert all(steps <= STEPS + 10_000 for steps in spent)


def test_a_root_with_an_argument_that_is_not_known_ends_sooner(tmp_path: Path, spent: list[int]) -> None:
    body = "    total = i = 0\n    while i < 40_000:\n        total = (total + i % 7) % 5\n        i += 1\n"
    text = f"from torch import nn\ndef known():\n{body}    return nn.Linear(total + 1, 1)\n"
    text += f"def given(size):\n{body}    return nn.Linear(size, 1)\n"
    known, given = analyse(str(tmp_path / "hostile.py"), text).layers
    total = 0
    for i in range(40_000):
        total = (total + i % 7) % 5
    assert known.parameters == total + 2
    assert (given.parameters, given.unknown) == (None, "evaluation limit reached")
    assert sorted(spent)[-2:] == [GENERIC_STEPS + 1, max(spent)]


DROPPED = "if u == i:\n            outside.use(layers)\n            raise ValueError"


@pytest.mark.usefixtures("round_by_round")
@pytest.mark.parametrize(
    "body", ["outside.use(min(u, [[i]]))", DROPPED], ids=["what it may be", "what is dropped again"]
)
def test_what_is_forgotten_is_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spent: list[int], body: str
) -> None:
    forgotten: list[object] = []
    havoc = Control.havoc

    def counted(self: Control, value: object, why: str, seen: set[object] | None = None) -> None:
        forgotten.append(value)
        havoc(self, value, why, seen)

    monkeypatch.setattr(Control, "havoc", counted)
    text = f"    layers = [nn.Linear(1, 1) for _ in range(300)]\n    for i in range(100):\n        {body}\n"
    text = f"import outside\nfrom torch import nn\ndef main(u):\n{text}    return nn.Linear(1, 1)\n"
    analyse(str(tmp_path / "many.py"), text)
    assert 15_000 < len(forgotten) < 2 * sum(spent)


def test_what_is_forgotten_already_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    touch = Heap.touch
    monkeypatch.setattr(Heap, "touch", lambda heap, item: (written.append(item), touch(heap, item)))
    text = "import outside\nfrom torch import nn\ndef main(layer, *rest):\n    layer = nn.Linear(2, 3)\n"
    text += "    for i in range(1000):\n        outside.use(layer, rest)\n    return nn.Linear(1, 1)\n"
    analyse(str(tmp_path / "again.py"), text)
    assert not any(isinstance(item, Dict) for item in written[-1000:])
    assert len([item for item in written if isinstance(item, Dict)]) < 100


@pytest.mark.usefixtures("round_by_round")
def test_the_methods_that_may_write_are_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spent: list[int]
) -> None:
    looked_at: list[object] = []
    of_all = Effects.of_all

    def counted(self: Effects, functions: Iterable[Function], seen: set[object]) -> dict[Effect, None]:
        looked_at.extend(functions)
        return of_all(self, functions, seen)

    monkeypatch.setattr(Effects, "of_all", counted)
    methods = "".join(f"    def m{i}(self): pass\n" for i in range(40))
    text = f"import outside\nfrom torch import nn\nclass Wide:\n{methods}def main(u):\n"
    text += "    for i in range(1000):\n        outside.use(Wide)\n    return nn.Linear(1, 1)\n"
    analyse(str(tmp_path / "wide.py"), text)
    assert 40_000 <= len(looked_at) < 4 * sum(spent)


def test_what_a_function_may_write_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[object] = []

    def counted(text: Text, module: Module) -> Iterator[tuple[Module, str]]:
        looked_at.append(text)
        return modules_named(text, module)

    monkeypatch.setattr("nnlint.evaluate.effects.modules_named", counted)
    chain = "".join(f"def f{i + 1}(): return f{i}()\n" for i in range(30))
    text = f"import outside\nfrom torch import nn\nstate = []\ndef f0(): state.append(1)\n{chain}def main(u):\n"
    text += "".join(f"    outside.use(f{i})\n" for i in range(31))
    (site,) = analyse(str(tmp_path / "chain.py"), f"{text}    return nn.Linear(1, 1 + len(state))\n").layers
    assert site.counts == []
    assert len(looked_at) == 31


SIX = " = ".join("abcdef")
NAMES = " = ".join(f"a{i}" for i in range(40))
WIDE = "wide = type('Wide', (), {})()\n    for i in range(400): setattr(wide, f'a{i}', i)\n"
JOINING = [
    (2, f"try:\n        for i in range(2000):\n            {SIX} = i\n            u.x\n    except E: pass"),
    (3, f"{NAMES} = 1\n    for i in range(500):\n        if u == i: {NAMES} = i"),
    (5, f"{WIDE}    for i in range(100):\n        for x in u.items(i): wide.a = x"),
]


@pytest.mark.usefixtures("round_by_round")
@pytest.mark.parametrize(("most", "body"), JOINING, ids=["what raises", "two arms", "any number of rounds"])
def test_what_is_joined_is_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spent: list[int], most: int, body: str
) -> None:
    joined: list[str] = []

    def counting(function: Callable[..., object]) -> Callable[..., object]:
        def counted(left: dict[str, object], right: dict[str, object], *rest: object) -> object:
            joined.extend(left)
            return function(left, right, *rest)

        return counted

    monkeypatch.setattr("nnlint.evaluate.heap.join_names", counting(join_names))
    monkeypatch.setattr("nnlint.evaluate.control.widen_names", counting(widen_names))
    text = f"from torch import nn\nE = ValueError\ndef main(u):\n    {body}\n    return nn.Linear(1, 1)\n"
    analyse(str(tmp_path / "join.py"), text)
    assert 15_000 < len(joined) < most * sum(spent)


LOOKED_UP = ["u.part(i)", "1 if u > i else 2"]


@pytest.mark.parametrize("item", LOOKED_UP)
def test_what_an_unknown_key_may_lead_to_is_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spent: list[int], item: str
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(
        "nnlint.evaluate.items.may_write_when_called",
        lambda value: (asked.append(value), may_write_when_called(value))[1],
    )
    text = f"from torch import nn\ndef main(u):\n    table = {{i: ({item}) for i in range(400)}}\n"
    text += "    for i in range(500): table[u]\n    return nn.Linear(1, 1)\n"
    analyse(str(tmp_path / "table.py"), text)
    assert 150_000 < len(asked) < 4 * sum(spent)


@pytest.mark.usefixtures("round_by_round")
def test_entries_of_which_nothing_is_known_any_more_are_not_bound_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spent: list[int]
) -> None:
    bound: list[object] = []
    monkeypatch.setattr("nnlint.evaluate.items.one_of", lambda why, values: (bound.append(why), one_of(why, values))[1])
    text = "from torch import nn\ndef main(u):\n    table = {i: i for i in range(400)}\n"
    text += "    for i in range(500): table[u.key(i)] = i\n    return nn.Linear(1, 1)\n"
    analyse(str(tmp_path / "table.py"), text)
    assert len(bound) < 400 + 3 * 500
    assert sum(spent) > 400 * 500 / 10


def test_a_file_ends_within_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnlint.roots.FILE_STEPS", 1_000)
    spent: list[int] = []
    run = Roots.run
    monkeypatch.setattr(Roots, "run", lambda roots: (run(roots), spent.append(roots.spent))[0])
    file = tmp_path / "many.py"
    text = "from torch import nn\ndef first():\n    return nn.Linear(2, 3)\n"
    text += "".join(f"def f{i}(u):\n    while True:\n        u += 1\n        if u == {i}: pass\n" for i in range(50))
    file.write_text(f"{text}def last():\n    return nn.Linear(4, 5)\n")
    found = {model.name: model for model in analyse(str(file)).models}
    assert found["first"].parameters == 9
    assert found["last"].parameters == 25
    assert spent[0] < 1_000 + 2 * 60 * LEAST_STEPS


TRAINING = {
    "while True": "while True:\n        step += 1\n        {body}\n        if step > 10**6: break",
    "for": "for step in range(10**6): {body}",
    "epochs": "for epoch in range(20):\n        for step in range(10**5): {body}",
    "until it has ended": "while True:\n        step += 1\n        if outside.ended(step): break",
}


@pytest.mark.parametrize("loop", TRAINING.values(), ids=list(TRAINING))
def test_a_loop_that_trains_takes_a_part_of_the_steps_and_hides_nothing(
    tmp_path: Path, spent: list[int], loop: str
) -> None:
    body = "outside.train(step, step % 7)"
    text = "import outside\nfrom torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n"
    text += (
        "        super().__init__()\n        self.fc = nn.Linear(3, 4)\ndef main():\n    first = Net()\n    step = 0\n"
    )
    text += f"    {loop.format(body=body)}\n    return Net()\n"
    models = analyse(str(tmp_path / "train.py"), text).models
    found = sorted((model.place.line, model.parameters) for model in models)
    assert found == [(3, 16), (7, 16), (8, 16), (11 + loop.count("\n"), 16)]
    assert max(spent) < STEPS


def test_a_loop_on_what_is_known_is_followed_to_its_end(tmp_path: Path, spent: list[int]) -> None:
    text = "from torch import nn\ndef main():\n    width = 0\n    for i in range(30_000): width = (width + i) % 11\n"
    (site,) = analyse(str(tmp_path / "known.py"), f"{text}    return nn.Linear(width, 1)\n").layers
    width = 0
    for i in range(30_000):
        width = (width + i) % 11
    assert site.parameters == width + 1
    assert max(spent) > 2 * 30_000
