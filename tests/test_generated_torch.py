"""Module classes made up by hypothesis: a total that nnlint states is torch's, a lower bound never above it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnlint.analyse import analyse

if not os.environ.get("NNLINT_REQUIRE_TORCH") and importlib.util.find_spec("torch") is None:
    pytest.skip("needs torch", allow_module_level=True)

EXAMPLES = int(os.environ.get("NNLINT_EXAMPLES", "150"))
PATH = str(Path(__file__).parent / "generated_model.py")
HEADER = """\
import contextlib
import copy
import itertools
from collections import OrderedDict
from functools import partial
import torch
from torch import nn
from torch.nn import Parameter

STATE, ITEMS = {'n': 1}, [1]


class Own(nn.Linear):
    def __init__(self, width=3, **more):
        super().__init__(width, 2 * width, **more)
        self.scale = Parameter(torch.ones(width))


class Pair(nn.Module):
    shared_width = 5

    def __init__(self, one, other=None, width=None):
        super().__init__()
        self.one = one
        self.other = one if other is None else other
        if width:
            self.head = nn.Linear(width, self.shared_width)


def stack(block, width, depth=2):
    return nn.Sequential(*[block(width) for _ in range(depth)])


def grow(width):
    while True:
        yield nn.Linear(width, width * 2)
        width *= 2


class Net(nn.Module):
    def __init__(self, flag, times, width=4):
        super().__init__()
        modules, parameters = [], []
