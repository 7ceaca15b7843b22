"""einops: tensors in other shapes, by a pattern such as "b (h w) c -> b c h w"."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from nnlint.evaluate.tensor_shapes import NotKnown, Shape, are_different, whole
from nnlint.evaluate.torch_functions import perhaps_itself, shaped
from nnlint.unknown import Unknown
from nnlint.values import Native, Tensor, Value

LONGEST = 1_000  # characters of a pattern
Sizes = dict[str, Value]


def groups_in(side: str) -> list[list[str]]:
    """The names of the axes of each dimension; none for one of size 1."""
    dimensions = re.findall(r"\(([^()]*)\)|([^\s()]+)", side)
    return [(inner or single).split() if (inner or single) != "1" else [] for inner, single in dimensions]


def shape_by(pattern: str, shape: Shape, axes: Sizes) -> Shape:
    """The shape that a pattern gives. Raises NotKnown where it does not follow from what is given, or einops raises."""
    left, arrow, right = pattern.partition("->")
    if not arrow or len(pattern) > LONGEST:
        raise NotKnown
    sizes: Sizes = dict(axes)
    groups = groups_in(left)
    if ["..."] in groups:
        at = groups.index(["..."])
        among = len(shape) - (len(groups) - 1)
        if among < 0:
            raise NotKnown
        named = [[f"@{index}"] for index in range(among)]
        groups[at : at + 1] = named
        right = right.replace("...", " ".join(name for (name,) in named))
    if len(groups) != len(shape) or "..." in right:
        raise NotKnown
    for group, size in zip(groups, shape):
        _bind(group, size, sizes)
    found: list[Value] = []
    for group in groups_in(right):
        if any(name not in sizes for name in group):
            raise NotKnown
        found.append(sizes[group[0]] if len(group) == 1 else prod(whole(sizes[name]) for name in group))
    return tuple(found)


def _bind(group: list[str], size: Value, sizes: Sizes) -> None:
    """What a dimension says of the axes that it is made of."""
    free = [name for name in group if name not in sizes]
    if len(group) == 1 and free:
        sizes[group[0]] = size
        return
    known = prod(whole(sizes[name]) for name in group if name in sizes)
    if len(free) > 1 or known == 0 or whole(size) % known:
        raise NotKnown
    if free:
        sizes[free[0]] = whole(size) // known
    elif known != whole(size):
        raise NotKnown


def _reshaped(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """rearrange(tensor, pattern, **sizes), repeat(...) and reduce(tensor, pattern, how, **sizes)"""
    value = args[0] if args else kwargs.get("tensor")
    pattern = args[1] if len(args) > 1 else kwargs.get("pattern")
    axes = {name: size for name, size in kwargs.items() if name not in ("tensor", "pattern", "reduction", "**")}
    if not isinstance(value, Tensor):
        return Unknown("a tensor by a pattern", plain=not isinstance(value, Unknown) or value.plain)
    shape: Value = Unknown("the shape of a tensor by a pattern", plain=True)
    if isinstance(pattern, str) and isinstance(value.shape, tuple) and "**" not in kwargs:
        old = value.shape
        shape = shaped(machine, lambda: shape_by(pattern, old, axes))
    made = Tensor(shape, machine.heap.clock, is_array=value.is_array).viewing(value)
    return made if are_different(shape, value.shape) else perhaps_itself(value, made)


EINOPS: dict[str, Value] = {f"einops.{name}": Native(name, _reshaped) for name in ("rearrange", "repeat", "reduce")}
