"""The shapes that torch's functions on tensors give: a table from a name to arithmetic on shapes.

A size that is not known is an Unknown; a function raises NotKnown where nothing is known of the shape it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from nnlint.numpy_numbers import NumpyInt
from nnlint.unknown import Unknown
from nnlint.values import Tensor, Value

Shape = tuple[Value, ...]


class NotKnown(Exception):
    """The shape does not follow from what is given, or torch raises."""


class Refused(NotKnown):
    """torch surely raises. kind: which exception."""

    def __init__(self, words: str, kind: str = "RuntimeError") -> None:
        super().__init__(words)
        self.kind = kind


def is_known(shape: Shape) -> bool:
    """Whether all sizes are known."""
    return all(type(size) is int for size in shape)


def whole(value: Value) -> int:
    if type(value) is not int:
        raise NotKnown
    return value


MOST_DIMENSIONS = 64  # what torch's operations on the elements of tensors take
LARGEST = 2**63 - 1  # the largest size that torch can note


def checked(shape: Shape) -> Shape:
    """A shape, unless no tensor has it."""
    if len(shape) > MOST_DIMENSIONS or any(isinstance(size, int) and size > LARGEST for size in shape):
        raise NotKnown
    return shape


def plain_size(value: Value) -> Value:
    """A number that says a size or a place, as a plain one: numpy's is one, and one in a tensor of no dimensions."""
    if isinstance(value, Tensor) and value.shape == () and type(value.data) is int:
        return value.data
    return int(value) if type(value) is NumpyInt else value


def sizes_of(args: Sequence[Value]) -> list[Value]:
    """Sizes given one by one or as one sequence."""
    given = list(map(plain_size, args[0] if len(args) == 1 and isinstance(args[0], (list, tuple)) else args))
    if not all(isinstance(size, Unknown) or (type(size) is int and size >= -1) for size in given):
        raise NotKnown
    return given


def place(dim: Value, rank: int) -> int:
    """A dimension counted from the front."""
    index = whole(dim)
    if rank and not -rank <= index < rank:
        raise Refused(
            f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {index})", "IndexError"
        )
    if not rank:
        raise NotKnown
    return index % rank


def _known(shape: Shape) -> int:
    """The number of elements."""
    return prod(whole(size) for size in shape)


def _view(shape: Shape, args: Sequence[Value]) -> Shape:
    sizes = sizes_of(args)
    if -1 in sizes:
        rest = _known(tuple(size for size in sizes if size != -1))
        if sizes.count(-1) > 1:
            raise Refused("only one dimension can be inferred")
        if rest == 0:
            raise NotKnown
        if _known(shape) % rest:
            raise Refused(f"shape '{sizes}' is invalid for input of size {_known(shape)}")
        sizes[sizes.index(-1)] = _known(shape) // rest
    elif _known(tuple(sizes)) != _known(shape):
        raise Refused(f"shape '{sizes}' is invalid for input of size {_known(shape)}")
    return tuple(sizes)


def _permute(shape: Shape, args: Sequence[Value]) -> Shape:
    order = [place(dim, len(shape)) for dim in sizes_of(args)]
    if sorted(order) != list(range(len(shape))):
        raise Refused("the dimensions of a permutation are those of the tensor, each once")
    return tuple(shape[dim] for dim in order)


def _transpose(shape: Shape, args: Sequence[Value]) -> Shape:
    if len(args) != 2:
        raise NotKnown
    one, other = (place(dim, len(shape)) for dim in args)
    sizes = list(shape)
    sizes[one], sizes[other] = sizes[other], sizes[one]
    return tuple(sizes)


def _t(shape: Shape, args: Sequence[Value]) -> Shape:
    if args or len(shape) > 2:
        raise NotKnown
    return shape[::-1]


def _unsqueeze(shape: Shape, args: Sequence[Value]) -> Shape:
    if len(args) != 1:
        raise NotKnown
    at = place(args[0], len(shape) + 1)
    return (*shape[:at], 1, *shape[at:])


