"""torch.nn: what the modules without parameters keep of their arguments, and the sizes that windows leave.

Sizes are PyTorch's own formulas: floor((size + 2·padding - dilation·(kernel - 1) - 1) / stride) + 1 for windows that
move over an input, (size - 1)·stride - 2·padding + dilation·(kernel - 1) + output_padding + 1 for transposed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Attributes = Mapping[str, Any]
Sizes = tuple[int, ...]


class UnknownSizeError(Exception):
    """What decides a size is not known, or torch refuses the input."""


def whole(value: Any) -> int:
    if type(value) is not int:
        raise UnknownSizeError
    return value


def spread(value: Any, dimensions: int) -> Sizes:
    """One number for each dimension."""
    values = value if isinstance(value, tuple) else (value,) * dimensions
    if len(values) != dimensions:
        raise UnknownSizeError
    return tuple(map(whole, values))


# -- attributes ----------------------------------------------------------------------------------------------------


def stored(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The attributes that a module of torch.nn (by its short name) sets from its arguments."""
    left_out = ("args", "kwargs", *_NOT_KEPT.get(name, ()))
    kept = {key: value for key, value in arguments.items() if key not in left_out}
    dimensions = int(name[-2]) if name[-2:] in ("1d", "2d", "3d") else 0
    if name.startswith(("MaxPool", "AvgPool")) and kept["stride"] is None:
        kept["stride"] = kept["kernel_size"]
    spreads = dimensions if name == "AvgPool1d" or name.startswith(("MaxUnpool", "FractionalMaxPool")) else 0
    for key in ("kernel_size", "stride", "padding", "output_size"):
        if spreads and type(kept.get(key)) is int:
            kept[key] = (kept[key],) * dimensions
    if name.startswith("MaxUnpool") and kept["stride"] is None:
        kept["stride"] = kept["kernel_size"]
    if "Pad" in name and type(kept.get("padding")) is int:
        kept["padding"] = (kept["padding"],) * (2 * dimensions)
    if type(kept.get("scale_factor")) is int:
        kept["scale_factor"] = float(kept["scale_factor"])
    return kept


_NOT_KEPT = {
    "Hardtanh": ("min_value", "max_value"),
    "PairwiseDistance": ("p",),
    **dict.fromkeys(
        ("L1Loss", "MSELoss", "CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss",
         "SmoothL1Loss", "PoissonNLLLoss", "TripletMarginLoss", "MultiMarginLoss", "HingeEmbeddingLoss",
         "CosineEmbeddingLoss", "MarginRankingLoss", "MultiLabelMarginLoss", "SoftMarginLoss",
         "MultiLabelSoftMarginLoss"),
        ("size_average", "reduce"),
    ),
}  # fmt: skip


# -- sizes ---------------------------------------------------------------------------------------------------------


def _channels_first(shape: Sizes, dimensions: int) -> tuple[Sizes, int, Sizes]:
    """The batch, the channels and the sizes that a window moves over."""
    if len(shape) not in (dimensions + 1, dimensions + 2):
        raise UnknownSizeError
    return shape[: -dimensions - 1], shape[-dimensions - 1], shape[-dimensions:]


def window(size: int, kernel: int, stride: int, padding: int, dilation: int, ceiling: bool = False) -> int:
    """How often a window fits."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if stride < 1 or room < 0:
        raise UnknownSizeError
    if not ceiling:
        return room // stride + 1
    count = -(-room // stride) + 1
    # The last window must start inside the input or its left padding.
    return count - 1 if (count - 1) * stride >= size + padding else count


def conv(a: Attributes, shape: Sizes, dimensions: int) -> Sizes:
    batch, channels, sizes = _channels_first(shape, dimensions)
    kernels, strides, dilations = (spread(a[name], dimensions) for name in ("kernel_size", "stride", "dilation"))
    if channels != whole(a["in_channels"]):
        raise UnknownSizeError
    if a["transposed"]:
        paddings, extras = spread(a["padding"], dimensions), spread(a["output_padding"], dimensions)
        given = zip(sizes, kernels, strides, paddings, dilations, extras)
        out = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in given)
    elif a["padding"] == "same":
        out = sizes
    else:
        paddings = (0,) * dimensions if a["padding"] == "valid" else spread(a["padding"], dimensions)
        out = tuple(map(window, sizes, kernels, strides, paddings, dilations))
    return (*batch, whole(a["out_channels"]), *out)


def pool(a: Attributes, shape: Sizes, dimensions: int) -> Sizes:
    batch, channels, sizes = _channels_first(shape, dimensions)
    if a.get("return_indices", False) is not False or a.get("ceil_mode") not in (True, False):
        raise UnknownSizeError
    kernels, strides, paddings = (spread(a[name], dimensions) for name in ("kernel_size", "stride", "padding"))
    dilations = spread(a.get("dilation", 1), dimensions)
    out = tuple(
        window(n, k, s, p, d, a["ceil_mode"]) for n, k, s, p, d in zip(sizes, kernels, strides, paddings, dilations)
    )
    return (*batch, channels, *out)


def adaptive(a: Attributes, shape: Sizes, dimensions: int) -> Sizes:
    batch, channels, sizes = _channels_first(shape, dimensions)
    if a.get("return_indices", False) is not False:
        raise UnknownSizeError
    wanted = a["output_size"] if isinstance(a["output_size"], tuple) else (a["output_size"],) * dimensions
    if len(wanted) != dimensions:
        raise UnknownSizeError
    out = tuple(size if want is None else whole(want) for want, size in zip(wanted, sizes))
    return (*batch, channels, *out)


def linear(a: Attributes, shape: Sizes) -> Sizes:
    if not shape or shape[-1] != whole(a["in_features"]):
        raise UnknownSizeError
    return (*shape[:-1], whole(a["out_features"]))


def _same(a: Attributes, shape: Sizes) -> Sizes:
    return shape


_ALIKE = (
    "Identity Dropout Dropout1d Dropout2d Dropout3d AlphaDropout ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid "
    "Sigmoid Tanh ELU CELU GELU LeakyReLU Softplus Softmax PReLU BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d "
    "InstanceNorm2d InstanceNorm3d GroupNorm LayerNorm RMSNorm"
)


def _by_dimensions(rule: Callable[[Attributes, Sizes, int], Sizes], dimensions: int) -> Callable[..., Sizes]:
    return lambda a, shape: rule(a, shape, dimensions)


SIZES: dict[str, Callable[[Attributes, Sizes], Sizes]] = {
    **{f"torch.nn.{name}": _same for name in _ALIKE.split()},
    "torch.nn.Linear": linear,
    **{f"torch.nn.Conv{d}d": _by_dimensions(conv, d) for d in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{d}d": _by_dimensions(conv, d) for d in (1, 2, 3)},
    **{f"torch.nn.{kind}Pool{d}d": _by_dimensions(pool, d) for kind in ("Max", "Avg") for d in (1, 2, 3)},
    **{f"torch.nn.Adaptive{kind}Pool{d}d": _by_dimensions(adaptive, d) for kind in ("Max", "Avg") for d in (1, 2, 3)},
}
