"""torch.nn: convolutions and transposed convolutions."""

import math
from typing import Any

from nnlint.layers.arguments import Arguments, Violation, given, known, sizes, spread, violation_of, whole
from nnlint.layers.table import Layer, Structure, signature

_MODULE = "torch.nn.modules.conv"
_MODES = ("zeros", "reflect", "replicate", "circular")
_FACTORY = "device=None, dtype=None"
_CONV = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    f"padding_mode='zeros', {_FACTORY}"
)
_TRANSPOSED = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, "
    f"padding_mode='zeros', {_FACTORY}"
)
_BASE = (
    "in_channels, out_channels, kernel_size, stride, padding, dilation, transposed, output_padding, groups, bias, "
    f"padding_mode, {_FACTORY}"
)
_INERT = frozenset({"device", "dtype"})


def _for_base(a: Arguments, dimensions: int, transposed: bool) -> dict[str, Any]:
    """The arguments as Conv2d and its kind hand them to _ConvNd: integers spread over the dimensions."""
    spreads = {name: spread(a[name], dimensions) for name in ("kernel_size", "stride", "padding", "dilation")}
    if isinstance(a["padding"], str) and not transposed:
        spreads["padding"] = a["padding"]
    output_padding = spread(a["output_padding"] if transposed else 0, dimensions)
    return {**a, **spreads, "transposed": transposed, "output_padding": output_padding}


def _structure(a: Arguments) -> Structure:
    into, out, groups = a["in_channels"], a["out_channels"], a["groups"]
    channels = (into, out // groups) if a["transposed"] else (out, into // groups)
    return {"weight": (*channels, *known(a["kernel_size"])), "bias": (out,) if a["bias"] else None}


def _check(a: Arguments, zeros_only: bool) -> Violation | None:
    """_ConvTransposeNd and _ConvNd, in their order."""
    groups, mode = a["groups"], a["padding_mode"]
    if zeros_only and mode != "zeros":
        return Violation("NNL204", f"padding_mode={mode!r}: transposed convolutions support 'zeros' only")
    violation = sizes(a, "groups", "in_channels", "out_channels")
    if violation is not None:
        return violation
    if groups == 0:
        return Violation("NNL202", "groups=0 is not positive")
    for name in ("in_channels", "out_channels"):
        if a[name] % groups != 0:
            return Violation("NNL201", f"groups={groups} does not divide {name}={a[name]}", "ValueError")
    if mode not in _MODES:
        return Violation("NNL204", f"padding_mode={mode!r} is not one of {', '.join(_MODES)}")
    return _check_padding(a)


def _check_padding(a: Arguments) -> Violation | None:
    padding = a["padding"]
    if not isinstance(padding, (str, bytes, tuple, list, dict)):
        return Violation("NNL204", f"padding={padding!r} is not a tuple or a string")
    if isinstance(padding, str) and padding not in ("same", "valid"):
        return Violation("NNL204", f"padding={padding!r} is not 'same' or 'valid'")
    if padding == "same":
        if any(stride != 1 for stride in a["stride"]):
            return Violation("NNL204", f"padding='same' does not go with stride={_short(a['stride'])}")
        for dilation, _ in zip(a["dilation"], known(a["kernel_size"])):
            if not isinstance(dilation, (int, float)):
                return Violation("NNL204", f"dilation={dilation!r} is not a number, as padding='same' needs")
    return None


def _short(values: Any) -> Any:
    """A tuple of one value repeated, as the value."""
    return values[0] if len(set(values)) == 1 else values


def _most_groups(a: Arguments) -> int:
    """The groups that leave the least weight: the most that divide both channel counts."""
    return math.gcd(whole(a["in_channels"]), whole(a["out_channels"]))


_FLOOR = {"in_channels": 0, "out_channels": 0, "kernel_size": 0, "groups": _most_groups, "bias": False}
_ATTRIBUTES = given(
    *("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "transposed", "output_padding"),
    *("groups", "padding_mode"),
)


def _conv(dimensions: int, transposed: bool) -> Layer:
    return Layer(
        f"torch.nn.Conv{'Transpose' * transposed}{dimensions}d",
        _MODULE,
        signature(_TRANSPOSED if transposed else _CONV),
        lambda a: _structure(_for_base(a, dimensions, transposed)),
        floor=_FLOOR,
        inert=_INERT,
        attributes=lambda a: _ATTRIBUTES(_for_base(a, dimensions, transposed)),
        constraints=lambda a: _check(_for_base(a, dimensions, transposed), transposed),
        bases=(*[f"{_MODULE}._ConvTransposeNd"] * transposed, f"{_MODULE}._ConvNd", "torch.nn.Module"),
    )


def _lazy(layer: Layer, dimensions: int, transposed: bool) -> Layer:
    """The lazy form of a layer; it is constructed with no channels."""

    def check(a: Arguments) -> Violation | None:
        empty = _for_base({**a, "in_channels": 0, "out_channels": 0, "bias": False}, dimensions, transposed)
        violation = _check(empty, transposed)
        return violation or violation_of(_structure(empty)["weight"])

    mixins = (f"{_MODULE}._LazyConvXdMixin", "torch.nn.modules.lazy.LazyModuleMixin")
    return Layer(
        f"torch.nn.Lazy{layer.short_name}",
        _MODULE,
        signature((_TRANSPOSED if transposed else _CONV).removeprefix("in_channels, ")),
        lambda a: {},
        inert=_INERT,
        attributes=lambda a: layer.attributes({**a, "in_channels": 0}),
        constraints=check,
        bases=(*mixins, layer.name, *layer.bases),
        lazy=True,
    )


def _base(name: str, *bases: str) -> Layer:
    """A base class by itself; a transposed weight has as many elements."""
    return Layer(
        f"{_MODULE}.{name}",
        _MODULE,
        signature(_BASE),
        _structure,
        floor={**_FLOOR, "kernel_size": (0,), "transposed": False},
        neutral={"padding_mode": "zeros", "stride": (1,), "padding": (0,), "dilation": (1,)},
        inert=_INERT | {"output_padding"},
        attributes=_ATTRIBUTES,
        constraints=lambda a: _check(a, zeros_only=name == "_ConvTransposeNd"),
        bases=(*bases, "torch.nn.Module"),
    )


_KINDS = [(dimensions, transposed) for transposed in (False, True) for dimensions in (1, 2, 3)]
LAYERS = (
    *(_conv(*kind) for kind in _KINDS),
    *(_lazy(_conv(*kind), *kind) for kind in _KINDS),
    _base("_ConvNd"),
    _base("_ConvTransposeNd", f"{_MODULE}._ConvNd"),
)