"""
LAYERS = (
    "nn.Linear({n}, {m})", "nn.Linear({n}, {m}, bias=False)", "nn.Conv2d({n}, {m}, 3)", "nn.BatchNorm1d({n})",
    "nn.LayerNorm([{n}, {m}])", "nn.Embedding({n}, {m})", "nn.PReLU({n})", "nn.GRU({n}, {m}, 2)", "nn.LSTM({n}, {m})",
    "nn.ReLU()", "nn.Identity()", "Own({n})", "Own(bias=False)", "nn.Bilinear({n}, {m}, 2)", "nn.Dropout()",
    "nn.GroupNorm(1, {n})", "nn.ConvTranspose1d({n}, {m}, 2, groups=1)", "nn.MultiheadAttention(4 * {n}, 4)",
)  # fmt: skip
MODULES = (
    "nn.Sequential({a}, {b})", "nn.Sequential(OrderedDict([('x', {a}), ('y', {b})]))", "nn.ModuleList([{a}, {b}])",
    "nn.ModuleDict({{'k': {a}, 'l': {b}}})", "Pair({a})", "Pair({a}, {b})", "Pair({a}, width={n})", "stack(Own, {n})",
    "stack(partial(nn.Linear, {n}), {m}, depth={m})", "copy.deepcopy({a})", "nn.Sequential(*[{a} for _ in range({n})])",
    "nn.ModuleList({a} for i in range({n}) if i % 2)", "stack(lambda w: nn.Linear(w, {n}), {m})",
    "nn.Sequential(*[module for module, _ in zip(grow({n}), range(3))])", "{a} if {n} > 2 else {b}",
    "nn.ParameterList([torch.ones({n}), torch.zeros({n}, 2)])", "nn.ParameterDict({{'w': torch.ones({n})}})",
    "nn.Sequential({a}, {b})[:1]", "nn.ModuleList([{a}, {b}])[-1]", "(nn.ModuleList([{a}]) + nn.ModuleList([{b}]))",
)  # fmt: skip
STATEMENTS = (
    "self.{x} = {a}", "self.{x} = {a}", "self.{x} = self.{y} = {a}", "self.add_module('{x}', {a})",
    "self.register_module('{x}', {a})", "setattr(self, '{x}', {a})", "self.{x} = Parameter(torch.empty({n}, {m}))",
    "self.register_parameter('{x}', Parameter(torch.ones({n})))", "self.register_parameter('{x}', None)",
    "self.register_buffer('{x}', torch.ones({n}))", "modules.append({a})", "self.{x} = nn.ModuleList(modules)",
    "self.{x} = modules", "self.{x} = None", "if hasattr(self, '{x}'): del self.{x}",
    "self.{x} = copy.deepcopy(getattr(self, '{y}', None))", "modules = modules[1:] + [{a}] * 2",
    "parameters.append(Parameter(torch.zeros({n})))", "self.{x} = nn.ParameterList(parameters)",
    "if isinstance(getattr(self, '{x}', None), nn.Linear): self.{x}.weight = Parameter(torch.ones({n}))",
    "if isinstance(getattr(self, '{x}', None), nn.Linear): self.{x}.bias = None",
    "if isinstance(getattr(self, '{x}', None), nn.Sequential): self.{x}.append({a})",
    "if isinstance(getattr(self, '{x}', None), nn.ModuleList): self.{x}.extend([{a}, {b}])",
    "if isinstance(getattr(self, '{x}', None), nn.ModuleList): self.{x}[0] = {a}",
    "if isinstance(getattr(self, '{x}', None), nn.ModuleDict): self.{x}['k'] = {a}; self.{x}.update(dict(z={b}))",
    "if isinstance(getattr(self, '{x}', None), nn.ModuleDict): self.{x}.pop('k', None) if 0 else self.{x}.pop('l')",
    "if isinstance(getattr(self, '{x}', None), nn.Sequential) and len(self.{x}) > 1: del self.{x}[0]",
    "if isinstance(getattr(self, '{x}', None), Pair): self.{x}.other = self.{x}.one",
    "for module in self.children(): module.extra = nn.Linear(1, {n})",
    "for i, module in enumerate(modules): self.add_module(f'{x}{{i}}', module)",
    "for parameter in self.parameters(): parameter.requires_grad = False",
    "self.apply(lambda module: None)", "width = width * 2 + {n}", "width *= 2", "self.{x} = nn.Linear(width, width)",
    "Pair.shared_width += 1 if width > 9 else 0", "self.{x} = self.pick({n})",
    "self.{x} = nn.utils.weight_norm(nn.Linear({n}, {m}))",
    "try:\n            self.{x} = nn.Conv2d(4, 6, 3, groups={n})\n        except ValueError:\n            self.{x} = {a}",  # noqa: E501
    "for width in (width, {n}):\n            modules.append(nn.Linear(width, {m}))",
    "self.{x} = nn.ModuleList(m for m in modules[::-1])", "self.{x} = nn.utils.spectral_norm(nn.Linear({n}, {m}))",
    "for name, m in list(self.named_children()): setattr(self, name, copy.deepcopy(m))",
    "self.{x} = nn.utils.parametrizations.weight_norm(nn.Linear({n}, {m}))",
    "STATE['n'] += {n}; self.{x} = nn.Linear(STATE['n'], 1)",
    "ITEMS.append({n}); self.{x} = nn.Linear(len(ITEMS), sum(ITEMS))",
    "self.{x} = nn.ParameterDict(dict(a=torch.ones({n}), b=torch.ones({m}))); self.{x}.pop('a')",
    "self.{x} = nn.Parameter(torch.cat([torch.ones({n}), torch.ones({m})])[1:])",
    "self.{x} = nn.ModuleDict({{str(i): m for i, m in enumerate(modules)}})",
    "modules = [m for m in modules if not isinstance(m, nn.Linear)]",
    "try:\n            raise KeyError({n})\n        except KeyError as e:\n            self.{x} = nn.Linear(e.args[0], 1)\n        finally:\n            modules.append({a})",  # noqa: E501
    "with contextlib.suppress(ValueError):\n            self.{x} = nn.Conv2d(4, 4, 1, groups={n})\n            modules.append({a})",  # noqa: E501
    "if isinstance(getattr(self, '{x}', None), nn.Sequential): self.{x} = self.{x} * 2",
    "self.{x} = Pair({a}); self.{y} = copy.copy(self.{x}); self.{y}.one = {b}",
    "while width < 9:\n            width += {n}\n            if width % 3 == 0: break\n        else:\n            modules.append({a})",  # noqa: E501
    "self.{x} = nn.Sequential(*itertools.chain.from_iterable(({a}, {b}) for _ in range({n})))",
)  # fmt: skip
UNSURE = (
    "if flag: self.{x} = {a}", "if flag:\n            self.{x} = {a}\n        else:\n            self.{x} = {b}",
    "self.{x} = {a} if flag else None", "for _ in range(times): modules.append({a})",
    "for _ in range(times): width *= 2", "if flag: modules.append({a})", "if flag: width += 1",
    "if flag and hasattr(self, '{x}'): del self.{x}", "self.{x} = flag or {a}",
    "while times > 2: times -= 1; width += 1",
    "self.{x} = nn.Linear(width, times)", "setattr(self, '{x}' if flag else '{y}', {a})",
    "for name in ['{x}', '{y}'][:times]: setattr(self, name, {a})", "modules = modules[times:]",
    "self.{x} = nn.ModuleList([{a} for _ in range(times)])", "self.{x} = nn.Sequential(*([{a}] if flag else []))",
    "modules.insert(times, {a})",
    "try:\n            self.{x} = nn.Conv2d(4, 4, 1, groups=times)\n        except ValueError: pass",
    "if flag: Pair.shared_width = 7", "if flag: self.{x} = getattr(self, '{y}', None)",
    "self.{x} = nn.Linear(max(times, {n}), {m}, bias=bool(flag))",
    "for i in range(times):\n            if i == 1: break\n            width += {n}",
    "self.{x} = [{a}, {b}][times % 2]", "self.{x} = {{True: {a}, False: {b}}}[bool(flag)]",
    "it = iter([{n}, {m}, 3])\n        if flag: next(it)\n        width = next(it)",
    "def later():\n            nonlocal width\n            width += 1\n        if flag: later()",
    "if not flag: raise ValueError",
    "for i in range(3):\n            if i == times: continue\n            modules.append({a})",
    "for i in range(3):\n            if i == times: break\n        else:\n            self.{x} = {a}",
    "def gen():\n            yield {a}\n            if flag: yield {b}\n        modules.extend(gen())",
    "def gen():\n            for i in range(times):\n                self.{x} = {a}\n                yield i\n        for i in gen():\n            if i: break",  # noqa: E501
    "if flag: STATE['n'] += 1\n        self.{x} = nn.Linear(STATE['n'], 2)",
    "if flag: ITEMS.append(1)\n        self.{x} = nn.Linear(len(ITEMS), 2)",
    "self.{x} = modules[times] if times < len(modules) else {a}", "self.{x} = (modules or [{a}])[-1]",
    "d = dict(a={a}, b={b})\n        d['a' if flag else 'c'] = nn.Linear({n}, {m})\n        self.{x} = nn.ModuleDict(d)",  # noqa: E501
    "s = {{1, 2}}\n        if flag: s.add(times)\n        width = len(s)", "if flag: return",
    "t = ({a}, {b})\n        if flag: t = t[::-1]\n        self.{x}, self.{y} = t", "if flag: modules.clear()",
    "if isinstance(getattr(self, '{x}', None), nn.Linear) and flag: nn.utils.weight_norm(self.{x})",
    "if isinstance(getattr(self, '{x}', None), nn.Linear) and flag: self.{x}.weight.data = torch.zeros(9, 9)",
    "match times:\n            case 0: self.{x} = {a}\n            case 1 | 2: width += 1\n            case _: pass",
    "it = iter([{a}, {b}])\n        if flag: next(it)\n        self.{x} = next(it, None)",
    "try:\n            if times > 1: raise ValueError\n            self.{x} = {a}\n        except ValueError: modules.append({b})\n        else: width += 2",  # noqa: E501
    "try:\n            for i in range(times): modules.append({a})\n            modules[2]\n        except IndexError: self.{x} = {b}",  # noqa: E501
    "with contextlib.suppress(IndexError):\n            self.{x} = modules[times]\n            width += 5",
    "self.{x} = {a}\n        if flag: self.{y} = self.{x}\n        else: self.{y} = copy.deepcopy(self.{x})",
    "if flag: self.pick = lambda n: nn.Linear(n, 7)\n        self.{x} = self.pick({n})",
    "if flag: Net.extra = {n}\n        width += getattr(self, 'extra', 0)", "modules += [{a}] * flag",
    "k = 'q' if flag else 'r'\n        if hasattr(self, k): delattr(self, k)", "width = [width, 3][flag]",
)  # fmt: skip
FOOTER = """
    def pick(self, n, cache=[]):
        cache.append(n)
        return nn.Linear(n, len(cache))
