"""The builtins that go through something: iter, next, enumerate, zip, map, filter, sorted, sum, max, any ..., which
complete the table of builtins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

from nnlint.evaluate import operations as ops
from nnlint.evaluate.builtins import BUILTINS, Fn, builtin, is_constant, known
from nnlint.evaluate.control import DRAINED
from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    Class,
    Dict,
    Function,
    Instance,
    List,
    Native,
    RaisedError,
    Set,
    Stream,
    Tensor,
    Value,
    has_rest,
    is_plain,
    one_of,
    type_name,
)


def _stream(machine: Any, items: Iterator[Value]) -> Stream:
    return Stream(items, machine.heap.clock)


@builtin("iter")
def _iter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 2:
        if BUILTINS["callable"].fn(machine, args[:1], {}) is False:
            raise machine.error("TypeError", "iter(v, w): v must be callable")
        return _stream(machine, _until(machine, *args))
    return args[0] if isinstance(args[0], Stream) else _stream(machine, machine.iterate(args[0]))


def _until(machine: Any, function: Value, sentinel: Value) -> Iterator[Value]:
    """iter(function, sentinel)"""

    def step() -> Value:
        return machine.call(function, [], {})

    while True:
        machine.step()
        item = step()
        ends = machine.truth(machine.compare("==", item, sentinel))
        if ends is True:
            return
        if isinstance(ends, Unknown):
            machine.forget_after(step, ends.why)
            yield Rest(Unknown(ends.why))
            return
        yield item


def _next_of_object(machine: Any, source: Instance, default: list[Value]) -> Value:
    """next(source), next(source, default) of an object with a __next__ of its own"""

    if source.cls.find("__next__") is ABSENT:
        return machine.lacking(source, "is not an iterator")

    def step() -> Value:
        return machine.call(machine.get_attribute(source, "__next__"), [], {})

    return machine.unless_raised("StopIteration", step, lambda: default[0]) if default else step()


def is_running(source: Stream) -> bool:
    """Whether a generator has not ended yet."""
    return getattr(source.items, "gi_frame", None) is not None


def ended(machine: Any, source: Stream, was_running: bool) -> RaisedError:
    """The StopIteration of an iterator: that of a generator that ends just now has what it returns."""
    value = None
    if source.frame is not None and was_running:
        machine.heap.touch(source)
        source.position += 1  # nothing takes back that it has ended
        value = source.frame.returned
    raised = machine.error("StopIteration", "", *([] if value is None else [value]))
    raised.value.attributes["value"] = value
    assert isinstance(raised, RaisedError)
    return raised


@builtin("next")
def _next(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    source = args[0]
    if isinstance(source, Instance):
        return _next_of_object(machine, source, args[1:])
    if isinstance(source, Unknown) and source.options:
        return machine.each_option(source, lambda option: _next(machine, [option, *args[1:]], kwargs))
    if not isinstance(source, Stream):
        return Unknown(source.why if isinstance(source, Unknown) else "next() of an object")
    was_running = is_running(source)
    item = machine.next_item(source)
    if item is ABSENT:
        if len(args) > 1:
            return args[1]
        raise ended(machine, source, was_running)
    if type(item) is not Rest:
        return item
    return one_of(item.unknown.why, [item, *args[1:]]) if source.frame is None else Unknown(item.unknown.why)


@builtin("enumerate")
def _enumerate(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    start = kwargs.get("start", args[1] if len(args) > 1 else 0)

    if not isinstance(start, (int, Unknown, Instance, Tensor)):
        raise machine.error("TypeError", "the start of enumerate() is no integer")
    given = [*args[:1], *([kwargs["iterable"]] if "iterable" in kwargs else [])]
    if len(given) != 1:
        raise TypeError("enumerate() takes one iterable")
    items = machine.iterate(given[0])

    def produce() -> Iterator[Value]:
        index = known(start)
        for item in items:
            if type(item) is Rest:
                yield Rest(Unknown(item.unknown.why))
                index = Unknown(item.unknown.why, plain=True)
            else:
                yield (index, item)
                index = machine.binary("+", index, 1)

    return _stream(machine, produce())


@builtin("zip")
def _zip(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    sources = [machine.iterate(arg) for arg in args]

    def produce() -> Iterator[Value]:
        strict = machine.truth(kwargs.get("strict", False)) is not False
        while sources:
            items: list[Value] = []
            for source in sources:
                item = next(source, ABSENT)
                if item is ABSENT:
                    if strict and (items or any(next(s, ABSENT) is not ABSENT for s in sources[1:])):
                        raise machine.error("ValueError", "zip() arguments differ in length")
                    return
                items.append(item)
            rest = next((item for item in items if type(item) is Rest), None)
            if rest is not None:
                for source in sources:
                    items += machine.take_some(source, rest.unknown.why)
                if len(items) > DRAINED:
                    items.append(Unknown(rest.unknown.why))
                yield machine.some_of(items, rest.unknown.why)
                return
            yield tuple(items)

    return _stream(machine, produce())


@builtin("map")
def _map(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    sources = [machine.iterate(arg) for arg in args[1:]]

    def produce() -> Iterator[Value]:
        while True:
            items: list[Value] = []
            for source in sources:
                item = next(source, ABSENT)
                if item is ABSENT:
                    return
                items.append(item)
            rest = next((item for item in items if type(item) is Rest), None)
            if rest is not None:
                for source in sources:
                    items += machine.take_some(source, rest.unknown.why)
                if len(items) > DRAINED:
                    items.append(Unknown(rest.unknown.why))
                part, given = one_of(rest.unknown.why, items), []
                machine.forget_after(lambda: given.append(machine.call(args[0], [part for _ in sources], {})), part.why)
                yield machine.some_of(given, part.why)
                return
            machine.step()
            yield machine.call(args[0], items, {})

    return _stream(machine, produce())


def key_of(machine: Any, function: Value, item: Value) -> Value:
    """What a function, if any, gives for an item; for those that are not known it may run any number of times."""
    if type(item) is Rest:
        if function is not None:
            part = item.unknown.part()
            machine.forget_after(lambda: machine.call(function, [part], {}), part.why)
        return item
    return item if function is None else machine.call(function, [item], {})


def holds_for(machine: Any, function: Value, item: Value) -> bool | Unknown:
    """Whether what a function gives for an item, or the item itself, is true."""
    found = key_of(machine, function, item)
    return found.unknown if type(found) is Rest else machine.truth(found)


@builtin("filter")
def _filter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    def produce(items: Iterator[Value]) -> Iterator[Value]:
        for item in items:
            truth = holds_for(machine, args[0], item)
            if type(item) is Rest or truth is True:
                yield item
            elif isinstance(truth, Unknown):
                yield Rest(Unknown(truth.why, ((item,), ())))

    if isinstance(args[1], (Set, frozenset)) and len(args[1]) > 1:
        machine.heap.clock += 1
        members = machine.apart_from_order(produce(machine.unordered(args[1])), machine.heap.clock)
        made = _stream(machine, iter([Rest(Unknown("the order of a set"))]))
        made.members = members
        return made
    return _stream(machine, produce(machine.iterate(args[1])))


@builtin("reversed")
def _reversed(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0]
    if isinstance(value, Instance) and value.cls.find("__reversed__") is not ABSENT:
        return machine.call(machine.get_attribute(value, "__reversed__"), [], {})
    if isinstance(value, Instance) and value.payload is None and _is_indexed(value.cls):
        size = machine.call(machine.builtins["len"], [value], {})
        if isinstance(size, int):
            machine.step(size)
            return _stream(machine, (machine.get_item(value, at) for at in range(size - 1, -1, -1)))
        return Unknown("reversed() of an object")
    if isinstance(value, Instance) and value.payload is None and _is_only_iterated(value.cls):
        return machine.lacking(value, "is not reversible")
    if isinstance(value, (Stream, Set, frozenset)):
        raise machine.error("TypeError", "object is not reversible")
    if isinstance(value, List) and not has_rest(value):
        return _stream(machine, _backwards(value, len(value)))
    return _stream(machine, iter(machine.items(value)[::-1]))


def _is_only_iterated(cls: Class) -> bool:
    """Whether the program says how to go through the objects of a class, and not by __len__ and __getitem__."""
    return isinstance(cls.find("__iter__"), Function) and ABSENT in (cls.find("__len__"), cls.find("__getitem__"))


def _is_indexed(cls: Class) -> bool:
    """Whether reversed() goes through the objects of a class by __len__ and __getitem__, and one of these, or what goes
    through them otherwise, is the program's own."""
    found = [cls.find(name) for name in ("__len__", "__getitem__", "__iter__")]
    return ABSENT not in found[:2] and any(isinstance(method, Function) for method in found)


