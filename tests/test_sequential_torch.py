"""NNL301 against real torch: where it fires, every input raises; where an input passes, it is silent."""

import itertools
import os
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

if os.environ.get("NNLINT_REQUIRE_TORCH") != "1":
    pytest.importorskip("torch")

import torch
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from torch import nn

from nnlint.configuration import Configuration
from nnlint.rules import check_file

SIZES = st.sampled_from([1, 2, 3, 4, 6])
LAYERS = st.one_of(
    st.builds("nn.Linear({}, {})".format, SIZES, SIZES),
    st.builds("nn.Linear({}, {})".format, SIZES, SIZES),
    st.builds("nn.Conv{}d({}, {}, 1)".format, st.integers(1, 3), SIZES, SIZES),
    st.builds("nn.Conv2d({}, {}, 3, padding=1)".format, SIZES, SIZES),
    st.builds("nn.ConvTranspose{}d({}, {}, 1)".format, st.integers(1, 3), SIZES, SIZES),
    st.builds("nn.BatchNorm{}d({})".format, st.integers(1, 3), SIZES),
    st.builds("nn.BatchNorm1d({}, affine={}, track_running_stats={})".format, SIZES, st.booleans(), st.booleans()),
    st.builds("nn.InstanceNorm{}d({}, affine={})".format, st.integers(1, 3), SIZES, st.booleans()),
    st.builds("nn.InstanceNorm1d({}, track_running_stats=True)".format, SIZES),
    st.builds("nn.GroupNorm(1, {}, affine={})".format, SIZES, st.booleans()),
    st.builds("nn.{}({})".format, st.sampled_from(["LayerNorm", "RMSNorm"]), SIZES | st.tuples(SIZES, SIZES)),
    st.builds("nn.AdaptiveAvgPool{}d({})".format, st.integers(1, 3), st.integers(1, 2)),
    st.sampled_from(["nn.AdaptiveMaxPool2d((2, None))", "nn.MaxPool1d(1)", "nn.MaxPool2d(1)", "nn.AvgPool3d(1)"]),
    st.sampled_from(["nn.Flatten()", "nn.Flatten()", "nn.Flatten(0)", "nn.Flatten(0, 1)", "nn.Flatten(2, -1)"]),
    st.sampled_from(["nn.ReLU()", "nn.Dropout(0.5)", "nn.Identity()", "nn.GELU()", "nn.Softmax(-1)", "nn.PReLU()"]),
    st.sampled_from(["nn.GLU()", "nn.GLU(1)", "nn.Upsample(scale_factor=2)", "nn.PixelShuffle(2)", "nn.ZeroPad2d(1)"]),
    st.sampled_from(["nn.ReflectionPad1d((0, 1))", "nn.ConstantPad1d(1, 0)", "nn.ReplicationPad2d(1)"]),
    st.sampled_from(["nn.Dropout2d()", "nn.Softmax2d()", "nn.LocalResponseNorm(2)", "nn.ChannelShuffle(2)"]),
    st.builds("nn.Embedding(7, {})".format, SIZES),
)
MANY = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def inputs() -> Iterator[torch.Tensor]:
    """Inputs of ranks 1 to 5, of the sizes that the layers name and of one that none names; some are empty."""
    for rank in range(1, 6):
        sizes = (1, 2, 3, 4, 6) if rank < 4 else (1, 2, 3, 4)
        yield from (torch.zeros(shape) for shape in itertools.product((*sizes, 0)[: 8 - rank], repeat=rank))


INPUTS = list(inputs())


@cache
def through(layer: str, training: bool) -> "list[tuple[torch.Tensor, Any]]":
    """The inputs that a layer takes, with what it gives."""
    module = built(layer).train(training)
    inputs = [example.long() for example in INPUTS] if "Embedding" in layer else INPUTS
    return [(example, given) for example in inputs if (given := run(module, example)) is not None]


def built(layer: str) -> Any:
    return eval(layer, {"nn": nn})


def run(module: Any, example: Any) -> Any:
    try:
        return module(example)
    except Exception:
        return None


def passing(layers: list[str], training: bool) -> "tuple[int, ...] | None":
    """The shape of an input that passes, or None."""
    rest = nn.Sequential(*map(built, layers[1:])).train(training)
    found = (example for example, given in through(layers[0], training) if run(rest, given) is not None)
    return next((tuple(example.shape) for example in found), None)


def fires(layers: list[str]) -> bool:
    text = f"from torch import nn\n\nmodel = nn.Sequential({', '.join(layers)})\n"
    return [finding.code for finding in check_file("model.py", text, Configuration())] == ["NNL301"]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The inputs are tiny: several threads would wait for each other most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@torch.no_grad()
def test_where_the_rule_fires_no_input_passes() -> None:
    fired = 0

    @MANY
    @given(st.lists(LAYERS, min_size=1, max_size=5))
    def check(layers: list[str]) -> None:
        nonlocal fired
        warnings.simplefilter("ignore")
        if not fires(layers):
            event("silent")
            return
        fired += 1
        event("fires")
        for training in (True, False):
            shape = passing(layers, training)
            assert shape is None, f"{layers} runs on {shape}"

    check()
    assert fired >= 50