"""


@st.composite
def nets(draw: Any, statements: tuple[str, ...]) -> str:
    def fill(template: str, depth: int = 2) -> str:
        parts = {}
        for key in "ab":
            if "{" + key + "}" in template:
                choices = LAYERS if depth <= 0 or draw(st.booleans()) else MODULES
                parts[key] = fill(draw(st.sampled_from(choices)), depth - 1)
        names = {key: draw(st.sampled_from(("p", "q", "r"))) for key in "xy" if "{" + key + "}" in template}
        numbers = {key: draw(st.integers(1, 5)) for key in "nm" if "{" + key + "}" in template}
        return template.format(**parts, **names, **numbers)

    lines = [fill(draw(st.sampled_from(statements))) for _ in range(draw(st.integers(1, 8)))]
    return HEADER + "".join(f"        {line}\n" for line in lines) + FOOTER


def truth(program: str, flag: Any, times: int) -> int | str:
    """What torch counts, or the name of what it raises."""
    import torch

    names: dict[str, Any] = {"__name__": "generated_model"}
    exec(compile(program, PATH, "exec"), names)
    try:
        with torch.device("meta"):
            net = names["Net"](flag, times)
        return sum(parameter.numel() for parameter in net.parameters())
    except Exception as error:
        return type(error).__name__


def stated(program: str) -> tuple[int | None, int]:
    """nnlint's total of the class Net and its lower bound."""
    analysis = analyse(PATH, program)
    assert not analysis.errors, analysis.errors
    model = next(model for model in analysis.models if model.name == "Net")
    return model.parameters, model.at_least


def check(statements: tuple[str, ...]) -> tuple[int, int, int]:
    """How many programs were drawn, how many of them torch builds, and how many nnlint counts exactly."""
    seen = [0, 0, 0]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 150, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(nets(statements))
    def run(program: str) -> None:
        total, at_least = stated(program)
        truths = {(flag, times): truth(program, flag, times) for flag in (False, True) for times in (0, 1, 2, 3)}
        built = {count for count in truths.values() if isinstance(count, int)}
        seen[0] += 1
        seen[1] += bool(built)
        seen[2] += total is not None and bool(built)
        assert total is None or not built or built == {total}, f"{total} stated, {truths}\n{program}"
        assert not built or at_least <= min(built), f"at least {at_least} stated, {truths}\n{program}"

    run()
    return seen[0], seen[1], seen[2]


@pytest.mark.filterwarnings("ignore")
def test_generated_classes_have_torchs_total() -> None:
    _, built, exact = check(STATEMENTS)
    assert exact > 0.9 * built > 50


@pytest.mark.filterwarnings("ignore")
def test_what_depends_on_an_unknown_parameter_has_no_wrong_total() -> None:
    _, built, exact = check((*STATEMENTS[:20], *UNSURE))
    assert exact > 0.1 * built > 5