def _squeeze(shape: Shape, args: Sequence[Value]) -> Shape:
    if args:
        at = place(args[0], len(shape))
        return shape[:at] + shape[at + 1 :] if whole(shape[at]) == 1 else shape
    return tuple(size for size in shape if whole(size) != 1)


def _flatten(shape: Shape, args: Sequence[Value]) -> Shape:
    start, end = (*args, *(0, -1)[len(args) :]) if len(args) < 3 else (None, None)
    if not shape:
        return (1,)
    start, end = place(start, len(shape)), place(end, len(shape))
    if start > end:
        raise NotKnown
    return (*shape[:start], _known(shape[start : end + 1]), *shape[end + 1 :])


def _repeat(shape: Shape, args: Sequence[Value]) -> Shape:
    times = sizes_of(args)
    if len(times) < len(shape) or -1 in times:
        raise NotKnown
    padded = (1,) * (len(times) - len(shape)) + shape
    return tuple(whole(size) * whole(count) for size, count in zip(padded, times))


def _expand(shape: Shape, args: Sequence[Value]) -> Shape:
    sizes = sizes_of(args)
    if len(sizes) < len(shape):
        raise NotKnown
    added = len(sizes) - len(shape)
    if -1 in sizes[:added] or any(whole(old) not in (1, new) and new != -1 for old, new in zip(shape, sizes[added:])):
        raise Refused("an expanded size must match the existing one") if is_known(tuple(sizes)) else NotKnown
    return (*sizes[:added], *(old if new == -1 else new for old, new in zip(shape, sizes[added:])))


def broadcast(one: Shape, other: Shape) -> Shape:
    """The shape of an operation on two tensors."""
    rank = max(len(one), len(other))
    pairs = zip((1,) * (rank - len(one)) + one, (1,) * (rank - len(other)) + other)
    sizes = []
    for left, right in pairs:
        if left is not right and whole(left) != whole(right) and 1 not in (left, right):
            raise Refused(f"the size {left} of one tensor must match the size {right} of another")
        sizes.append(left if right == 1 else right)
    return tuple(sizes)


def item(shape: Shape, index: Value) -> Shape:
    """tensor[index], for whole numbers, slices, None and ...; and one vector of whole numbers among the rest"""
    parts = list(index) if isinstance(index, tuple) else [index]
    of_lists = sum(isinstance(part, (list, Tensor)) for part in parts)
    if of_lists > 1 or (of_lists and any(type(part) is int for part in parts)):
        raise NotKnown  # they go together, in numpy also with a number
    taken = sum(part is not None and part is not ... for part in parts)
    if parts.count(...) > 1:
        raise NotKnown
    if taken > len(shape):
        is_simple = all(part is None or part is ... or type(part) in (int, slice) for part in parts)
        raise Refused("too many indices for a tensor", "IndexError") if is_simple else NotKnown
    if ... not in parts:
        parts.append(...)
    sizes: list[Value] = []
    rest = list(shape)
    for part in parts:
        if part is None:
            sizes.append(1)
        elif part is ...:
            kept = len(shape) - taken
            sizes += rest[:kept]
            del rest[:kept]
        else:
            size = rest.pop(0)
            sizes += _taken(size, part)
    return tuple(sizes)


def _taken(size: Value, part: Value) -> list[Value]:
    if isinstance(part, (list, Tensor)):
        return [_chosen(size, part)]
    if isinstance(part, slice) and part == slice(None):
        return [size]
    if isinstance(part, slice) and all(end is None or type(end) is int for end in (part.start, part.stop, part.step)):
        return [len(range(*part.indices(whole(size))))]
    if type(part) is int and -whole(size) <= part < size:
        return []
    if type(part) is int:
        raise Refused(f"index {part} is out of bounds for a dimension with size {size}", "IndexError")
    raise NotKnown


def _chosen(size: Value, places: list[Value] | Tensor) -> int:
    """How many a list or a vector of places takes."""
    chosen = places.data if isinstance(places, Tensor) else places
    if not isinstance(chosen, (list, tuple)) or not all(type(at) is int and -whole(size) <= at < size for at in chosen):
        raise NotKnown
    return len(chosen)


