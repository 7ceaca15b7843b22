"""How the elements of a tensor stand in memory, where a view of it in another shape depends on that.

The strides of a tensor are DENSE where its elements surely stand in their order without gaps, a tuple where they are
known, and None where they are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from typing import Any

from nnlint.evaluate.tensor_shapes import NotKnown, Shape, is_known, place, sizes_of
from nnlint.values import DENSE, Strides, Tensor, Value


def of(value: Tensor) -> tuple[int, ...] | None:
    """The strides of a tensor, one for each dimension."""
    if value.strides is not DENSE or not isinstance(value.shape, tuple) or not is_known(value.shape):
        return value.strides or None
    return tuple(accumulate(value.shape[:0:-1], mul, initial=1))[::-1] if value.shape else ()


def after(value: Tensor, name: str, args: Sequence[Any]) -> Strides:
    """The strides of what a method that changes the shape gives, by arguments in their order."""
    is_dense, strides = value.strides is DENSE, of(value)
    if name in ("view", "reshape", "flatten", "unsqueeze", "squeeze"):
        return DENSE if is_dense else None
    if strides is None:
        return None
    try:
        if name == "t":
            return strides[::-1]
        if name == "permute":
            return tuple(strides[place(dim, len(strides))] for dim in sizes_of(args))
        if name in ("transpose", "swapaxes"):
            one, other = (place(dim, len(strides)) for dim in args)
            order = list(range(len(strides)))
            order[one], order[other] = other, one
            return tuple(strides[dim] for dim in order)
        if name == "expand":
            added = (0,) * (len(sizes_of(args)) - len(strides))
            sizes = sizes_of(args)[len(added) :]
            return added + tuple(s if new in (-1, old) else 0 for s, old, new in zip(strides, value.shape, sizes))
    except (NotKnown, ValueError):
        pass
    return None


def of_item(value: Tensor, index: Value) -> Strides:
    """The strides of tensor[index], for whole numbers and slices from the front."""
    parts, strides = index if isinstance(index, tuple) else (index,), of(value)
    if strides is None or not all(type(part) is int or type(part) is slice for part in parts):
        return None
    if any(type(part) is slice and not (part.step is None or type(part.step) is int) for part in parts):
        return None
    taken = [s * (part.step or 1) for part, s in zip(parts, strides) if type(part) is slice]
    return (*taken, *strides[len(parts) :]) or DENSE


def can_view(shape: Shape, strides: tuple[int, ...], sizes: Shape) -> bool:
    """Whether a tensor has a view of other sizes: dimensions that become one have to stand in memory as one.

    https://github.com/pytorch/pytorch/blob/v2.13.0/aten/src/ATen/TensorUtils.cpp (computeStride)
    """
    at, base, held, viewed = len(sizes) - 1, strides[-1] if strides else 1, 1, 1
    for dim in range(len(shape) - 1, -1, -1):
        held *= shape[dim]
        if dim and (shape[dim - 1] == 1 or strides[dim - 1] == held * base):
            continue
        while at >= 0 and (viewed < held or sizes[at] == 1):
            viewed, at = viewed * sizes[at], at - 1
        if viewed != held:
            return False
        base, held, viewed = strides[dim - 1], 1, 1
    return at == -1


def refuses(value: Tensor, sizes: Value) -> bool:
    """Whether value.view(sizes) surely raises for how the elements stand."""
    strides = of(value)
    shapes = value.shape, sizes
    if strides is None or value.strides is DENSE or not all(isinstance(s, tuple) and is_known(s) for s in shapes):
        return False
    return 0 not in value.shape and not can_view(value.shape, strides, sizes)
