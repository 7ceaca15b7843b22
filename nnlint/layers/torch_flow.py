"""Which tensors a module takes and gives: a table from a layer of torch.nn to what it does to shapes.

A shape is a tuple with None for a size that is not known; a set of shapes holds every shape that may arrive. What a
layer gives is a set again: of each shape that it may take, every shape that it may give. An empty set is a proof: no
input fits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Shape = tuple[int | None, ...]
Shapes = frozenset[Shape]
Attributes = Mapping[str, Any]

MOST_DIMENSIONS = 10  # more do not change what a layer can take, but for Flatten and Unflatten, which are bounded
MOST_NAMED = 4  # beyond, a layer that names a dimension is not followed
ANY: Shapes = frozenset((None,) * rank for rank in range(MOST_DIMENSIONS + 1))


class Flow(NamedTuple):
    """What a layer does to a shape, giving nothing where it refuses it; and what it takes, in words."""

    give: Callable[[Attributes, Shape], Iterable[Shape]]
    takes: Callable[[Attributes], str]


class NotKnown(Exception):
    """An attribute is not what its layer sets: nothing is known of what the layer does."""


def passes(name: str, attributes: Attributes, shapes: Shapes) -> Shapes:
    """What a layer may give of shapes; ANY where that is not known."""
    flow = FLOWS.get(name)
    if flow is None:
        return ANY
    try:
        return frozenset(given for shape in shapes for given in flow.give(attributes, shape))
    except NotKnown:
        return ANY


def whole(a: Attributes, name: str) -> int:
    value = a.get(name)
    if type(value) is not int or value < 0:
        raise NotKnown(name)
    return value


def fits(size: int | None, expected: int) -> bool:
    return size is None or size == expected


def replaced(shape: Shape, index: int, size: int | None) -> Shape:
    index %= len(shape)
    return (*shape[:index], size, *shape[index + 1 :])


def _same(a: Attributes, shape: Shape) -> Iterator[Shape]:
    yield shape


def _linear(a: Attributes, shape: Shape) -> Iterator[Shape]:
    """(*, in_features) -> (*, out_features)"""
    if shape and fits(shape[-1], whole(a, "in_features")):
        yield replaced(shape, -1, whole(a, "out_features"))


def _channel(shape: Shape, dimensions: int) -> int | None:
    """Where the channels are: (C, *) without and (N, C, *) with a batch; None where the rank does not fit."""
    return {dimensions + 1: 0, dimensions + 2: 1}.get(len(shape))


def _conv(dimensions: int) -> Callable[[Attributes, Shape], Iterator[Shape]]:
    def give(a: Attributes, shape: Shape) -> Iterator[Shape]:
        channel = _channel(shape, dimensions)
        if channel is not None and fits(shape[channel], whole(a, "in_channels")):
            yield (*shape[:channel], whole(a, "out_channels"), *(None,) * dimensions)

    return give


def _pool(dimensions: int, output_size: bool = False) -> Callable[[Attributes, Shape], Iterator[Shape]]:
    def give(a: Attributes, shape: Shape) -> Iterator[Shape]:
        channel = _channel(shape, dimensions)
        if a.get("return_indices", False) is not False:
            raise NotKnown("return_indices")
        if channel is not None:
            spatial = _output_size(a, dimensions) if output_size else (None,) * dimensions
            yield (*shape[: channel + 1], *spatial)

    return give


def _output_size(a: Attributes, dimensions: int) -> Shape:
    given = a.get("output_size")
    sizes = (given,) * dimensions if isinstance(given, int) else given
    if not isinstance(sizes, tuple) or len(sizes) != dimensions:
        return (None,) * dimensions
    return tuple(size if type(size) is int and size >= 0 else None for size in sizes)


def _batch_norm(*ranks: int) -> Callable[[Attributes, Shape], Iterator[Shape]]:
    """Without parameters and statistics any number of channels will do."""

    def give(a: Attributes, shape: Shape) -> Iterator[Shape]:
        owns = a.get("affine") is True or a.get("track_running_stats") is True
        if len(shape) in ranks and (not owns or fits(shape[1], whole(a, "num_features"))):
            yield replaced(shape, 1, whole(a, "num_features")) if owns else shape

    return give


def _instance_norm(dimensions: int) -> Callable[[Attributes, Shape], Iterator[Shape]]:
    def give(a: Attributes, shape: Shape) -> Iterator[Shape]:
        channel = _channel(shape, dimensions)
        owns = a.get("affine") is True
        if channel is not None and (not owns or fits(shape[channel], whole(a, "num_features"))):
            yield replaced(shape, channel, whole(a, "num_features")) if owns else shape

    return give


def _group_norm(a: Attributes, shape: Shape) -> Iterator[Shape]:
    owns = a.get("affine") is True
    if len(shape) >= 2 and (not owns or fits(shape[1], whole(a, "num_channels"))):
        yield replaced(shape, 1, whole(a, "num_channels")) if owns else shape


def _layer_norm(a: Attributes, shape: Shape) -> Iterator[Shape]:
    """The last dimensions have to be normalized_shape."""
    last = a.get("normalized_shape")
    if not isinstance(last, tuple) or not last or len(last) > MOST_NAMED or not all(type(n) is int for n in last):
        raise NotKnown("normalized_shape")
    if len(shape) >= len(last) and all(map(fits, shape[-len(last) :], last)):
        yield (*shape[: -len(last)], *last)


def _flatten(a: Attributes, shape: Shape) -> Iterator[Shape]:
    start, end = a.get("start_dim"), a.get("end_dim")
    if type(start) is not int or type(end) is not int or max(abs(start), abs(end)) > MOST_NAMED:
        raise NotKnown("start_dim")
    if (end, start) != (-1, 1) and len(shape) >= MOST_DIMENSIONS - 1:
        raise NotKnown("more dimensions than are looked at")
    rank = max(len(shape), 1)
    if not (-rank <= start < rank and -rank <= end < rank):
        return
    start, end = start % rank, end % rank
    if start <= end:
        sizes = shape[start : end + 1]
        yield (*shape[:start], _product(sizes), *shape[end + 1 :])


def _product(sizes: Shape) -> int | None:
    product = 1
    for size in sizes:
        if size is None:
            return None
        product *= size
    return product


def _glu(a: Attributes, shape: Shape) -> Iterator[Shape]:
    """Half of one dimension, which must be even."""
    dim = a.get("dim")
    if type(dim) is not int or not -MOST_NAMED <= dim <= MOST_NAMED:
        raise NotKnown("dim")
    if -len(shape) <= dim < len(shape):
        size = shape[dim]
        if size is None or size % 2 == 0:
            yield replaced(shape, dim, None if size is None else size // 2)


def _channel_shuffle(a: Attributes, shape: Shape) -> Iterator[Shape]:
    """As many channels, in groups of as many."""
    groups = a.get("groups")
    if type(groups) is not int:
        raise NotKnown("groups")
    if len(shape) > 2 and groups > 0 and (shape[1] is None or shape[1] % groups == 0):
        yield shape


def _unknown_from(dimension: int, least: int) -> Callable[[Attributes, Shape], Iterator[Shape]]:
    """Sizes that are no longer known from a dimension on (negative: from the end)."""

    def give(a: Attributes, shape: Shape) -> Iterator[Shape]:
        padding = a.get("padding", 0)
        if type(padding) is not int and not (isinstance(padding, tuple) and len(padding) == -2 * dimension):
            raise NotKnown("padding")
        if len(shape) >= least:
            kept = shape[:dimension]
            yield (*kept, *(None,) * (len(shape) - len(kept)))

    return give


def _embedding(a: Attributes, shape: Shape) -> Iterator[Shape]:
    if len(shape) < MOST_DIMENSIONS:
        yield (*shape, whole(a, "embedding_dim"))
    else:
        yield replaced(shape, -1, whole(a, "embedding_dim"))


def _other(a: Attributes) -> str:
    return "other shapes"


def _of(name: str, words: str) -> Callable[[Attributes], str]:
    return lambda a: f"{a.get(name)} {words}"


_ALIKE = (
    "Identity Dropout AlphaDropout FeatureAlphaDropout Dropout1d Dropout2d Dropout3d "
    "ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid Sigmoid Tanh LogSigmoid Softsign Tanhshrink ELU CELU Hardshrink "
    "Softshrink GELU LeakyReLU Softplus Threshold RReLU Hardtanh PReLU Softmax Softmin LogSoftmax Softmax2d "
    "LocalResponseNorm CrossMapLRN2d"
)
_CHANNELS = _of("in_channels", "channels")
_FEATURES = _of("num_features", "channels")
FLOWS: dict[str, Flow] = {
    **{f"torch.nn.{name}": Flow(_same, _other) for name in _ALIKE.split()},
    "torch.nn.Linear": Flow(_linear, _of("in_features", "features")),
    "torch.nn.modules.linear.NonDynamicallyQuantizableLinear": Flow(_linear, _of("in_features", "features")),
    **{f"torch.nn.Conv{d}d": Flow(_conv(d), _CHANNELS) for d in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{d}d": Flow(_conv(d), _CHANNELS) for d in (1, 2, 3)},
    **{f"torch.nn.{kind}Pool{d}d": Flow(_pool(d), _other) for kind in ("Max", "Avg") for d in (1, 2, 3)},
    **{f"torch.nn.Adaptive{kind}Pool{d}d": Flow(_pool(d, True), _other) for kind in ("Max", "Avg") for d in (1, 2, 3)},
    "torch.nn.BatchNorm1d": Flow(_batch_norm(2, 3), _FEATURES),
    "torch.nn.BatchNorm2d": Flow(_batch_norm(4), _FEATURES),
    "torch.nn.BatchNorm3d": Flow(_batch_norm(5), _FEATURES),
    "torch.nn.SyncBatchNorm": Flow(_batch_norm(*range(2, MOST_DIMENSIONS + 1)), _FEATURES),
    **{f"torch.nn.InstanceNorm{d}d": Flow(_instance_norm(d), _FEATURES) for d in (1, 2, 3)},
    "torch.nn.GroupNorm": Flow(_group_norm, _of("num_channels", "channels")),
    "torch.nn.LayerNorm": Flow(_layer_norm, lambda a: f"a shape that ends in {a['normalized_shape']}"),
    "torch.nn.RMSNorm": Flow(_layer_norm, lambda a: f"a shape that ends in {a['normalized_shape']}"),
    "torch.nn.Flatten": Flow(_flatten, _other),
    "torch.nn.GLU": Flow(_glu, _other),
    "torch.nn.ChannelShuffle": Flow(_channel_shuffle, _other),
    **{
        f"torch.nn.{name}": Flow(_unknown_from(2, 3), _other)
        for name in ("Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d")
    },
    **{
        f"torch.nn.{kind}Pad{d}d": Flow(_unknown_from(-d, d), _other)
        for kind in ("Zero", "Constant", "Reflection", "Replication", "Circular")
        for d in (1, 2, 3)
    },
    **{f"torch.nn.Pixel{kind}": Flow(_unknown_from(-3, 3), _other) for kind in ("Shuffle", "Unshuffle")},
    "torch.nn.Embedding": Flow(_embedding, _other),
}
