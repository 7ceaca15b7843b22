"""The functions of itertools, which complete the table of the library."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from nnlint.evaluate.iterables import holds_for, key_of
from nnlint.evaluate.library import LIBRARY, library
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    External,
    List,
    Native,
    Stream,
    Value,
    has_rest,
    type_name,
)

# Those of their arguments that they iterate over.
_SOURCES = {
    **dict.fromkeys(("accumulate", "cycle", "groupby", "islice", "pairwise"), slice(1)),
    **dict.fromkeys(("dropwhile", "filterfalse", "starmap", "takewhile"), slice(1, 2)),
    "zip_longest": slice(None),
}


def _iterator(name: str, make: Callable[..., Iterator[Value]]) -> None:
    sources = _SOURCES.get(name, slice(0))

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        args[sources] = map(machine.iterate, args[sources])  # at once, as Python asks for the iterator of each
        if "iterable" in kwargs:
            kwargs["iterable"] = machine.iterate(kwargs["iterable"])
        return Stream(make(machine, *args, **kwargs), machine.heap.clock)

    LIBRARY[f"itertools.{name}"] = Native(name, run)


def _chain(machine: Any, *sources: Value) -> Iterator[Value]:
    for source in sources:
        yield from machine.iterate(source)


def _teed(source: Iterator[Value], given: list[Value]) -> Iterator[Value]:
    """One of several iterators that share a source, and what it has given so far."""
    for place in itertools.count():
        if place == len(given):
            item = next(source, ABSENT)
            if item is ABSENT:
                return
            given.append(item)
        yield given[place]


@library("itertools.tee")
def _tee(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """itertools.tee(iterable, n=2), of what is no iterator"""
    times = args[1] if len(args) > 1 else kwargs.get("n", 2)
    if not isinstance(args[0], (List, tuple, str, range)) or type(times) is not int or not 0 <= times <= 100:
        return machine.call_unknown(External("itertools.tee"), args, kwargs)
    source, given = machine.iterate(args[0]), List()
    return tuple(Stream(_teed(source, given), machine.heap.clock) for _ in range(times))


def _chained(machine: Any, sources: Value) -> Iterator[Value]:
    for source in machine.iterate(sources):
        if type(source) is Rest:
            yield Rest(Unknown(source.unknown.why))
        else:
            yield from machine.iterate(source)


def _repeat(machine: Any, object: Value, times: Value = None) -> Iterator[Value]:
    times = machine.as_index(times)
    if times is not None and not isinstance(times, (int, Unknown)):
        raise machine.error("TypeError", f"'{type_name(times)}' object cannot be interpreted as an integer")
    return _repeated(machine, object, times)


def _repeated(machine: Any, object: Value, times: int | Unknown | None) -> Iterator[Value]:
    if isinstance(times, Unknown):
        yield Rest(Unknown(times.why, ()))
        return
    for _ in itertools.count() if times is None else range(times):
        machine.step()
        yield object


def _count(machine: Any, start: Value = 0, step: Value = 1) -> Iterator[Value]:
    while True:
        machine.step()
        yield start
        start = machine.binary("+", start, step)


def _cycle(machine: Any, source: Iterator[Value]) -> Iterator[Value]:
    items = []
    for item in source:
        items.append(item)
        yield item
    while items:
        for item in items:
            machine.step()
            yield item
            if type(item) is Rest:
                return


def _product(machine: Any, *sources: Value, repeat: Value = 1) -> Iterator[Value]:
    if isinstance(repeat, int) and repeat < 0:
        raise machine.error("ValueError", "repeat argument cannot be negative")
    pools = [machine.items(source) for source in sources] * (repeat if isinstance(repeat, int) and repeat < 20 else 1)
    if any(map(has_rest, pools)) or not isinstance(repeat, int) or repeat >= 20:
        return iter([Rest(Unknown("a product of items that are not known"))])
    return _counted(machine, itertools.product(*pools))


def _counted(machine: Any, items: Iterator[Value]) -> Iterator[Value]:
    for item in items:
        machine.step()
        machine.charge(item)
        yield item


def _pairwise(machine: Any, source: Iterator[Value]) -> Iterator[Value]:
    before: Value = ABSENT
    for item in source:
        if type(item) is Rest:
            yield Rest(Unknown(item.unknown.why))
            before = ABSENT
            continue
        if before is not ABSENT:
            yield (before, item)
        before = item


def _islice(machine: Any, items: Iterator[Value], *bounds: Value) -> Iterator[Value]:
    unknown = first(*[bound for bound in bounds if isinstance(bound, Unknown)], None)
    if unknown is not None:
        machine.doubtful(unknown)
        machine.take_some(items, unknown.why)
        return iter([Rest(Unknown("a slice that is not known"))])
    itertools.islice((), *bounds)  # raises where there is no such slice
    return _sliced(machine, items, bounds)


def _sliced(machine: Any, items: Iterator[Value], bounds: tuple[Value, ...]) -> Iterator[Value]:
    for item in itertools.islice(_until_rest(items), *bounds):
        machine.step()
        if item is ABSENT:
            machine.take_some(items, "items that are not known")
            yield Rest(Unknown("items that are not known"))
            return
        yield item


def _until_rest(items: Iterator[Value]) -> Iterator[Value]:
    """The items that are known, and from a Rest on ABSENT without end: whatever stands there is not known."""
    for item in items:
        if type(item) is Rest:
            yield from itertools.repeat(ABSENT)
        yield item


def _starmap(machine: Any, function: Value, source: Iterator[Value]) -> Iterator[Value]:
    for item in source:
        if type(item) is Rest:
            machine.forget_after(lambda: machine.call(function, [Rest(Unknown("arguments"))], {}), "items not known")
            yield Rest(Unknown(item.unknown.why))
        else:
            yield machine.call(function, machine.items(item), {})


def _take_while(machine: Any, function: Value, items: Iterator[Value]) -> Iterator[Value]:
    for item in items:
        holds = holds_for(machine, function, item)
        if isinstance(holds, Unknown):
            machine.take_some(items, holds.why, lambda item: machine.call(function, [item], {}))
            yield Rest(Unknown(holds.why))
            return
        if not holds:
            return
        yield item


def _drop_while(machine: Any, function: Value, source: Iterator[Value]) -> Iterator[Value]:
    holds: bool | Unknown = True
    for item in source:
        if holds is True:
            holds = holds_for(machine, function, item)
        elif isinstance(holds, Unknown):
            key_of(machine, function, Rest(Unknown(holds.why)))
        if isinstance(holds, Unknown):
            yield Rest(Unknown(holds.why))
        elif not holds:
            yield item


def _filterfalse(machine: Any, function: Value, source: Iterator[Value]) -> Iterator[Value]:
    for item in source:
        holds = holds_for(machine, function, item)
        if isinstance(holds, Unknown):
            yield Rest(Unknown(holds.why))
        elif not holds:
            yield item


def _zip_longest(machine: Any, *iterators: Iterator[Value], fillvalue: Value = None) -> Iterator[Value]:
    while True:
        machine.step()
        found = [next(items, ABSENT) for items in iterators]
        if all(item is ABSENT for item in found):
            return
        if has_rest(found):
            for items in iterators:
                machine.take_some(items, "items that are not known")
            yield Rest(Unknown("items that are not known"))
            return
        yield tuple(fillvalue if item is ABSENT else item for item in found)


MOST_CHOSEN = 10_000  # items of one combination


def _choices(name: str) -> Callable[..., Iterator[Value]]:
    """combinations, permutations: of items that are known"""

    def run(machine: Any, iterable: Value, r: Value = None) -> Iterator[Value]:
        items = machine.items(iterable)
        if has_rest(items) or isinstance(r, Unknown):
            return iter([Rest(Unknown("items that are not known"))])
        if isinstance(r, int) and r > MOST_CHOSEN:
            return iter([Rest(Unknown("a value too large to compute"))])
        return _counted(machine, getattr(itertools, name)(items, *([] if r is None else [r])))

    return run


def _accumulate(
    machine: Any, iterable: Iterator[Value], func: Value = None, *, initial: Value = None
) -> Iterator[Value]:
    total: Value = initial if initial is not None else ABSENT
    if total is not ABSENT:
        yield total

    def add(total: Value, item: Value) -> Value:
        return machine.binary("+", total, item) if func is None else machine.call(func, [total, item], {})

    for item in iterable:
        if type(item) is Rest:
            part = item.unknown.part()
            given = [part] if total is ABSENT else [part, total]
            machine.forget_after(lambda: given.append(add(part, part)), part.why)
            rest = machine.some_of(given, part.why)
            total = rest.unknown
            yield rest
            continue
        total = item if total is ABSENT else add(total, item)
        yield total


def _group_by(machine: Any, iterable: Iterator[Value], key: Value = None) -> Iterator[Value]:
    item: Value = None
    kind: Value = None

    def advance() -> None:
        nonlocal item, kind
        item = next(iterable, ABSENT)
        kind = key_of(machine, key, item) if item is not ABSENT else None

    def members(target: Value) -> Iterator[Value]:
        nonlocal item, kind
        while item is not ABSENT:
            same = kind.unknown if type(item) is Rest else machine.truth(machine.compare("==", kind, target))
            if isinstance(same, Unknown):
                machine.take_some(iterable, same.why, lambda item: key_of(machine, key, item))
                item = kind = Rest(Unknown(same.why))
                yield item
                return
            if not same:
                return
            yield item
            machine.step()
            advance()

    advance()
    while item is not ABSENT:
        group = members(kind)
        if type(item) is Rest:
            yield from group
            return
        yield kind, Stream(group, machine.heap.clock)
        for _ in group:
            machine.step()


_ITERATORS: dict[str, Callable[..., Iterator[Value]]] = {
    "chain": _chain, "repeat": _repeat, "count": _count, "cycle": _cycle, "product": _product, "pairwise": _pairwise,
    "groupby": _group_by, "islice": _islice, "accumulate": _accumulate, "starmap": _starmap, "takewhile": _take_while,
    "dropwhile": _drop_while, "filterfalse": _filterfalse, "zip_longest": _zip_longest,
    **{name: _choices(name) for name in ("combinations", "combinations_with_replacement", "permutations")},
}  # fmt: skip


for _name, _make in _ITERATORS.items():
    _iterator(_name, _make)


LIBRARY["itertools.chain.from_iterable"] = Native(
    "from_iterable",
    lambda machine, args, kwargs: Stream(_chained(machine, args[0]), machine.heap.clock),
)


__all__ = ["LIBRARY"]
