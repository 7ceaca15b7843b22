"""The tables against calls recorded from real torch (fixtures/torch_layers.json, by tests/record_torch.py)."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from nnlint.layers import (
    LAYERS,
    PLAIN,
    Child,
    Children,
    Clones,
    Layer,
    Violation,
    arithmetic,
    build,
    complete,
    find,
    public_name,
)
from nnlint.layers.torch_nn import merged
from nnlint.signature import REQUIRED, Signature
from nnlint.unknown import Unknown

RECORDED = json.loads((Path(__file__).parent.parent / "fixtures" / "torch_layers.json").read_text())


class NoCount(Exception):
    """A part of a structure has no exact count."""


def shapes_of(part: Any, prefix: str = "", least: bool = False) -> dict[str, tuple[int, ...]]:
    """The Parameters in a part of a structure by their full names; with `least`, those that are sure."""
    if isinstance(part, Child):
        if part.layer in PLAIN:
            return {}
        layer = LAYERS[part.layer]
        arguments = complete(layer, part.arguments)
        built = layer.at_least(arguments) if least else build(layer, arguments)
        return shapes_of_structure(built, prefix, least)
    if isinstance(part, Clones):
        copies = range(part.times)
        return {name: s for i in copies for name, s in shapes_of(part.module, f"{prefix}{i}.", least).items()}
    if isinstance(part, Children):
        items = enumerate(part.items)
        return {name: s for i, item in items for name, s in shapes_of(item, f"{prefix}{i}.", least).items()}
    if type(part) is tuple:
        return {prefix.rstrip("."): part}
    if isinstance(part, Unknown) and not least:
        raise NoCount
    if hasattr(part, "shapes"):
        return {prefix + name: shape for name, shape in part.shapes.items()}
    return {}


def shapes_of_structure(structure: Any, prefix: str = "", least: bool = False) -> dict[str, tuple[int, ...]]:
    if not isinstance(structure, dict):
        raise NoCount
    parts = structure.items()
    return {name: s for part_name, part in parts for name, s in shapes_of(part, f"{prefix}{part_name}.", least).items()}


def total(shapes: dict[str, tuple[int, ...]]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())


def bound(name: str, *positional: Any, **keywords: Any) -> tuple[Layer, dict[str, Any]]:
    layer = find(name)
    assert layer is not None
    return layer, layer.signature.bind(positional, keywords)


def count(name: str, *positional: Any, **keywords: Any) -> int:
    return total(shapes_of_structure(build(*bound(name, *positional, **keywords))))


def as_text(signature: Signature) -> list[list[str]]:
    return [
        [p.name, p.kind, "" if p.default is REQUIRED else repr(getattr(p.default, "name", p.default))]
        for p in signature.parameters
    ]


def case_id(case: dict[str, Any]) -> str:
    arguments = [*map(repr, case["args"]), *(f"{name}={value!r}" for name, value in case["kwargs"].items())]
    return f"{case['layer'].removeprefix('torch.nn.')}({', '.join(arguments)})"


def from_json(value: Any) -> Any:
    """JSON has no tuples: {"tuple": [...]}."""
    if isinstance(value, dict):
        return tuple(map(from_json, value["tuple"]))
    return [from_json(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", RECORDED["calls"], ids=case_id)
def test_a_recorded_call_has_the_parameters_that_torch_gave_it(case: dict[str, Any]) -> None:
    keywords = {name: from_json(value) for name, value in case["kwargs"].items()}
    layer, arguments = bound(case["layer"], *map(from_json, case["args"]), **keywords)
    built = build(layer, arguments)
    if "raises" in case:
        assert isinstance(built, Violation), case["raises"]
        assert built.message
    elif "lazy" in case:
        assert isinstance(built, Unknown)
    else:
        shapes = shapes_of_structure(built)
        assert {name: list(shape) for name, shape in shapes.items()} == case["parameters"]
        assert total(shapes) == case["count"]


@pytest.mark.parametrize("name", RECORDED["signatures"])
def test_signatures_are_those_recorded_from_torch(name: str) -> None:
    signature = LAYERS[name].signature if name in LAYERS else PLAIN[name]
    assert as_text(signature) == RECORDED["signatures"][name]


def test_every_table_entry_has_a_recorded_signature() -> None:
    assert set(RECORDED["signatures"]) == set(LAYERS) | set(PLAIN)


def test_a_duplicate_name_is_refused() -> None:
    linear = LAYERS["torch.nn.Linear"]
    with pytest.raises(ValueError, match="twice"):
        merged([linear, linear])


@pytest.mark.parametrize("name", ["torch.nn.Linear", "torch.nn.modules.Linear", "torch.nn.modules.linear.Linear"])
def test_a_layer_is_found_by_every_name_that_torch_has_for_it(name: str) -> None:
    assert find(name) is LAYERS["torch.nn.Linear"]
    assert public_name(name) == "torch.nn.Linear"


@pytest.mark.parametrize("name", ["Linear", "torch.Linear", "torch.nn.modules.conv.Linear", "torch.nn.ReLU"])
def test_other_names_are_no_layer(name: str) -> None:
    assert find(name) is None


ARITHMETIC = [
    (("torch.nn.Linear", 25088, 4096), {}, "25088×4096 + 4096"),
    (("torch.nn.Linear", 25088, 4096), {"bias": False}, "25088×4096"),
    (("torch.nn.Conv2d", 512, 512, 3), {}, "512×3×3×512 + 512"),
    (("torch.nn.Conv2d", 512, 512, (3, 1)), {"groups": 512}, "1×3×1×512 + 512"),
    (("torch.nn.BatchNorm2d", 64), {}, "2×64"),
    (("torch.nn.LSTM", 10, 20), {}, "10×80 + 20×80 + 2×80"),
    (("torch.nn.LSTM", 20, 20), {}, "2×(20×80) + 2×80"),
    (("torch.nn.LayerNorm", ()), {}, "2×1"),
]


@pytest.mark.parametrize(("call", "keywords", "expected"), ARITHMETIC)
def test_arithmetic_reads_from_input_to_output(call: Any, keywords: dict[str, Any], expected: str) -> None:
    assert arithmetic(shapes_of_structure(build(*bound(*call, **keywords)))) == expected


def test_arithmetic_is_the_count() -> None:
    for name, *sizes in (("torch.nn.LSTM", 10, 20, 2), ("torch.nn.Bilinear", 3, 4, 5), ("torch.nn.GRUCell", 6, 7)):
        text = arithmetic(shapes_of_structure(build(*bound(name, *sizes))))
        assert eval(text.replace("×", "*")) == count(name, *sizes)


def test_long_arithmetic_is_cut() -> None:
    text = arithmetic({str(n): (n, 1000 + n) for n in range(1000, 1050)})
    assert len(text) < 90
    assert text.endswith(" + …")


TEXTBOOK = [
    ("torch.nn.LSTM", (128, 256), {}, 4 * (128 * 256 + 256**2 + 256)),
    ("torch.nn.LSTM", (10, 20), {"bias": False}, 4 * 20 * (10 + 20)),
    ("torch.nn.LSTM", (10, 20), {"proj_size": 5}, 4 * 20 * (10 + 1 + 5)),
    ("torch.nn.LSTM", (10, 20, 2), {"bidirectional": True}, 2 * 4 * 20 * (10 + 1 + 20) + 2 * 4 * 20 * (40 + 1 + 20)),
    ("torch.nn.GRU", (10, 20), {}, 3 * 20 * (10 + 1 + 20)),
    ("torch.nn.RNN", (10, 20), {}, 20 * (10 + 1 + 20)),
    ("torch.nn.LSTMCell", (10, 20), {}, 4 * 20 * (10 + 1 + 20)),
    ("torch.nn.GRUCell", (10, 20), {"bias": False}, 3 * 20 * (10 + 20)),
    ("torch.nn.RNNCell", (10, 20), {}, 20 * (10 + 1 + 20)),
]


@pytest.mark.parametrize(("name", "sizes", "keywords", "expected"), TEXTBOOK)
def test_the_textbook_counts_one_bias_per_gate_and_no_projection(
    name: str, sizes: tuple[int, ...], keywords: dict[str, Any], expected: int
) -> None:
    layer, arguments = bound(name, *sizes, **keywords)
    assert layer.textbook is not None
    assert layer.textbook(arguments) == expected


UNKNOWN = Unknown("not known")
AT_LEAST = [
    ("torch.nn.Linear", (10, 20, UNKNOWN), {}, 200),
    ("torch.nn.Linear", (UNKNOWN, 20), {}, 20),
    ("torch.nn.Conv2d", (64, 128, 3), {"groups": UNKNOWN}, 2 * 9 * 64 + 128),
    ("torch.nn.Conv2d", (64, 128, (3, UNKNOWN)), {}, 128),
    ("torch.nn.LSTM", (10, 20), {"num_layers": UNKNOWN}, 80 * 10 + 80 * 20 + 2 * 80),
    ("torch.nn.LSTM", (10, UNKNOWN), {"proj_size": 5}, 24 * 10 + 24 * 5 + 2 * 24 + 5 * 6),
    ("torch.nn.MultiheadAttention", (UNKNOWN, 8), {}, 3 * 64 + 3 * 8),
    ("torch.nn.TransformerEncoder", (UNKNOWN, 6), {}, 0),
    ("torch.nn.LazyLinear", (10,), {}, 0),
]


@pytest.mark.parametrize(("name", "positional", "keywords", "expected"), AT_LEAST)
def test_unknown_arguments_leave_a_lower_bound(
    name: str, positional: tuple[Any, ...], keywords: dict[str, Any], expected: int
) -> None:
    layer, arguments = bound(name, *positional, **keywords)
    assert total(shapes_of_structure(layer.at_least(arguments), least=True)) == expected


@pytest.mark.parametrize(
    ("name", "positional", "keywords"),
    [
        ("torch.nn.Linear", (10, 20), {"device": UNKNOWN, "dtype": UNKNOWN}),
        ("torch.nn.Conv2d", (10, 20, 3), {"stride": UNKNOWN, "padding": UNKNOWN, "padding_mode": UNKNOWN}),
        ("torch.nn.BatchNorm2d", (10, UNKNOWN, UNKNOWN), {}),
        ("torch.nn.GroupNorm", (UNKNOWN, 20), {}),
        ("torch.nn.MultiheadAttention", (20, UNKNOWN), {}),
        ("torch.nn.LSTM", (10, 20), {"batch_first": UNKNOWN, "dropout": UNKNOWN}),
        ("torch.nn.RNN", (10, 20), {"nonlinearity": UNKNOWN}),
        ("torch.nn.TransformerEncoderLayer", (8, 2), {"dropout": UNKNOWN, "batch_first": UNKNOWN}),
    ],
)
def test_unknown_arguments_that_cannot_change_the_count_leave_it_exact(
    name: str, positional: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    assert total(shapes_of_structure(build(*bound(name, *positional, **keywords)))) > 0


@pytest.mark.parametrize(
    ("name", "positional"),
    [
        ("torch.nn.Linear", (UNKNOWN, 20)),
        ("torch.nn.Linear", (10, 20, UNKNOWN)),
        ("torch.nn.Linear", (10, object())),
        ("torch.nn.Conv2d", (3, 4, (3, UNKNOWN))),
        ("torch.nn.Transformer", (UNKNOWN,)),
        ("torch.nn.LazyConv2d", (8, 3)),
        ("torch.nn.LSTM", (10, 20, 10**9)),
    ],
)
def test_a_count_that_is_not_surely_known_is_unknown(name: str, positional: tuple[Any, ...]) -> None:
    assert isinstance(build(*bound(name, *positional)), Unknown)


def test_an_unknown_activation_leaves_the_rest_known() -> None:
    structure = build(*bound("torch.nn.TransformerEncoderLayer", 8, 2, activation=UNKNOWN))
    assert isinstance(structure, dict)
    assert structure["activation"] is UNKNOWN
    assert structure["linear1"].layer == "torch.nn.Linear"


def test_the_parts_of_a_lower_bound_stay_as_unknown_as_their_arguments() -> None:
    layer, arguments = bound("torch.nn.TransformerEncoderLayer", UNKNOWN, 8, UNKNOWN)
    structure = layer.at_least(arguments)
    assert structure["linear1"].arguments["in_features"] is UNKNOWN
    assert structure["self_attn"].arguments["num_heads"] == 8
    assert "layers" not in LAYERS["torch.nn.TransformerEncoder"].at_least(
        {"encoder_layer": None, "num_layers": UNKNOWN, "norm": None}
    )


def test_heads_that_are_not_known_are_not_made_up() -> None:
    structure = build(*bound("torch.nn.TransformerEncoderLayer", 8, UNKNOWN))
    assert isinstance(structure, dict)
    assert structure["self_attn"].arguments["num_heads"] is UNKNOWN


def test_a_given_embedding_weight_is_counted_by_the_sizes() -> None:
    assert count("torch.nn.Embedding", 10, 4, _weight=object()) == 40
    assert isinstance(build(*bound("torch.nn.Embedding", 10, 4, 1.0, _weight=UNKNOWN)), dict)


CODES = [
    ("torch.nn.Conv2d", (64, 128, 3), {"groups": 3}, "NNL201", "groups=3 does not divide in_channels=64"),
    ("torch.nn.Conv2d", (63, 128, 3), {"groups": 3}, "NNL201", "groups=3 does not divide out_channels=128"),
    ("torch.nn.GroupNorm", (3, 64), {}, "NNL201", "num_groups=3 does not divide num_channels=64"),
    ("torch.nn.MultiheadAttention", (64, 3), {}, "NNL201", "num_heads=3 does not divide embed_dim=64"),
    ("torch.nn.Transformer", (64, 3), {}, "NNL201", "nhead=3 does not divide d_model=64"),
    ("torch.nn.Linear", (-1, 3), {}, "NNL202", "in_features=-1 is negative"),
    ("torch.nn.Linear", (2.5, 3), {}, "NNL202", "in_features=2.5 is not an integer"),
    ("torch.nn.Conv2d", (3, 3, -1), {}, "NNL202", "sizes must not be negative: (3, 3, -1, -1)"),
    ("torch.nn.LSTM", (0, 3), {}, "NNL202", "input_size=0 is not positive"),
    ("torch.nn.LSTM", (3, 3, 0), {}, "NNL204", "num_layers=0 is not positive"),
    ("torch.nn.LSTM", (3, 3), {"dropout": 2}, "NNL204", "dropout=2 is not a number in 0 to 1"),
    ("torch.nn.LSTM", (3, 3), {"proj_size": 3}, "NNL204", "proj_size=3 is not smaller than hidden_size=3"),
    ("torch.nn.RNN", (3, 3, 1, "gelu"), {}, "NNL204", "nonlinearity='gelu' is not 'tanh' or 'relu'"),
    ("torch.nn.Conv2d", (3, 3, 3, 2, "same"), {}, "NNL204", "padding='same' does not go with stride=2"),
    ("torch.nn.Embedding", (3, 3, 5), {}, "NNL204", "padding_idx=5 is not within num_embeddings=3"),
    ("torch.nn.Linear", (10**10, 10**10), {}, "NNL204", "storage overflows: (10000000000, 10000000000)"),
]


@pytest.mark.parametrize(("name", "positional", "keywords", "code", "message"), CODES)
def test_a_call_that_raises_is_a_violation_with_its_code(
    name: str, positional: tuple[Any, ...], keywords: dict[str, Any], code: str, message: str
) -> None:
    layer, arguments = bound(name, *positional, **keywords)
    violation = layer.check(arguments)
    assert violation is not None
    assert (violation.code, violation.message) == (code, message)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("value", [UNKNOWN, object(), None, -1, "x", 2.5, [], {}, float("nan"), 10**30])
def test_no_value_whatever_makes_a_table_raise(layer: Layer, value: Any) -> None:
    arguments: dict[str, Any] = {p.name: value for p in layer.signature.parameters}
    arguments |= {name: part for name, part in (("args", ()), ("kwargs", {})) if name in arguments}
    assert isinstance(layer.at_least(arguments), dict)
    assert isinstance(layer.attributes(arguments), dict)
    assert isinstance(build(layer, arguments), (dict, Violation, Unknown))
