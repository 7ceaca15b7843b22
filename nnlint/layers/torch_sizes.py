"""torch.nn: what the modules without parameters keep of their arguments, and the sizes that windows leave.

Sizes are PyTorch's own formulas: floor((size + 2·padding - dilation·(kernel - 1) - 1) / stride) + 1 for windows that
move over an input, (size - 1)·stride - 2·padding + dilation·(kernel - 1) + output_padding + 1 for transposed ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from nnlint.layers.torch_flow import FLOWS, passes

Attributes = Mapping[str, Any]
Sizes = tuple[int, ...]
Result = Any  # Sizes, a list of Results where a layer gives several, or None


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


def _positive(sizes: Sizes) -> Sizes:
    if min(sizes) < 1:
        raise UnknownSizeError
    return sizes


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
        _positive(out)
    elif a["padding"] == "same":
        out = sizes
    else:
        paddings = (0,) * dimensions if a["padding"] == "valid" else spread(a["padding"], dimensions)
        out = tuple(map(window, sizes, kernels, strides, paddings, dilations))
    return (*batch, whole(a["out_channels"]), *out)


def pool(a: Attributes, shape: Sizes, dimensions: int) -> Result:
    batch, channels, sizes = _channels_first(shape, dimensions)
    if a.get("ceil_mode") not in (True, False):
        raise UnknownSizeError
    kernels, strides, paddings = (spread(a[name], dimensions) for name in ("kernel_size", "stride", "padding"))
    dilations = spread(a.get("dilation", 1), dimensions)
    if any(2 * padding > kernel for padding, kernel in zip(paddings, kernels)):
        raise UnknownSizeError
    if dimensions == 3 and any(size < kernel for size, kernel in zip(sizes, kernels)):  # refused by AvgPool3d
        raise UnknownSizeError
    out = tuple(
        window(n, k, s, p, d, a["ceil_mode"]) for n, k, s, p, d in zip(sizes, kernels, strides, paddings, dilations)
    )
    return _with_indices(a, (*batch, channels, *out))


def adaptive(a: Attributes, shape: Sizes, dimensions: int) -> Result:
    batch, channels, sizes = _channels_first(shape, dimensions)
    wanted = a["output_size"] if isinstance(a["output_size"], tuple) else (a["output_size"],) * dimensions
    if len(wanted) != dimensions or wanted == (None,):
        raise UnknownSizeError
    out = tuple(size if want is None else whole(want) for want, size in zip(wanted, sizes))
    return _with_indices(a, (*batch, channels, *out))


def _with_indices(a: Attributes, shape: Sizes) -> Result:
    indices = a.get("return_indices", False)
    if not isinstance(indices, bool):
        raise UnknownSizeError
    return [shape, shape] if indices else shape


def unpool(a: Attributes, shape: Sizes, indices: Sizes, dimensions: int) -> Sizes:
    batch, channels, sizes = _channels_first(shape, dimensions)
    if indices != shape:
        raise UnknownSizeError
    kernels, strides, paddings = (spread(a[name], dimensions) for name in ("kernel_size", "stride", "padding"))
    return (*batch, channels, *((n - 1) * s - 2 * p + k for n, k, s, p in zip(sizes, kernels, strides, paddings)))


def padded(a: Attributes, shape: Sizes, dimensions: int) -> Sizes:
    """What is added before and after, from the last dimension on."""
    _channels_first(shape, dimensions)
    sizes = list(shape)
    for place, width in enumerate(spread(a["padding"], 2 * dimensions)):
        if width < 0:
            raise UnknownSizeError
        sizes[-1 - place // 2] += width
    return tuple(sizes)


def reflected(a: Attributes, shape: Sizes, dimensions: int) -> Sizes:
    """What is added are the numbers that are there."""
    if any(width >= shape[-1 - place // 2] for place, width in enumerate(spread(a["padding"], 2 * dimensions))):
        raise UnknownSizeError
    return padded(a, shape, dimensions)


MODES = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,), "area": (3, 4, 5),
         "nearest": (3, 4, 5), "nearest-exact": (3, 4, 5)}  # fmt: skip


def upsample(a: Attributes, shape: Sizes) -> Sizes:
    size, factor, spatial = a["size"], a["scale_factor"], shape[2:]
    if len(shape) not in MODES.get(a["mode"], ()) or (size is None) == (factor is None):
        raise UnknownSizeError
    if size is not None:
        return (*shape[:2], *spread(size, len(spatial)))
    factors = factor if isinstance(factor, tuple) else (factor,) * len(spatial)
    if len(factors) != len(spatial) or not all(type(each) in (int, float) and each > 0 for each in factors):
        raise UnknownSizeError
    return _positive((*shape[:2], *(int(n * float(each)) for n, each in zip(spatial, factors))))


def pixel_shuffle(a: Attributes, shape: Sizes) -> Sizes:
    *batch, channels, height, width = shape
    factor = whole(a["upscale_factor"])
    if factor < 1 or channels % factor**2:
        raise UnknownSizeError
    return (*batch, channels // factor**2, height * factor, width * factor)


def pixel_unshuffle(a: Attributes, shape: Sizes) -> Sizes:
    *batch, channels, height, width = shape
    factor = whole(a["downscale_factor"])
    if factor < 1 or height % factor or width % factor:
        raise UnknownSizeError
    return (*batch, channels * factor**2, height // factor, width // factor)


def unfold(a: Attributes, shape: Sizes) -> Sizes:
    """Each place of the window becomes a column."""
    batch, channels, sizes = _channels_first(shape, 2)
    kernels, strides, paddings, dilations = (
        spread(a[name], 2) for name in ("kernel_size", "stride", "padding", "dilation")
    )
    return (*batch, channels * math.prod(kernels), math.prod(map(window, sizes, kernels, strides, paddings, dilations)))


def unflatten(a: Attributes, shape: Sizes) -> Sizes:
    dim, sizes = whole(a["dim"]), list(a["unflattened_size"])
    if not -len(shape) <= dim < len(shape):
        raise UnknownSizeError
    dim %= len(shape)
    known = math.prod(whole(size) for size in sizes if size != -1)
    if sizes.count(-1) == 1 and known > 0:
        sizes[sizes.index(-1)] = shape[dim] // known
    if math.prod(sizes) != shape[dim] or min(sizes, default=-1) < 0:
        raise UnknownSizeError
    return (*shape[:dim], *sizes, *shape[dim + 1 :])


def bilinear(a: Attributes, one: Sizes, other: Sizes) -> Sizes:
    if one[:-1] != other[:-1] or (one[-1], other[-1]) != (a["in1_features"], a["in2_features"]):
        raise UnknownSizeError
    return (*one[:-1], whole(a["out_features"]))


# -- layers that keep a state, or look at several inputs -----------------------------------------------------------


def recurrent(a: Attributes, shape: Sizes, state: Result = None) -> Result:
    """LSTM, GRU, RNN: what they give at each place, and the last state of each layer and direction."""
    if len(shape) not in (2, 3) or shape[-1] != whole(a["input_size"]):
        raise UnknownSizeError
    directions, hidden_size = 2 if a["bidirectional"] else 1, whole(a["hidden_size"])
    out = whole(a["proj_size"]) or hidden_size
    batch = () if len(shape) == 2 else (shape[0 if a["batch_first"] else 1],)
    hidden, cell = ((whole(a["num_layers"]) * directions, *batch, size) for size in (out, hidden_size))
    states = [hidden, cell] if a["mode"] == "LSTM" else hidden
    if state is not None and state != states:
        raise UnknownSizeError
    return [(*shape[:-1], out * directions), states]


def _cell(a: Attributes, shape: Sizes, state: Result = None) -> Result:
    hidden = (*shape[:-1], whole(a["hidden_size"]))
    if len(shape) not in (1, 2) or shape[-1] != whole(a["input_size"]) or state not in (None, hidden):
        raise UnknownSizeError
    return hidden


def _lstm_cell(a: Attributes, shape: Sizes, state: Result = None) -> Result:
    hidden = _cell(a, shape)
    if state not in (None, [hidden, hidden]):
        raise UnknownSizeError
    return [hidden, hidden]


def attention(
    a: Attributes, query: Sizes, key: Sizes, value: Sizes, key_padding_mask: Result = None, need_weights: Any = True,
    attn_mask: Result = None, average_attn_weights: Any = True, is_causal: Any = False,
) -> Result:  # fmt: skip
    """MultiheadAttention: what it gives for the queries, and its weights."""
    batch_first, heads = a["batch_first"], whole(a["num_heads"])
    adds = a["add_zero_attn"] is not False or a["_parameters"].get("bias_k") is not None
    features = tuple(whole(a[name]) for name in ("embed_dim", "kdim", "vdim"))
    flags = (need_weights, average_attn_weights)
    if adds or is_causal is not False or not all(isinstance(flag, bool) for flag in flags):
        raise UnknownSizeError
    if (query[-1], key[-1], value[-1]) != features or key[:-1] != value[:-1] or len(query) != len(key):
        raise UnknownSizeError
    if len(query) not in (2, 3):
        raise UnknownSizeError
    at = len(query) - 2 if batch_first else 0  # the place of the sequence, the batch is at the other one
    batch = query[1 - at : 2 - at] if len(query) == 3 else ()
    if len(query) == 3 and query[1 - at] != key[1 - at]:
        raise UnknownSizeError
    targets, sources = query[at], key[at]
    weights = (*batch, *(() if average_attn_weights else (heads,)), targets, sources)
    return [query, weights if need_weights else None]


def _attention_in(a: Attributes) -> Attributes:
    """The first attention in a Transformer, or in a part of one."""
    while "embed_dim" not in a:
        child = next(iter(a["_modules"].values()), None)
        if child is None:
            raise UnknownSizeError
        a = child.attributes
    return a


def _sequence(a: Attributes, shape: Sizes, mask: Result) -> int:
    """The length of a sequence of the features that a Transformer takes."""
    inner = _attention_in(a)
    if len(shape) not in (2, 3) or shape[-1] != whole(inner["embed_dim"]):
        raise UnknownSizeError
    length = shape[-2 if inner["batch_first"] else 0]
    if mask not in (None, (length, length)):
        raise UnknownSizeError
    return length


def encoded(a: Attributes, src: Sizes, mask: Result = None, *, src_mask: Result = None) -> Sizes:
    _sequence(a, src, src_mask if mask is None else mask)
    return src


def decoded(a: Attributes, tgt: Sizes, memory: Sizes, tgt_mask: Result = None) -> Sizes:
    _sequence(a, tgt, tgt_mask)
    _sequence(a, memory, None)
    at = 0 if _attention_in(a)["batch_first"] else 1
    if len(tgt) != len(memory) or (len(tgt) == 3 and tgt[at] != memory[at]):
        raise UnknownSizeError
    return tgt


def _flowing(name: str) -> Callable[[Attributes, Sizes], Sizes]:
    """A layer of which one shape gives one that is known."""

    def give(a: Attributes, shape: Sizes) -> Sizes:
        given = passes(name, a, frozenset((shape,)))
        if len(given) != 1:
            raise UnknownSizeError
        return tuple(map(whole, *given))

    return give


def batch_norm(a: Attributes, shape: Sizes, dimensions: int) -> Sizes:
    if a["training"] is not False and math.prod(shape) == shape[1]:  # torch wants several values for each channel
        raise UnknownSizeError
    return _flowing(f"torch.nn.BatchNorm{dimensions}d")(a, shape)


def instance_norm(a: Attributes, shape: Sizes, dimensions: int) -> Sizes:
    if math.prod(shape[-dimensions:]) == 1:  # and here for each image
        raise UnknownSizeError
    return _flowing(f"torch.nn.InstanceNorm{dimensions}d")(a, shape)


def _by_dimensions(rule: Callable[..., Result], dimensions: int) -> Callable[..., Result]:
    return lambda a, *shapes: rule(a, *shapes, dimensions)


SIZES: dict[str, Callable[..., Result]] = {
    **{name: _flowing(name) for name in FLOWS.keys() - {"torch.nn.SyncBatchNorm"}},  # which runs on GPUs alone
    **{f"torch.nn.BatchNorm{d}d": _by_dimensions(batch_norm, d) for d in (1, 2, 3)},
    **{f"torch.nn.InstanceNorm{d}d": _by_dimensions(instance_norm, d) for d in (1, 2, 3)},
    **{f"torch.nn.Conv{d}d": _by_dimensions(conv, d) for d in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{d}d": _by_dimensions(conv, d) for d in (1, 2, 3)},
    **{f"torch.nn.{kind}Pool{d}d": _by_dimensions(pool, d) for kind in ("Max", "Avg") for d in (1, 2, 3)},
    **{f"torch.nn.Adaptive{kind}Pool{d}d": _by_dimensions(adaptive, d) for kind in ("Max", "Avg") for d in (1, 2, 3)},
    **{f"torch.nn.MaxUnpool{d}d": _by_dimensions(unpool, d) for d in (1, 2, 3)},
    **{
        f"torch.nn.{kind}Pad{d}d": _by_dimensions(rule, d)
        for rule, kinds in ((padded, "Zero Constant Replication"), (reflected, "Reflection Circular"))
        for kind in kinds.split()
        for d in (1, 2, 3)
    },
    "torch.nn.Upsample": upsample,
    **{
        f"torch.nn.Upsampling{kind}2d": lambda a, shape: upsample({**a, "mode": "bilinear"}, shape)  # images both
        for kind in ("Nearest", "Bilinear")
    },
    "torch.nn.PixelShuffle": pixel_shuffle,
    "torch.nn.PixelUnshuffle": pixel_unshuffle,
    "torch.nn.Unfold": unfold,
    "torch.nn.Unflatten": unflatten,
    "torch.nn.Bilinear": bilinear,
    **{f"torch.nn.{name}": recurrent for name in ("LSTM", "GRU", "RNN")},
    **{f"torch.nn.{name}": _cell for name in ("GRUCell", "RNNCell")},
    "torch.nn.LSTMCell": _lstm_cell,
    "torch.nn.MultiheadAttention": attention,
    **{f"torch.nn.TransformerEncoder{part}": encoded for part in ("", "Layer")},
    **{f"torch.nn.TransformerDecoder{part}": decoded for part in ("", "Layer")},
    "torch.nn.Transformer": lambda a, src, tgt, *, tgt_mask=None: decoded(a, tgt, src, tgt_mask),
}
