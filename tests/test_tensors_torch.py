"""Functions and methods of tensors: what they give, compared with torch and einops.

Each expression gives the attribute of a module, in hand a Parameter `p` of three elements that the module has nowhere
else: it counts where the expression gives `p` itself, and so does a Parameter that is made of what it gives.
"""

from __future__ import annotations

import importlib.util
import os
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from nnlint.analyse import analyse
from nnlint.construction import Model
from nnlint.evaluate.tensor_functions import OTHERS, UNARY, WINDOWS
from nnlint.evaluate.tensor_names import is_name

HAS_TORCH = bool(os.environ.get("NNLINT_REQUIRE_TORCH")) or importlib.util.find_spec("torch") is not None
pytestmark = [pytest.mark.skipif(not HAS_TORCH, reason="needs torch"), pytest.mark.filterwarnings("ignore")]

HEADER = """\
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from einops import rearrange, reduce, repeat
from einops.layers.torch import Rearrange, Reduce
"""
NET = """\
class Net{}(nn.Module):
    def __init__(self):
        super().__init__()
        p = nn.Parameter(torch.rand(3))
        q = nn.Parameter(torch.rand(2, 3, 4))
        with torch.no_grad():
            self.given = {}
        self.kept = [p, q]
"""
# What each gives is known: the total is exact.
EXACT = """\
p.view(3); p.reshape(3); p.expand(3); p.squeeze(); p.t(); p[:]; p.T; p.clone(); p.requires_grad_(); p.detach()
p.detach_(); p.data; p.share_memory_(); p.normal_(); p.clamp_(0); p.exponential_(); p.tanh_(); p.abs(); p.relu()
p.softmax(0); p.cumsum(0); +p; -p; p * 1; p + 0; q.flatten(); p.split(3)[0]; p.chunk(1)[0]; p.index_select(0, p.long())
torch.tensor(p); torch.flatten(q); torch.clone(p); torch.abs(p); torch.relu(p); torch.cat([p]); torch.squeeze(p)
torch.unbind(p)[0]; torch.where(p > 0, p, p); torch.max(p, 0)[0]; torch.matmul(p, p); torch.sort(p)[0]
F.relu(p); F.gelu(p); F.normalize(p, dim=0); F.softmax(p, dim=0); F.log_softmax(p, 0); F.layer_norm(p, (3,))
F.softplus(p); F.threshold(p, 0, 0); F.relu(p, inplace=False); F.relu(p, inplace=True); F.relu_(p); F.elu_(p)
F.pad(p, (0, 0)); nn.init.zeros_(p); nn.ReLU()(p); nn.Linear(3, 2)(p); copy.deepcopy(p)
nn.Parameter(torch.expm1(p)); nn.Parameter(torch.log(-torch.expm1(-torch.rand(4)))); nn.Parameter(torch.cumsum(p, 0))
nn.Parameter(torch.softmax(p, 0)); nn.Parameter(p.softmax(0)); nn.Parameter(torch.triu(torch.ones(3, 3)))
nn.Parameter(torch.hann_window(5)); nn.Parameter(torch.kaiser_window(window_length=6)); nn.Parameter(-q)
nn.Parameter(rearrange(torch.randn(8, 3), "(a b) c -> a b c", b=2)); nn.Parameter(rearrange(p, "n -> 1 n"))
nn.Parameter(rearrange(q.data, "a b c -> c b a")); nn.Parameter(repeat(p, "n -> n m", m=5)); nn.Parameter(-p)
nn.Parameter(repeat(q, "a b c -> (r a) b c", r=3)); nn.Parameter(reduce(q, "a b c -> a c", "mean"))
nn.Parameter(reduce(q, "a b (c d) -> a b c", "max", d=2)); nn.Parameter(rearrange(q, "a ... -> ... a"))
nn.Parameter(rearrange(q, "a ... -> a (...)")); nn.Parameter(rearrange(q, "... c -> (...) c"))
nn.Parameter(rearrange(q, "a b c -> a b c 1")); nn.Parameter(reduce(q, "a b c -> ()", "sum"))
nn.Sequential(Rearrange("b c h w -> b (h w) c"), nn.Linear(3, 4)); nn.Sequential(Reduce("b n d -> b d", "mean"))
"""
# What may be the Parameter itself, or is not followed: whatever is stated, it is not more than torch has.
UNSURE = """\
p.flatten(); p.real; p.conj(); p.resolve_conj(); p.positive(); p.sum_to_size(3); p.type(torch.float32); p.cpu()
p.double(); p.float(); p.to("cpu"); p.to(torch.float64); p.contiguous(); p.type_as(p); p.ravel(); q.flatten(1, 1)
torch.flatten(p); torch.as_tensor(p); torch.as_tensor(p, dtype=torch.float64); torch.asarray(p); torch.real(p)
torch.conj(p); torch.positive(p); torch.atleast_1d(p); torch.atleast_2d(p); torch.broadcast_tensors(p)[0]
torch.resolve_conj(p); torch.dropout(p, 0.5, False); torch.ravel(p); torch.cartesian_prod(p)
F.dropout(p); F.dropout(p, 0.1, False); F.dropout(p, 0.0); F.alpha_dropout(p, 0.5, False); F.dropout1d(q, 0.0)
F.feature_alpha_dropout(q, 0.5, False); F.relu(p, True); F.leaky_relu(p, 0.1, True); nn.Identity()(p)
nn.Dropout(0.0)(p); nn.Sequential()(p); nn.Flatten(0)(p); nn.ReLU(inplace=True)(p); nn.Parameter(torch.outer(p, p))
nn.Parameter(torch.clamp(p, torch.rand(2, 3))); nn.Parameter(torch.expm1(p, out=torch.empty(0)))
rearrange(p, "n -> n"); repeat(p, "n -> n"); reduce(q, "a b c -> a b c", "sum")
"""
FUNCTIONS = [
    f"torch.{name}{given}" for name in sorted(UNARY | OTHERS) for given in ("(p)", "(q, 0)", "(p, p)", "([p])")
]
FUNCTIONS += [
    f"nn.Parameter(torch.{name}{given})" for name in sorted(UNARY | WINDOWS) for given in ("(q)", "(q, 1)", "(4)")
]
METHODS = [f"{made}.{name}({given})" for name in sorted(UNARY) for made in ("p", "q") for given in ("", "0")]


def listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]


def stated(expressions: list[str], folder: Path) -> list[Model]:
    text = HEADER + "".join(NET.format(number, expression) for number, expression in enumerate(expressions))
    analysis = analyse(str(folder / "nets.py"), text)
    models = {model.name: model for model in analysis.models if model.kind == "class"}
    return [models[f"Net{number}"] for number in range(len(expressions))]


def totals(expressions: list[str]) -> list[int | None]:
    """What torch counts; None where it raises."""
    found: list[int | None] = []
    for number, expression in enumerate(expressions):
        names: dict[str, Any] = {}
        exec(HEADER + NET.format(number, expression), names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found.append(sum(parameter.numel() for parameter in names[f"Net{number}"]().parameters()))
            except (AttributeError, RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
                found.append(None)
    return found


def test_what_is_known_of_a_tensor_is_what_torch_gives(tmp_path: Path) -> None:
    expressions = listed(EXACT)
    found = {
        e: (model.parameters, total)
        for e, model, total in zip(expressions, stated(expressions, tmp_path), totals(expressions))
    }
    assert {e: pair for e, pair in found.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("expressions", [listed(UNSURE), FUNCTIONS, METHODS], ids=["unsure", "functions", "methods"])
def test_nothing_is_stated_that_torch_does_not_give(expressions: list[str], tmp_path: Path) -> None:
    wrong = []
    checked = 0
    for expression, model, total in zip(expressions, stated(expressions, tmp_path), totals(expressions)):
        if total is not None:
            checked += 1
            if model.parameters not in (None, total) or model.at_least > total:
                wrong.append((expression, model.parameters, model.at_least, total))
    assert wrong == []
    assert checked > len(expressions) // 4


def test_every_attribute_of_torchs_tensors_is_known() -> None:
    import torch

    assert not hasattr(torch.zeros(1), "__cuda_array_interface__"), "a tensor in main memory has none"
    assert [name for name in dir(torch.Tensor) if not is_name(name)] == ["__cuda_array_interface__"]
