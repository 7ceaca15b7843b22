"""Nesting that kills LibCST's native parser, or keeps it busy for hours: refused before it is called, on any stack."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nnlint import nesting, stack
from nnlint.nesting import DEEPEST, LONGEST, PATTERNS, TOO_DEEP, obstacle, pattern_cost

CHECKOUT = Path(__file__).parent.parent
BRACKETS = "does not parse: too many nested parentheses"  # Python's own limit is 200
STRINGS, OPERANDS = f"more than {LONGEST} strings in a row", f"more than {LONGEST} operands in a row"

# What stands in a file, and why it is not analysed; None where it is.
PROGRAMS: dict[str, tuple[str, str | None]] = {
    "a sum of 300 terms": ("x = " + "+".join(["1"] * 300), None),
    "a sum of 5,000 terms": ("x = " + "+".join(["1"] * 5000), TOO_DEEP),
    "a sum of 20,000 terms": ("x = " + "+".join(["1"] * 20000), TOO_DEEP),
    "190 nested calls": ("x = " + "f(" * 190 + ")" * 190, None),
    "3,000 nested calls": ("x = " + "f(" * 3000 + ")" * 3000, BRACKETS),
    "190 nested subscripts in parentheses": ("x = " + "(a[" * 95 + "1" + "])" * 95, None),
    "5,000 nested lists": ("x = " + "[" * 5000 + "]" * 5000, BRACKETS),
    "5,000 open brackets": ("x = " + "[" * 5000, BRACKETS),
    "500 lambdas": ("x = " + "lambda: " * 500 + "1", None),
    "600 lambdas": ("x = " + "lambda: " * 600 + "1", TOO_DEEP),
    "290 methods in a chain": ("x = a" + ".b()" * 290, None),
    "300 methods in a chain": ("x = a" + ".b()" * 300, TOO_DEEP),
    "500 conditional expressions": ("x = " + "a if b else " * 500 + "1", None),
    "590 elifs": ("if a: pass\n" + "elif a: pass\n" * 590, None),
    "600 elifs": ("if a: pass\n" + "elif a: pass\n" * 600, TOO_DEEP),
    "600 minus signs": ("x = " + "-" * 600 + "1", TOO_DEEP),
    "a name of 600 parts": ("import a" + ".b" * 600, None),
    "a name of 700 parts": ("import a" + ".b" * 700, TOO_DEEP),
    "2,000 strings": ("x = " + "'a' " * 2000, None),
    "50,000 strings": ("x = " + "'a' " * 50000, STRINGS),
    "3,000 strings of quotes": ("x = (" + "'\\x27\\x27'\n" * 3000 + ")", STRINGS),
    "a string of 5,000 quotes": ("x = '''" + '"' * 5000 + "'''", None),
    "5,000 strings in a list": ("x = [" + "'a', " * 5000 + "]", None),
    "2,000 operands": ("x = " + " or ".join(["a"] * 2000), None),
    "50,000 operands": ("x = " + " or ".join(["a"] * 50000), OPERANDS),
    "a mapping pattern of 8 levels": ("match a:\n  case " + "{1: " * 8 + "b" + "}" * 8 + ": pass", None),
    "a mapping pattern of 9 levels": (
        "match a:\n  case " + "{1: " * 9 + "b" + "}" * 9 + ": pass",
        "patterns nested too deeply",
    ),
    "a pattern in 60 parentheses": (
        "match a:\n  case " + "(" * 60 + "b" + ")" * 60 + ": pass",
        "patterns nested too deeply",
    ),
    "3,000 nested calls in an annotation": ("def f(x: '" + "f(" * 3000 + ")" * 3000 + "'): nn.Linear(2, 2)", None),
    "valid code that LibCST refuses": ("x = () if 0 else(lambda:())", None),
    "an annotated name in parentheses": ("(x): int = 1", None),
}
LINT = """\
import json, sys, threading
from nnlint.analyse import analyse

def lint():
    for name, text in json.load(sys.stdin):
        print(name, file=sys.stderr, flush=True)
        analysis = analyse("nested.py", text)
        print(json.dumps([[e.message for e in analysis.errors], [s.counts for s in analysis.layers]]))