def _backwards(value: List, index: int) -> Iterator[Value]:
    while 0 < index <= len(value):
        index -= 1
        yield value[index] if not has_rest(value) else next(item for item in value if type(item) is Rest)


@builtin("sorted")
def _sorted(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[0]) if kwargs else machine.known_items(args[0])
    return List(sort(machine, items, kwargs), machine.heap.clock)


def sort(machine: Any, items: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """The items in order; a single Rest where the order is not known."""
    if isinstance(kwargs.get("reverse"), (str, float, tuple, List, Dict, Set)) or kwargs.get("reverse", 0) is None:
        raise machine.error("TypeError", f"'{type_name(kwargs['reverse'])}' object cannot be interpreted as an integer")
    keys = [key_of(machine, kwargs.get("key"), item) for item in items]
    if has_rest(items):
        machine.compare_unseen(keys)
        return [Rest(Unknown(next(i.unknown.why for i in items if type(i) is Rest)))]
    reverse = machine.truth(kwargs.get("reverse", False))
    unknown = ops.is_unknown((keys, reverse))
    if unknown is not None:
        machine.compare_unseen(keys)
        return [Rest(Unknown(unknown.why))] if len(items) > 1 else items

    def order(left: int, right: int) -> int:
        machine.step()
        if known(machine.truth(machine.compare("<", keys[left], keys[right]))):
            return -1
        return 1 if known(machine.truth(machine.compare("<", keys[right], keys[left]))) else 0

    def places() -> list[int]:
        return sorted(range(len(items)), key=cmp_to_key(order), reverse=reverse)

    found = places() if all(map(is_constant, keys)) else machine.at_any_pace(places)
    return [items[place] for place in found]


@builtin("sum")
def _sum(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    total = kwargs.get("start", args[1] if len(args) > 1 else 0)
    if isinstance(total, (str, bytes)):
        raise machine.error("TypeError", "sum() can't sum strings")
    for item in machine.iterate(args[0]):
        machine.step()
        if type(item) is Rest:
            total = Unknown(item.unknown.why, plain=is_plain(total))
        else:
            total = machine.binary("+", total, item)
    return total


def _extreme(sign: str) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if not args:
            raise machine.error("TypeError", "at least 1 argument is expected")
        items = machine.items(args[0]) if len(args) == 1 else list(args)
        keys = [key_of(machine, kwargs.get("key"), item) for item in items]
        rest = next((item for item in items if type(item) is Rest), None)
        if rest is not None:
            machine.compare_unseen(keys)
            return rest.unknown.part()
        if "default" in kwargs and len(args) > 1:
            raise machine.error("TypeError", "several arguments have no default")
        if not items:
            if "default" in kwargs:
                return kwargs["default"]
            raise machine.error("ValueError", "arg is an empty sequence")
        best = 0
        for index in range(1, len(items)):
            better = machine.truth(machine.compare(sign, keys[index], keys[best]))
            if isinstance(better, Unknown):
                plain = all(ops.is_number(item) or (isinstance(item, Unknown) and item.plain) for item in items)
                return Unknown(better.why, plain=plain)
            best = index if better else best
        return items[best]

    return run


BUILTINS["max"] = Native("max", _extreme(">"))


BUILTINS["min"] = Native("min", _extreme("<"))


def _quantifier(stop: bool) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        items = machine.iterate(args[0])
        for item in items:
            machine.step()
            truth = item.unknown if type(item) is Rest else machine.truth(item)
            if truth is stop:
                return stop
            if isinstance(truth, Unknown):
                truths: list[Value] = []
                machine.take_some(items, truth.why, lambda item: truths.append(machine.truth(item)))
                return stop if any(one is stop for one in truths) else Unknown(truth.why, plain=True)
        return not stop

    return run


BUILTINS["any"] = Native("any", _quantifier(True))


BUILTINS["all"] = Native("all", _quantifier(False))


__all__ = ["BUILTINS", "ended", "holds_for", "is_running", "key_of", "sort"]
