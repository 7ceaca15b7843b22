"""Files that try to make nnlint hang, grow or crash: each root ends within its steps, and nothing escapes."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from nnlint.analyse import analyse
from nnlint.evaluate.control import STEPS
from nnlint.roots import Roots

GROW = "for _ in range(60): w = "
LONG = "w = list(range(90000))\nfor _ in range(140000): "
CASES = [
    "w = 9**9**9", "w = 1 << 10**9", "w = [0] * 10**12", "w = 'a' * 10**12", "w = (1 + 1j) ** 10**9",
    "w = '%1000000000d' % 1", "w = f'{1:1000000000}'", "w = '{:{}}'.format(1, 10**9)", "w = '%*d' % (10**9, 1)",
    "w = 'a'.ljust(10**10)", "w = round(1, -10**9)", "w = pow(3, 2**4000, 2**4000 - 1)", "w = bytes(10**12)",
    "w = list(range(10**18))", "w = sum(range(10**18))", "w = 5.5 in range(10**18)", "a, *w = range(10**9)",
    "w = sorted(range(10**9))", "w = set(range(10**9))", "w = ','.join(map(str, range(10**9)))",
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
]  # fmt: skip


@pytest.mark.parametrize("program", CASES, ids=[program[:50] for program in CASES])
def test_a_root_ends_within_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    spent: list[int] = []
    run = Roots._root

    def root(self: Roots, *args: object, **kwargs: object) -> object:
        found = run(self, *args, **kwargs)  # type: ignore[arg-type]
        spent.append(self.machine.steps)
        return found

    monkeypatch.setattr(Roots, "_root", root)
    header = "import itertools, re\nfrom torch import nn\nfrom elsewhere import u\n\ndef net():\n"
    text = header + textwrap.indent(program, "    ") + "\n    return nn.Linear(1, 1)\n"
    analysis = analyse(str(tmp_path / "hostile.py"), text)
    assert all(not error.message.startswith("nnlint failed") for error in analysis.errors)
    assert all(steps <= STEPS + 10_000 for steps in spent)
