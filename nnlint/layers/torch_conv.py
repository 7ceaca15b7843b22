"""torch.nn: convolutions and transposed convolutions."""

import math
from typing import Any

from nnlint.layers.table import (
    Arguments,
    Layer,
    Structure,
    Violation,
    known,
    signature,
    sizes,
    spread,
    violation_of,
    whole,
)

_MODES = {"zeros", "reflect", "replicate", "circular"}
_CONV = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    "padding_mode='zeros', device=None, dtype=None"
)
_TRANSPOSED = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, "
    "padding_mode='zeros', device=None, dtype=None"
)
_MODULE = "torch.nn.modules.conv"


def _structure(a: Arguments, dimensions: int, transposed: bool) -> Structure:
    kernel = known(spread(a["kernel_size"], dimensions))
    groups = a["groups"]
    if transposed:
        weight = (a["in_channels"], a["out_channels"] // groups, *kernel)
    else:
        weight = (a["out_channels"], a["in_channels"] // groups, *kernel)
    return {"weight": weight, "bias": (a["out_channels"],) if a["bias"] else None}


def _check(a: Arguments, dimensions: int, transposed: bool) -> Violation | None:
    """torch.nn.modules.conv._ConvNd.__init__, in its order."""
    groups, padding, mode = a["groups"], a["padding"], a["padding_mode"]
    if transposed and mode != "zeros":
        return Violation("NNL204", f"padding_mode={mode!r}: transposed convolutions support 'zeros' only")
    violation = sizes(a, "groups", "in_channels", "out_channels")
    if violation is not None:
        return violation
    if groups == 0:
        return Violation("NNL202", f"groups={groups} is not positive")
    for name in ("in_channels", "out_channels"):
        if a[name] % groups != 0:
            return Violation("NNL201", f"groups={groups} does not divide {name}={a[name]}")
    if isinstance(padding, str) and not transposed:
        if padding not in ("same", "valid"):
            return Violation("NNL204", f"padding={padding!r} is not 'same' or 'valid'")
        if padding == "same" and any(stride != 1 for stride in spread(a["stride"], dimensions)):
            return Violation("NNL204", f"padding='same' does not go with stride={a['stride']}")
    if mode not in _MODES:
        return Violation("NNL204", f"padding_mode={mode!r} is not one of {', '.join(sorted(_MODES))}")
    if padding == "same" and not transposed:
        for dilation, _ in zip(spread(a["dilation"], dimensions), known(spread(a["kernel_size"], dimensions))):
            if not isinstance(dilation, (int, float)):
                return Violation("NNL204", f"dilation={a['dilation']!r} is no number, as padding='same' needs")
    return None


def _most_groups(a: Arguments) -> int:
    """The groups that leave the least weight: the most that divide both channel counts."""
    return math.gcd(whole(a["in_channels"]), whole(a["out_channels"]))


def _attributes(a: Arguments, dimensions: int, transposed: bool) -> dict[str, Any]:
    names = ("in_channels", "out_channels", "groups", "padding_mode")
    spreads = ("kernel_size", "stride", "padding", "dilation")
    attributes = {name: a[name] for name in names} | {name: spread(a[name], dimensions) for name in spreads}
    if isinstance(a["padding"], str) and not transposed:
        attributes["padding"] = a["padding"]
    attributes["output_padding"] = spread(a["output_padding"], dimensions) if transposed else (0,) * dimensions
    return attributes | {"transposed": transposed}


def _conv(dimensions: int, transposed: bool) -> Layer:
    return Layer(
        f"torch.nn.Conv{'Transpose' * transposed}{dimensions}d",
        _MODULE,
        signature(_TRANSPOSED if transposed else _CONV),
        lambda a: _structure(a, dimensions, transposed),
        floor={"in_channels": 0, "out_channels": 0, "kernel_size": 0, "groups": _most_groups, "bias": False},
        inert=frozenset({"device", "dtype"}),
        attributes=lambda a: _attributes(a, dimensions, transposed),
        constraints=lambda a: _check(a, dimensions, transposed),
        bases=(*[f"{_MODULE}._ConvTransposeNd"] * transposed, f"{_MODULE}._ConvNd", "torch.nn.Module"),
    )


def _lazy(layer: Layer, dimensions: int, transposed: bool) -> Layer:
    """The lazy form of a layer; it is constructed with no channels."""

    def check(a: Arguments) -> Violation | None:
        empty = {**a, "in_channels": 0, "out_channels": 0, "bias": False}
        violation = _check(empty, dimensions, transposed)
        return violation or violation_of(_structure(empty, dimensions, transposed)["weight"])

    mixins = (f"{_MODULE}._LazyConvXdMixin", "torch.nn.modules.lazy.LazyModuleMixin")
    return Layer(
        f"torch.nn.Lazy{layer.short_name}",
        _MODULE,
        signature((_TRANSPOSED if transposed else _CONV).removeprefix("in_channels, ")),
        lambda a: {},
        inert=frozenset({"device", "dtype"}),
        attributes=lambda a: _attributes({**a, "in_channels": 0}, dimensions, transposed),
        constraints=check,
        bases=(*mixins, layer.name, *layer.bases),
        lazy=True,
    )


_KINDS = [(dimensions, transposed) for transposed in (False, True) for dimensions in (1, 2, 3)]
LAYERS = (
    *(_conv(*kind) for kind in _KINDS),
    *(_lazy(_conv(*kind), *kind) for kind in _KINDS),
)