thread = threading.Thread(target=lint)
thread.start()
thread.join()
"""


def test_nothing_dies_on_a_small_stack() -> None:
    resource = pytest.importorskip("resource")  # not on Windows
    kilobytes = 512
    texts = [(name, f"from torch import nn\n{text}\nnn.Linear(1, 1)\n") for name, (text, _) in PROGRAMS.items()]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LINT],
        input=json.dumps(texts),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (kilobytes * 1024, kilobytes * 1024)),
    )
    assert done.returncode == 0, f"died at {done.stderr[-300:]}"
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(PROGRAMS)
    for (name, (_, reason)), (errors, counts) in zip(PROGRAMS.items(), told):
        assert errors == ([] if reason is None else [reason]), name
        assert (counts[-1:] == [[2]]) is (reason is None), name


def test_flake8_survives_beside_its_own_plugins(
    tmp_path: Path, flake8: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for name in ("a sum of 300 terms", "190 nested calls", "50,000 strings", "600 lambdas"):
        text = f"from torch import nn\n{PROGRAMS[name][0]}\nnn.Linear(1, 1)\n"
        (tmp_path / f"{name.replace(' ', '_').replace(',', '')}.py").write_text(text)
    done = flake8("--isolated", "--select=NNL", "--max-layer-params=1", "-j2", ".", cwd=tmp_path)
    assert done.stderr == ""
    assert sorted(line.partition(" has ")[0] for line in done.stdout.splitlines()) == [
        "./190_nested_calls.py:3:1: NNL101 Linear",
        "./50000_strings.py:1:1: NNL902 not analysed: more than 2000 strings in a row",
        "./600_lambdas.py:1:1: NNL902 not analysed: nested more than 600 levels deep",
        "./a_sum_of_300_terms.py:3:1: NNL101 Linear",
    ]


def test_the_bounds_hold_at_their_edges() -> None:
    def found(text: str) -> str | None:
        return obstacle(text, ast.parse(text))

    levels = DEEPEST - 3  # a module, an assignment and a number stand around them
    assert found("x = " + "+".join(["1"] * (levels + 1))) is None
    assert found("x = " + "+".join(["1"] * (levels + 2))) == TOO_DEEP
    assert found("x = " + "'a' " * LONGEST) is None
    assert found("x = " + "'a' " * (LONGEST + 1)) == STRINGS
    assert found("x = " + "f'{a}' " * (LONGEST + 1)) == STRINGS
    assert found("x = " + " and ".join(["a"] * LONGEST)) is None
    assert found("x = " + " and ".join(["a"] * (LONGEST + 1))) == OPERANDS


def test_a_file_is_too_large_only_far_above_public_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "x = f(g(h(1)))\n" * 100
    assert obstacle(text, ast.parse(text)) is None
    monkeypatch.setattr(nesting, "WORK", 1000)
    assert obstacle(text, ast.parse(text)) == "too large to parse"


def test_patterns_cost_what_their_brackets_double() -> None:
    assert pattern_cost("match a:\n  case 1: pass\n") == 1
    assert pattern_cost("match a:\n  case A(b=[c]): x[(1)]\n  case {1: c}: pass\n") == 4 + 4
    assert pattern_cost("case = {1: [(2)]}\nx = match(case)\n") == 0
    many = "match a:\n" + "  case {1: {2: {3: b}}}: pass\n" * 1000
    assert pattern_cost(many) == 64_000 < PATTERNS


def test_what_runs_on_a_deep_stack_gives_and_raises_what_it_would() -> None:
    limit, size = sys.getrecursionlimit(), threading.stack_size()

    def deep(n: int) -> int:
        return deep(n - 1) + 1 if n else 0

    assert stack.on_deep_stack(lambda: deep(stack.FRAMES - 200)) == stack.FRAMES - 200
    with pytest.raises(RecursionError):
        stack.on_deep_stack(lambda: deep(stack.FRAMES + 200))
    with pytest.raises(ZeroDivisionError):
        stack.on_deep_stack(lambda: 1 // 0)
    assert (sys.getrecursionlimit(), threading.stack_size()) == (limit, size)
