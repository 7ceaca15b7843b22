"""An object -> how many parameters it owns: each distinct Parameter reachable through registered modules, once."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

from nnlint.layers import arithmetic
from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Dict, Instance, Tensor, Value, is_plain


class Count(NamedTuple):
    """parameters: the exact number of elements, or None; at_least: a lower bound; unknown: why it is not exact."""

    parameters: int | None
    at_least: int
    unknown: str | None
    arithmetic: str


class _Total:
    def __init__(self) -> None:
        self.elements = 0
        self.unknown: str | None = None
        self.seen: set[int] = set()
        self.shared: set[int] = set()
        self.shapes: dict[str, Any] = {}
        self.alternatives: list[tuple[int, set[int]]] = []

    def doubt(self, why: str) -> None:
        self.unknown = self.unknown or why


def count(value: Value) -> Count:
    """The count of a module, as sum(p.numel() for p in module.parameters()) would give it."""
    total = _Total()
    _add(total, value, "")
    for _, owned in total.alternatives:
        if owned & total.seen:
            total.doubt("a module that is chosen by a condition is shared")
            total.elements = max(total.elements - sum(a[0] for a in total.alternatives), 0)
            break
    shapes = arithmetic(total.shapes)
    if total.unknown is not None:
        return Count(None, total.elements, total.unknown, shapes)
    return Count(total.elements, total.elements, None, shapes)


def _add(total: _Total, value: Value, path: str) -> None:
    """Add what a registered value owns, without recursion (modules can be nested deeply)."""
    stack: list[tuple[Value, str]] = [(value, path)]
    while stack:
        item, at = stack.pop()
        if item is None or item is ABSENT or id(item) in total.seen:
            continue
        if isinstance(item, Unknown):
            _add_unknown(total, item)
            continue
        if isinstance(item, Rest):
            _add_unknown(total, item.unknown)
            continue
        if isinstance(item, tuple):
            stack.extend((one, at) for one in item)
            continue
        total.seen.add(id(item))
        if isinstance(item, Tensor):
            _add_tensor(total, item, at)
        elif isinstance(item, Instance):
            if item.open is not None:
                total.doubt(item.open.why)
            for registry in ("_modules", "_parameters"):
                held = item.attributes.get(registry)
                if isinstance(held, Dict):
                    if held.rest is not None and held.rest.options != (ABSENT,):
                        total.doubt(held.rest.why)
                    entries = [(child, f"{at}.{name}" if at else str(name)) for name, child in held.items()]
                    stack.extend(reversed(entries))
                elif held is not None:
                    total.doubt("its registered modules are not known")
            for _name, held in item.attributes.items():
                if isinstance(held, Unknown) and held.options and not is_plain(held):
                    _add_possible(total, held)
                elif isinstance(held, Unknown) and not held.plain and not hasattr(held, "name"):
                    total.doubt(held.why)


def _add_possible(total: _Total, held: Unknown) -> None:
    """An attribute that is set in only some arms: a module among the options would be registered elsewhere."""
    for option in held.options:
        if isinstance(option, Instance) and "_modules" in option.attributes:
            total.doubt(held.why)
        elif isinstance(option, Unknown) and not option.plain:
            total.doubt(option.why)


def _add_tensor(total: _Total, tensor: Tensor, at: str) -> None:
    if not tensor.is_parameter:
        return
    size = tensor.numel()
    if isinstance(size, Unknown):
        total.doubt(size.why)
        least = prod(tensor.least) if tensor.least is not None else 0
        total.elements += least
        total.shapes[at] = tensor.least if least else None
    else:
        total.elements += size
        total.shapes[at] = tensor.shape if size else None


def _add_unknown(total: _Total, unknown: Unknown) -> None:
    """A registered value that is one of several: alternatives of equal count keep the total."""
    if not unknown.options:
        if not unknown.plain:
            total.doubt(unknown.why)
        return
    counts = []
    for option in unknown.options:
        part = _Total()
        _add(part, option, "")
        counts.append(part)
    least = min(part.elements for part in counts)
    if any(part.unknown is not None for part in counts):
        total.doubt(next(part.unknown for part in counts if part.unknown is not None))
    elif len({part.elements for part in counts}) > 1:
        total.doubt(unknown.why)
    owned = set().union(*(part.seen for part in counts))
    if any(owned & other for _, other in total.alternatives):
        total.doubt("a module that is chosen by a condition is shared")
        least = 0
    total.elements += least
    total.alternatives.append((least, owned))
