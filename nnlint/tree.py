"""A model -> the tree of its modules by attribute name, equal neighbours folded: where its parameters are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from nnlint.construction import Node
from nnlint.count import Part, Total, tally
from nnlint.values import Instance, Tensor, Value

DEEPEST = 50  # levels; what lies deeper is only in the totals of what is shown


def tree(value: Value) -> Node:
    """The tree of a model; its total is that of nnlint.count.count()."""
    total = tally(value)
    below: dict[str, list[Node]] = {}
    for path in reversed(total.parts):
        if path:
            node = _node(path.rpartition(".")[2], total.parts[path], below.pop(path, []), path.count("."))
            below.setdefault(_parent(path, total), []).append(node)
    root = _node("", total.part("", value), below.get("", []), 0)
    return root._replace(total=total.elements, unknown=total.unknown)


def _parent(path: str, total: Total) -> str:
    """The path of the module that holds what is at `path`."""
    while path:
        path = path.rpartition(".")[0]
        if path in total.parts:
            return path
    return ""


def _node(name: str, part: Part, reversed_children: Sequence[Node], depth: int) -> Node:
    children = list(reversed(reversed_children))
    parameters = [child for child in children if child.is_parameter]
    modules = [child for child in children if not child.is_parameter]
    own = part.elements + sum(parameter.total for parameter in parameters)
    unknown, tied = part.unknown, part.again
    if isinstance(part.value, Instance) and part.value.cls.layer is not None:
        # A framework's layer is known by what it is; its weight and bias would only lengthen the tree.
        unknown = next((p.unknown for p in parameters if p.unknown), unknown)
        tied = next((p.tied for p in parameters if p.tied), tied)
        children = modules
    return Node(
        name,
        _kind(part.value),
        own,
        own + sum(module.total * module.times for module in modules),
        unknown,
        tied,
        isinstance(part.value, Tensor),
        1,
        _fold(children) if depth < DEEPEST else (),
    )


def _kind(value: Value) -> str:
    if isinstance(value, Instance):
        return value.cls.name
    return "Parameter" if isinstance(value, Tensor) else "?"


def _fold(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Neighbours that differ in nothing but the number at the end of their names, as one node with `times`."""
    folded: list[Node] = []
    for _, equal in groupby(nodes, key=lambda node: node._replace(name=_stem(node.name))):
        first, *others = equal
        if others and not first.is_parameter:
            last = others[-1].name[len(_stem(first.name)) :]
            folded.append(first._replace(name=f"{first.name}–{last}", times=1 + len(others)))
        else:
            folded += [first, *others]
    return tuple(folded)


def _stem(name: str) -> str:
    return re.sub(r"\d+\Z", "", name)
