"""fixtures/nets.txt: one small program after the other, each with a class Net, and what nnlint says of Net's total.

Of each program the first line says it: `# 18` is the total, which torch gives too; `# at least 6 of 18` a lower bound
and what torch gives; `# at least 6` a bound where the total depends on the arguments of Net.
"""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nnlint.analyse import analyse

ROOT = Path(__file__).parent.parent
PROGRAMS = (ROOT / "fixtures" / "nets.txt").read_text().split("###\n")
HEADER = """\
import collections, contextlib, copy, dataclasses, enum, functools, itertools, logging, math, operator, types
from dataclasses import dataclass, field
import numpy as np
import torch
from torch import nn
import outside
"""
# What nnlint does not see: everything that unknown code may do to what it is given.
OUTSIDE = """
from torch import nn
class Mixin:
    def __init__(self):
        super().__init__()
        self.mixed = nn.Linear(11, 11)
def grow(module): module.grown = nn.Linear(19, 1); return module
def widen(thing): thing.width = 31
def call(function, *args): return function(*args)
def same(thing): return thing
def true(): return True
from dataclasses import dataclass
class Record:
    def __init_subclass__(cls): dataclass(cls)
class Quiet:
    def __enter__(self): pass
    def __exit__(self, *raised): return True
class Bar:
    def __enter__(self): return self
    def __exit__(self, *raised): pass
    def update(self, n): pass
def load(): return [1, 2]
NET = nn.Linear(3, 4)
"""
HAS_TORCH = bool(os.environ.get("NNLINT_REQUIRE_TORCH")) or importlib.util.find_spec("torch") is not None
ANY = (3, 1, 2, 0, True, False, None, "a")


def expected(program: str) -> tuple[int | None, int, int | None]:
    """The total, the bound and torch's total that a program's first line states."""
    first = program.partition("\n")[0]
    found = re.fullmatch(r"# (?:(\d+)|at least (\d+)(?: of (\d+))?)", first)
    assert found is not None, first
    total, bound, truth = (int(text) if text else None for text in found.groups())
    return total, bound if bound is not None else total or 0, truth if truth is not None else total


def title(program: str) -> str:
    return " ".join(program.split())[:70]


@pytest.mark.parametrize("program", PROGRAMS, ids=map(title, PROGRAMS))
def test_nnlint_states_the_total_or_the_bound(program: str, tmp_path: Path) -> None:
    if "except*" in program and sys.version_info < (3, 11):
        pytest.skip("except* came with Python 3.11")
    total, bound, _ = expected(program)
    analysis = analyse(str(tmp_path / "nets.py"), HEADER + program)
    assert not analysis.errors
    net = next(model for model in analysis.models if model.name == "Net")
    assert (net.parameters, net.at_least) == (total, bound), net.unknown


@pytest.mark.skipif(not HAS_TORCH, reason="needs torch")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS, ids=map(title, PROGRAMS))
def test_torch_gives_what_is_recorded(program: str) -> None:
    _, bound, truth = expected(program)
    totals = torchs_totals(program)
    assert totals and min(totals) >= bound
    assert totals == {truth} if truth is not None else len(totals) > 1


# Statements that torch refuses: of what holds them there is no total.
REFUSED = [
    "self.layer.weight[0] = 1",
    "self.layer.weight.fill_(1)",
    "self.layer.bias += 1",
    "torch.zeros(4, 6).t().view(24)",
    "torch.zeros(2, 3, 4)[:, :2].view(-1)",
    "torch.zeros(1, 3).expand(4, 3).view(12)",
    "torch.zeros(2, 3) + torch.zeros(4)",
]


def holding(statement: str) -> str:
    return (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.layer = nn.Linear(2, 3)\n        {statement}\n"
    )


@pytest.mark.parametrize("statement", REFUSED)
def test_there_is_no_total_where_torch_refuses_what_stands_outside_of_a_try(statement: str, tmp_path: Path) -> None:
    (net,) = analyse(str(tmp_path / "nets.py"), HEADER + holding(statement)).models
    assert net.parameters is None and net.unknown is not None and net.unknown.startswith("it raises RuntimeError")


@pytest.mark.skipif(not HAS_TORCH, reason="needs torch")
@pytest.mark.parametrize("statement", REFUSED)
def test_torch_refuses_it(statement: str) -> None:
    sys.modules["outside"] = ModuleType("outside")
    with pytest.raises(RuntimeError):
        executed(holding(statement))["Net"]()


def torchs_totals(program: str) -> set[int]:
    """What torch counts in Net, over whatever its arguments may be."""
    sys.modules["outside"] = outside = ModuleType("outside")
    exec(OUTSIDE, outside.__dict__)
    given = [p for p in inspect.signature(executed(program)["Net"]).parameters.values() if p.default is p.empty]
    totals = set()
    for values in itertools.product(ANY, repeat=len(given)):
        try:
            net = executed(program)["Net"](*values)
        except Exception:
            continue
        totals.add(sum(parameter.numel() for parameter in net.parameters()))
    return totals


def executed(program: str) -> dict[str, Any]:
    """The program's names, as a module of its own."""
    sys.modules["nets"] = module = ModuleType("nets")
    exec(compile(HEADER + program, "nets.py", "exec", dont_inherit=True), module.__dict__)
    return module.__dict__