def cat(shapes: Sequence[Shape], dim: Value = 0) -> Shape:
    """torch.cat"""
    if not shapes or (0,) in shapes:  # which goes with any other
        raise NotKnown
    if any(len(shape) != len(shapes[0]) for shape in shapes):
        raise Refused("tensors must have the same number of dimensions")
    at = place(dim, len(shapes[0]))
    others = {(*shape[:at], *shape[at + 1 :]) for shape in shapes}
    if len(others) != 1:
        raise Refused("sizes of tensors must match except in one dimension") if all(map(is_known, others)) else NotKnown
    return (*shapes[0][:at], sum(whole(shape[at]) for shape in shapes), *shapes[0][at + 1 :])


def stack(shapes: Sequence[Shape], dim: Value = 0) -> Shape:
    """torch.stack"""
    if not shapes:
        raise NotKnown
    if any(shape != shapes[0] for shape in shapes):
        raise Refused("stack expects each tensor to be equal size") if all(map(is_known, shapes)) else NotKnown
    at = place(dim, len(shapes[0]) + 1)
    return (*shapes[0][:at], len(shapes), *shapes[0][at:])


def pad(shape: Shape, widths: Sequence[Value]) -> Shape:
    """torch.nn.functional.pad with constants: what is added before and after, from the last dimension on."""
    if len(widths) % 2 or len(widths) > 2 * len(shape):
        raise NotKnown
    sizes = list(shape)
    for at in range(len(widths) // 2):
        sizes[-1 - at] = whole(sizes[-1 - at]) + whole(widths[2 * at]) + whole(widths[2 * at + 1])
    if any(whole(size) < 0 for size in sizes):
        raise NotKnown
    return tuple(sizes)


def summed(shape: Shape, dim: Value = None, keepdim: Value = False) -> Shape:
    """What is left of a shape where the numbers along some dimensions, or along all, become one."""
    given = dim if isinstance(dim, (list, tuple)) else range(len(shape)) if dim is None else (dim,)
    places = [place(one, len(shape)) for one in given]
    if type(keepdim) is not bool or len(set(places)) < len(places) or not (places or dim is None):
        raise NotKnown
    return tuple(1 if at in places else size for at, size in enumerate(shape) if keepdim or at not in places)


METHODS: dict[str, Callable[[Shape, Sequence[Any]], Shape]] = {
    "view": _view, "reshape": _view, "permute": _permute, "transpose": _transpose, "swapaxes": _transpose, "t": _t,
    "unsqueeze": _unsqueeze, "squeeze": _squeeze, "flatten": _flatten, "repeat": _repeat, "tile": _repeat,
    "expand": _expand,
}  # fmt: skip
# The names of what they take, which has defaults in flatten().
PARAMETERS = {
    "view": ("size",), "reshape": ("shape",), "permute": ("dims",), "transpose": ("dim0", "dim1"),
    "swapaxes": ("axis0", "axis1"), "t": (), "unsqueeze": ("dim",), "squeeze": ("dim",),
    "flatten": ("start_dim", "end_dim"), "repeat": ("repeats",), "tile": ("dims",), "expand": ("size",),
}  # fmt: skip


def in_order(name: str, args: Sequence[Value], kwargs: dict[str, Value]) -> list[Value]:
    """What a method is given, by position and by name."""
    names = PARAMETERS[name][len(args) :]
    last = max((names.index(word) + 1 for word in kwargs if word in names), default=0)
    if not kwargs.keys() <= set(names) or (len(kwargs) < last and name != "flatten"):
        raise NotKnown
    return [*args, *(kwargs.get(word, 0) for word in names[:last])]


# Methods of numpy's arrays that go by the same name and do something else.
NOT_OF_ARRAYS = frozenset(["transpose", "repeat", "t", "unsqueeze", "expand", "permute", "flatten", "tile", "view"])


def are_different(shape: Value, other: Value) -> bool:
    """Whether two shapes surely differ, so that there was something to do."""
    if not isinstance(shape, tuple) or not isinstance(other, tuple):
        return False
    return len(shape) != len(other) or (all(type(size) is int for size in shape + other) and shape != other)
