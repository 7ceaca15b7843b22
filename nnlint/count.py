"""An object -> how many parameters it owns: each distinct Parameter reachable through registered modules, once."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from nnlint.layers import arithmetic
from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Class, Dict, Function, Instance, Tensor, Value, is_plain

# What parameters() goes by.
LISTING = ("parameters", "named_parameters", "_named_members", "named_modules")
EQUALITY = ("__eq__", "__hash__")
LISTING_INSIDE = ("named_modules",)  # what a module that holds others asks them for


class Count(NamedTuple):
    """parameters: the exact number of elements, or None; at_least: a lower bound; unknown: why it is not exact."""

    parameters: int | None
    at_least: int
    unknown: str | None
    arithmetic: str


@dataclass
class Part:
    """What is registered under one path. value: the first thing found there; elements: its own Parameters', without
    those of its modules; unknown: why these are only a lower bound; again: the path where it was met before."""

    value: Value
    elements: int = 0
    unknown: str | None = None
    again: str | None = None


class Total:
    """What a module owns, in the order and with the paths of named_parameters().

    seen: where each object, by id, was met first; alternatives: for values that are one of several, the elements that
    each has at least, and the objects of all.
    """

    def __init__(self) -> None:
        self.elements = 0
        self.unknown: str | None = None
        self.parts: dict[str, Part] = {}
        self.seen: dict[int, str] = {}
        self.shapes: dict[str, Any] = {}
        self.alternatives: list[tuple[int, set[int]]] = []

    def part(self, path: str, value: Value) -> Part:
        return self.parts.setdefault(path, Part(value))

    def doubt(self, why: str, part: Part) -> None:
        self.unknown = self.unknown or why
        part.unknown = part.unknown or why

    def add(self, elements: int, part: Part) -> None:
        self.elements += elements
        part.elements += elements


def tally(value: Value) -> Total:
    """All that a module owns."""
    total = Total()
    _add(total, value, "", top=value)
    _settle(total, total.part("", value))
    return total


def _settle(total: Total, part: Part) -> None:
    """Leave out what is chosen by a condition, where it may be something that is counted besides."""
    if any(owned & total.seen.keys() for _, owned in total.alternatives):
        total.doubt("a module that is chosen by a condition is shared", part)
        total.elements = max(total.elements - sum(a[0] for a in total.alternatives), 0)


def count(value: Value) -> Count:
    """The count of a module, as sum(p.numel() for p in module.parameters()) would give it."""
    total = tally(value)
    shapes = arithmetic(total.shapes)
    if total.unknown is not None:
        return Count(None, total.elements, total.unknown, shapes)
    return Count(total.elements, total.elements, None, shapes)


def _add(total: Total, value: Value, path: str, top: Value = None) -> None:
    """Add what a registered value owns, without recursion (modules can be nested deeply); top: the model itself."""
    stack: list[tuple[Value, str]] = [(value, path)]
    tuples: set[int] = set()
    while stack:
        item, at = stack.pop()
        if item is None or item is ABSENT:
            continue
        if isinstance(item, tuple):
            if id(item) not in tuples:
                tuples.add(id(item))
                stack.extend((one, at) for one in item)
            continue
        part = total.part(at, item)
        if id(item) in total.seen:
            part.again = total.seen[id(item)]
            continue
        if isinstance(item, Unknown):
            _add_unknown(total, item, part)
            continue
        if isinstance(item, Rest):
            _add_unknown(total, item.unknown, part)
            continue
        total.seen[id(item)] = at
        if isinstance(item, Tensor):
            _add_tensor(total, item, at, part)
        elif isinstance(item, Instance):
            if item.open is not None:
                total.doubt(item.open.why, part)
            why = _lists_itself(item, LISTING if item is top else LISTING_INSIDE)
            if why is not None:
                total.doubt(why, part)
                continue
            if item is not top and _is_told_apart(item.cls):
                total.doubt(f"{item.cls.name} says itself which of its modules are the same", part)
                continue
            if "_modules" not in item.attributes and item.open is None:
                total.doubt(f"a {item.cls.name} did not call Module.__init__()", part)
            for registry in ("_modules", "_parameters"):
                held = item.attributes.get(registry)
                if isinstance(held, Dict):
                    if held.rest is not None and held.rest.options != (ABSENT,):
                        total.doubt(held.rest.why, part)
                    if registry == "_modules" and any(isinstance(child, Tensor) for child in held.values()):
                        total.doubt("a tensor among the modules", part)
                    entries = [(child, f"{at}.{name}" if at else str(name)) for name, child in held.items()]
                    stack.extend(reversed(entries))
                elif held is not None:
                    total.doubt("its registered modules are not known", part)
            for held in item.attributes.values():
                if not isinstance(held, Unknown):
                    continue
                if held.options and not is_plain(held):
                    _add_possible(total, held, part)
                elif not held.plain and not hasattr(held, "name"):
                    total.doubt(held.why, part)


def _lists_itself(module: Instance, methods: tuple[str, ...]) -> str | None:
    """Why a module's parameters are not those that are registered in it."""
    cls = module.cls
    if cls.find("__hash__") is None:
        return f"a {cls.name} has no hash, and torch asks for one"
    if cls.module is not None and any(isinstance(cls.find(name), Function) for name in methods):
        return f"{cls.name} has methods of its own to list its parameters"
    if not module.attributes.keys().isdisjoint(methods):
        return f"a {cls.name} is given another way to list its parameters"
    return None


def _is_told_apart(cls: Class) -> bool:
    """Whether modules of a class may be equal without being the same one: torch counts equal ones once."""
    return any(base.module is not None and not base.attributes.keys().isdisjoint(EQUALITY) for base in cls.mro)


def _add_possible(total: Total, held: Unknown, part: Part) -> None:
    """An attribute that is set in only some arms: a module among the options would be registered elsewhere."""
    for option in held.options:
        if isinstance(option, Instance) and "_modules" in option.attributes:
            total.doubt(held.why, part)
        elif isinstance(option, Unknown) and not option.plain:
            total.doubt(option.why, part)


def _add_tensor(total: Total, tensor: Tensor, at: str, part: Part) -> None:
    if not tensor.is_parameter:
        return
    size = tensor.numel()
    if isinstance(size, Unknown):
        total.doubt(size.why, part)
        least = prod(tensor.least) if tensor.least is not None else 0
        total.add(least, part)
        total.shapes[at] = tensor.least if least else None
    else:
        total.add(size, part)
        total.shapes[at] = tensor.shape if size else None


def _add_unknown(total: Total, unknown: Unknown, part: Part) -> None:
    """A registered value that is one of several: alternatives of equal count keep the total."""
    if not unknown.options:
        if not unknown.plain:
            total.doubt(unknown.why, part)
        return
    counts = []
    for option in unknown.options:
        one = Total()
        _add(one, option, "")
        _settle(one, one.part("", option))
        counts.append(one)
    least = min(one.elements for one in counts)
    if any(one.unknown is not None for one in counts):
        total.doubt(next(one.unknown for one in counts if one.unknown is not None), part)
    elif len({one.elements for one in counts}) > 1:
        total.doubt(unknown.why, part)
    owned = set().union(*(one.seen for one in counts), *(inner for one in counts for _, inner in one.alternatives))
    if any(owned & other for _, other in total.alternatives):
        total.doubt("a module that is chosen by a condition is shared", part)
        least = 0
    total.add(least, part)
    total.alternatives.append((least, owned))
