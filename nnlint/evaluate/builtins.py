"""Python's builtins and the methods of its types, as far as construction uses them; nothing else is ever called."""

from __future__ import annotations

import builtins as python
from collections.abc import Callable, Iterator
from functools import cmp_to_key
from typing import Any

from nnlint.evaluate import metaclasses, versions
from nnlint.evaluate import operations as ops
from nnlint.evaluate.attributes import is_one_with, is_special, own_class
from nnlint.evaluate.control import DRAINED, UNSIZED, RunTimeCodeError
from nnlint.evaluate.kinds import NONE_TYPE, as_class, is_instance, kin_of
from nnlint.evaluate.objects import writes_itself
from nnlint.numpy_numbers import NUMPY, NumpyBool, NumpyFloat, NumpyInt
from nnlint.signature import Rest, rest_at
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    REGISTRIES,
    BoundMethod,
    Class,
    Deque,
    Descriptor,
    Dict,
    External,
    Function,
    Instance,
    List,
    Module,
    Namespace,
    Native,
    Partial,
    RaisedError,
    Scalar,
    Set,
    Size,
    Stream,
    Super,
    Tensor,
    Union,
    Value,
    View,
    as_text,
    has_rest,
    is_plain,
    may_be_absent,
    may_write_when_called,
    present,
    type_name,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
BUILTINS: dict[str, Native] = {}
METHODS: dict[tuple[type, str], Native] = {}


def builtin(name: str) -> Callable[[Fn], Fn]:
    """Register a builtin function."""

    def register(fn: Fn) -> Fn:
        BUILTINS[name] = Native(name, fn)
        return fn

    return register


def method(kind: type, *names: str) -> Callable[[Fn], Fn]:
    """Register a method of a Python type; args[0] is the object."""

    def register(fn: Fn) -> Fn:
        for name in names:
            METHODS[kind, name] = Native(name, fn)
        return fn

    return register


def pure(name: str, function: Callable[..., Any]) -> Native:
    """A function that may be computed on known constants: numbers, strings and sequences of them."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if not kwargs and UNSIZED.issuperset(map(type, args)):
            return function(*args)
        args = [arg if isinstance(arg, NUMPY) else machine.as_number(plain_payload(machine, arg)) for arg in args]
        unknown = ops.is_unknown((*args, *kwargs.values()))
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if not all(map(is_constant, (*args, *kwargs.values()))):
            return Unknown(f"{name}() of an object", plain=True)
        result = function(*args, **kwargs)
        machine.charge(result)
        return List(result, machine.heap.clock) if isinstance(result, list) else result

    return Native(name, run)


def plain_payload(machine: Any, value: Value) -> Value:
    """A stream as a tuple of its items, an object of a builtin base as what it carries."""
    if isinstance(value, Stream):
        return tuple(machine.items(value))
    if isinstance(value, Instance) and value.payload is not None:
        return value.payload
    return value


def is_constant(value: Value) -> bool:
    if isinstance(value, (tuple, list, set, frozenset)):
        return all(map(is_constant, value))
    if isinstance(value, dict):
        return all(map(is_constant, value.values()))
    return value is None or isinstance(value, (bool, int, float, complex, str, bytes, range))


def known(value: Value) -> Value:
    """The value; raises where it is not known."""
    if isinstance(value, Unknown):
        from nnlint.unknown import UnknownValueError

        raise UnknownValueError(Unknown(value.why, plain=True))
    return value


# -- builtin functions -------------------------------------------------------------------------------------------

for _name in ("abs", "bin", "chr", "divmod", "hex", "oct", "ord", "complex", "ascii", "bytes"):
    if _name != "bytes":
        BUILTINS[_name] = pure(_name, getattr(python, _name))


@builtin("pow")
def _pow(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 3 and all(isinstance(arg, int) and arg.bit_length() <= 64 for arg in args):
        return pow(*args)
    return machine.binary("**", *args) if len(args) == 2 else Unknown("pow() with a modulus", plain=True)


@builtin("len")
def _len(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    (value,) = args
    if is_one_with(value, "__len__"):
        return machine.each_option(value, lambda option: _len(machine, [option], {}))
    if isinstance(value, Instance):
        found = value.cls.find("__len__")
        if found is not ABSENT:
            return machine.length(value, found)
        if isinstance(value, Namespace) and isinstance(value.owner, Class):
            return Unknown("how many names a class has", plain=True)
        if value.payload is None:
            return machine.lacking(value, "has no len()")
        value = value.payload
    if isinstance(value, Class) and "__members__" in value.attributes:
        return _len(machine, [tuple(machine.items(value))], {})
    value = value.mapping if isinstance(value, View) else value
    if isinstance(value, Unknown):
        lengths = {len(o) for o in value.options if isinstance(o, (tuple, str))}
        if value.options and all(isinstance(o, (tuple, str)) and not has_rest(o) for o in value.options):
            return lengths.pop() if len(lengths) == 1 else Unknown(value.why, plain=True)
        return Unknown(value.why, plain=True)
    if isinstance(value, Dict) and not value.certain():
        return Unknown(first(value.rest, Unknown("an entry may be absent")).why, plain=True)
    if isinstance(value, Set) and value.rest is not None:
        return Unknown(value.rest.why, plain=True)
    if isinstance(value, (list, tuple)) and has_rest(value):
        return Unknown(next(i.unknown.why for i in value if type(i) is Rest), plain=True)
    if isinstance(value, Tensor):
        return value.shape[0] if isinstance(value.shape, tuple) and value.shape else Unknown("a tensor", plain=True)
    if isinstance(value, Class) and value.unsure is not None:
        return Unknown(value.unsure.why, plain=True)
    if not hasattr(value, "__len__"):
        raise machine.error("TypeError", f"object of type '{type_name(value)}' has no len()")
    return len(value)


@builtin("int")
def _int(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args and isinstance(args[0], Instance) and isinstance(args[0].cls.find("__int__"), Function):
        return machine.call(machine.get_attribute(args[0], "__int__"), [], {})
    value = plain_payload(machine, args[0]) if args else 0
    if isinstance(value, Unknown):
        if value.options and len(args) == 1 and all(isinstance(o, (int, float)) for o in value.options):
            return machine.each_option(value, int)
        if isinstance(value, External) and (part := versions.as_int(value)) is not None:
            return part
        return Unknown(value.why, plain=True)
    if isinstance(value, Tensor) and isinstance(value.data, (int, float)) and float(value.data).is_integer():
        return int(value.data)
    if isinstance(value, (Instance, Tensor)):
        found = value.cls.find("__int__") if isinstance(value, Instance) else ABSENT
        if found is not ABSENT:
            return machine.call(BoundMethod(found, value), [], {})
        return machine.doubtful(Unknown("int() of an object", plain=True))
    if isinstance(value, str) and len(value) > 4000:
        return Unknown("a value too large to compute", plain=True)
    unknown = ops.is_unknown((*args, *kwargs.values()))
    return Unknown(unknown.why, plain=True) if unknown is not None else int(value, *args[1:], **kwargs)


@builtin("float")
def _float(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = machine.as_number(plain_payload(machine, args[0])) if args else 0.0
    if isinstance(value, Unknown):
        return Scalar(value.why)
    if isinstance(value, (Instance, Tensor)):
        return machine.doubtful(Scalar("float() of an object"))
    return float(value)


@builtin("bool")
def _bool(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) > 1:
        raise machine.error("TypeError", "bool expected at most 1 argument")
    truth = machine.truth(args[0]) if args else False
    return Unknown(truth.why, plain=True) if isinstance(truth, Unknown) else truth


@builtin("str")
def _str(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) > 1:
        if not isinstance(args[0], (bytes, Unknown)):
            raise machine.error("TypeError", "decoding is not supported")
        return Unknown("the text of bytes", plain=True)
    return machine.text(args[0]) if args else ""


@builtin("repr")
def _repr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.text(args[0], "r")


@builtin("format")
def _format(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.format("", args[0], "", args[1] if len(args) > 1 else "")


@builtin("round")
def _round(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown((*args, *kwargs.values()))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    if not isinstance(args[0], (int, float)):
        return Unknown("round() of an object", plain=True)
    digits = args[1] if len(args) > 1 else kwargs.get("ndigits")
    if isinstance(digits, int) and abs(digits) > ops.BITS:
        return Unknown("a value too large to compute", plain=True)
    return round(*args, **kwargs)


@builtin("list")
def _list(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _in_each_order(machine, args, lambda items: List(items, machine.heap.clock))


@builtin("tuple")
def _tuple(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _in_each_order(machine, args, tuple)


def _in_each_order(machine: Any, args: list[Value], make: Callable[[list[Value]], Value]) -> Value:
    """What is made of the items of an iterable, if any; of each order that they may have."""
    given = args[0] if args else ()
    hint = given.cls.find("__len__") if isinstance(given, Instance) else ABSENT
    if isinstance(hint, Function) and machine.effects.may_write(hint):  # it may be asked how many there are
        machine.forget_after(lambda: machine.call(BoundMethod(hint, given), [], {}), "how many items there are")
    ways = machine.in_any_order(given)
    if ways is given:
        return make(machine.items(given))
    return Unknown(ways.why, tuple(make(machine.items(way)) for way in ways.options))


@builtin("set")
def _set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = machine.make_set(machine.known_items(args[0]) if args else [])
    if args and isinstance(args[0], (Set, frozenset)):  # Python copies the table, gaps and all
        made.made = ()
    return made


@builtin("frozenset")
def _frozenset(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = machine.make_set(machine.known_items(args[0]) if args else [])
    return frozenset(made) if made.rest is None else Unknown(made.rest.why)


@builtin("dict")
def _dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = Dict((), machine.heap.clock)
    if args:
        machine.update_dict(made, args[0])
    rest = kwargs.pop("**", None)
    for key, value in kwargs.items():
        made[key] = value
    made.rest = first(made.rest, rest)
    return made


@builtin("range")
def _range(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    if unknown is not None:
        return Unknown(unknown.why)
    return range(*map(machine.as_index, args))


@builtin("slice")
def _slice(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    return slice(*args) if unknown is None else unknown


def _stream(machine: Any, items: Iterator[Value]) -> Stream:
    return Stream(items, machine.heap.clock)


@builtin("iter")
def _iter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 2:
        if _callable(machine, args[:1], {}) is False:
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


def _is_running(source: Stream) -> bool:
    """Whether a generator has not ended yet."""
    return getattr(source.items, "gi_frame", None) is not None


def _ended(machine: Any, source: Stream, was_running: bool) -> RaisedError:
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
    was_running = _is_running(source)
    item = machine.next_item(source)
    if item is ABSENT:
        if len(args) > 1:
            return args[1]
        raise _ended(machine, source, was_running)
    return Unknown(item.unknown.why) if type(item) is Rest else item


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
                    machine.take_some(source, rest.unknown.why)
                part, given = rest.unknown.part(), []
                machine.forget_after(lambda: given.append(machine.call(args[0], [part for _ in items], {})), part.why)
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
    if isinstance(value, (Stream, Set, frozenset)):
        raise machine.error("TypeError", "object is not reversible")
    if isinstance(value, List) and not has_rest(value):
        return _stream(machine, _backwards(value, len(value)))
    return _stream(machine, iter(machine.items(value)[::-1]))


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


def entry_of(value: Value, name: Value) -> Value:
    """What an object holds under a name: as an attribute, as a module that it registers, or by its class."""
    if isinstance(value, Function) and isinstance(name, str):
        return value.attributes.get(name)
    if not isinstance(value, (Instance, Class)) or not isinstance(name, str):
        return None
    if isinstance(value, Class):
        return value.find(name)
    for held in (value.attributes, *map(value.attributes.get, REGISTRIES)):
        if isinstance(held, dict) and name in held:
            return held[name]
    return value.cls.find(name)


def is_computed(value: Value, name: str) -> bool:
    """Whether code of the program may give an object's attribute."""
    if not isinstance(value, Instance):
        return False
    finders = (value.cls.find("__getattr__"), value.cls.find("__getattribute__"))
    return isinstance(value.cls.find(name), Descriptor) or any(isinstance(finder, Function) for finder in finders)


@builtin("getattr")
def _getattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, name = args[0], as_text(args[1])
    if isinstance(value, Unknown) and not value.options and not isinstance(value, External):
        found = machine.within(value, name)
        plain = value.plain and all(map(is_plain, args[2:]))
        return Unknown(value.why, plain=plain, calls=value.calls) if type(found) is Unknown else found
    if not isinstance(name, str):
        if not isinstance(name, (Unknown, Instance)):
            raise machine.error("TypeError", "attribute name must be string")
        why = name.why if isinstance(name, Unknown) else "getattr() with a name that is an object"
        return Unknown(why, calls=isinstance(value, (Instance, List, Dict, Set, Stream)))
    held = entry_of(value, name)
    if may_be_absent(held) and len(args) > 2:
        return machine.either(held, lambda: present(held), lambda: args[2])
    machine.charge(name)
    if len(args) > 2:

        def found_or_default() -> Value:
            found = machine.find_attribute(value, name)
            return args[2] if found is ABSENT else found

        if is_computed(value, name):
            return machine.unless_raised("AttributeError", found_or_default, lambda: args[2])
        try:
            return found_or_default()
        except RaisedError as raised:
            if machine.matches(raised.value, machine.classes["AttributeError"]) is not True:
                raise
            return args[2]
    return machine.get_attribute(value, name)


@builtin("hasattr")
def _hasattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, name = args[0], as_text(args[1])
    if isinstance(value, External) and isinstance(name, str):
        dotted = f"{value.name}.{name}"  # of torch alone the version that will run is known
        is_known = dotted.startswith("torch.") and not isinstance(machine.resolve(dotted), Unknown)
        return True if is_known else Unknown(value.why, plain=True)
    if isinstance(value, Unknown):
        return Unknown(value.why, plain=True)
    if isinstance(value, Tensor) and value.is_array:
        return Unknown("what an array has", plain=True)
    held = entry_of(value, name)
    if may_be_absent(held):
        return Unknown(held.why, plain=True)
    found = _getattr(machine, [value, name, ABSENT], {})
    if found is ABSENT:
        return False
    if may_be_absent(found):
        return Unknown(found.why, plain=True)
    if isinstance(found, BoundMethod) and isinstance(found.function, Unknown) and not isinstance(value, Instance):
        is_there = any(hasattr(kind(), name) for kind in (list, dict, set) if isinstance(value, kind))
        is_plain = type(value) in (List, Set) or (type(value) is Dict and value.kind == "dict")
        return is_there if is_there or is_plain else Unknown(found.function.why, plain=True)
    is_open = not isinstance(value, Instance) or first(value.open, value.cls.unknown_base) is not None
    if isinstance(found, Unknown) and (is_open or not isinstance(name, str) or _is_of_payload(value, name)):
        return Unknown(found.why, plain=True)
    return True


def _is_of_payload(value: Instance, name: str) -> bool:
    """Whether a special name is one that an object can only have as the number or text that it is."""
    return value.payload is not None and is_special(name) and not hasattr(object, name)


@builtin("setattr")
def _setattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, name, given = args[0], as_text(args[1]), args[2]
    if not isinstance(name, (str, Unknown, Instance)):
        raise machine.error("TypeError", "attribute name must be string")
    if isinstance(name, str):
        machine.charge(name)
        machine.set_attribute(value, name, given)
    else:
        machine.set_unseen(value, given)
    return None


@builtin("delattr")
def _delattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    name = as_text(args[1])
    if isinstance(name, str):
        machine.delete_attribute(args[0], name)
    else:
        machine.havoc(args[0], "an attribute whose name is not known is deleted")
    return None


@builtin("callable")
def _callable(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0]
    if isinstance(value, Unknown):
        answers = {isinstance(o, (Class, Function, Native, BoundMethod, Partial)) for o in value.options}
        return answers.pop() if len(answers) == 1 else Unknown(value.why, plain=True)
    if isinstance(value, Instance):
        return value.cls.find("__call__") is not ABSENT
    return isinstance(value, (Class, Function, Native, BoundMethod, Partial))


def class_of(machine: Any, value: Value) -> Value:
    """type(value)"""
    if isinstance(value, Instance):
        return own_class(value)
    if isinstance(value, Unknown):
        return Unknown(value.why)
    if isinstance(value, Class):
        is_known = value.unsure is None and value.metaclass is None
        return BUILTINS["type"] if is_known else Unknown("what a class is made by")
    if isinstance(value, Tensor) and not value.is_array:
        return machine.classes["Parameter" if value.is_parameter else "Tensor"]
    if isinstance(value, Dict):
        return BUILTINS["dict"] if value.kind == "dict" else machine.resolve(f"collections.{value.kind}")
    if isinstance(value, (Deque, View, Tensor, *NUMPY)):
        return Unknown("the type of a value")
    if value is None:
        return NONE_TYPE
    if type(value) is Size:
        return machine.resolve("torch.Size")
    for kind, name in KINDS:
        if isinstance(value, kind):
            return BUILTINS[name]
    if isinstance(value, Partial):
        return machine.resolve("functools.partial")
    return Unknown("the type of a value")


KINDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"), (int, "int"), (float, "float"), (complex, "complex"), (str, "str"), (List, "list"),
    (tuple, "tuple"), (Set, "set"), (range, "range"), (slice, "slice"),
)  # fmt: skip


@builtin("type")
def _type(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 1:
        return class_of(machine, args[0])
    if len(args) != 3:
        raise machine.error("TypeError", "type() takes 1 or 3 arguments")
    name, bases, namespace = args
    if isinstance(name, str) and isinstance(namespace, Dict) and all(isinstance(b, Class) for b in bases):
        machine.charge_class(bases)
        held = {**namespace, "__fields__": List((), 0)}
        made = Class(name, tuple(bases) or (machine.classes["object"],), held, birth=machine.heap.clock)
        made.local = True
        machine.finish_class(made, kwargs)
        return made
    if isinstance(bases, tuple) and any(isinstance(base, (int, float, str)) or base is None for base in bases):
        raise machine.error("TypeError", "a class has classes as its bases")
    return Unknown("a class made by type()")


BUILTINS["type"].attributes.update(metaclasses.OF_TYPE)


@builtin("isinstance")
def _isinstance(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return is_instance(machine, args[0], args[1])


@builtin("issubclass")
def _issubclass(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    cls, kinds = args
    kinds = kinds.kinds if isinstance(kinds, Union) else kinds
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        kind = as_class(machine, kind)
        if any(isinstance(side, (str, int, float, List, Dict)) or side is None for side in (cls, kind)):
            raise machine.error("TypeError", "issubclass() takes classes")
        checks = kind.metaclass if isinstance(kind, Class) else None
        if checks is not None and isinstance(checks.find("__subclasscheck__"), Function):
            return Unknown(f"what __subclasscheck__ of {checks.name} says", plain=True)
        if isinstance(cls, Class) and isinstance(kind, Class):
            if cls.is_subclass(kind):
                return True
            doubt = first(cls.unknown_base, kin_of(kind))
            if doubt is not None:
                return Unknown(doubt.why, plain=True)
        elif isinstance(cls, Unknown) or isinstance(kind, Unknown):
            return Unknown("issubclass() of something that is not known", plain=True)
        elif isinstance(cls, Native) and isinstance(kind, Native):
            one, other = (getattr(python, native.name, None) for native in (cls, kind))
            if not isinstance(one, type) or not isinstance(other, type):
                return Unknown("issubclass() with something else", plain=True)
            if issubclass(one, other):
                return True
        elif isinstance(cls, Class) and isinstance(kind, Native):
            native = cls.native_base()
            if kind.name == "object" or (native is not None and native.__name__ == kind.name):
                return True
            if cls.unknown_base is not None:
                return Unknown(cls.unknown_base.why, plain=True)
    return False


@builtin("super")
def _super(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 2 and isinstance(args[0], Class) and isinstance(args[1], (Instance, Class)):
        return Super(args[0], args[1])
    return Unknown("super() of something that is not known")


@builtin("property")
def _property(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor("property", args[0] if args else kwargs.get("fget"), args[1] if len(args) > 1 else None)


@builtin("staticmethod")
def _staticmethod(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor("staticmethod", args[0])


@builtin("classmethod")
def _classmethod(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor("classmethod", args[0])


@method(Descriptor, "setter")
def _setter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor(args[0].kind, args[0].getter, args[1])


@method(Descriptor, "getter", "deleter")
def _deleter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0]


@builtin("print")
def _print(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    for value in args:
        machine.text(value)
    return None


def _opaque(name: str) -> Fn:
    why = Unknown(f"{name}() is known only when the program runs", plain=True)
    return lambda machine, args, kwargs: why


BUILTINS.update({name: Native(name, _opaque(name)) for name in ("id", "hash", "input", "open")})


@builtin("object")
def _object(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args or kwargs:
        raise machine.error("TypeError", "object() takes no arguments")
    return Instance(machine.classes["object"], machine.heap.clock)


# What torch 2.13 has among others, and code for older releases asks for.
FUNCTIONAL = (
    "celu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "interpolate", "leaky_relu",
    "logsigmoid", "mish", "normalize", "pad", "prelu", "relu", "relu6", "rms_norm", "scaled_dot_product_attention",
    "selu", "silu", "softmax", "softplus",
)  # fmt: skip


@builtin("dir")
def _dir(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) == 1 and isinstance(args[0], External) and args[0].name == "torch.nn.functional":
        return List([*FUNCTIONAL, Rest(Unknown("the names in a module of torch", plain=True))], machine.heap.clock)
    return Unknown("a namespace as a list", plain=True)


@builtin("vars")
def _vars(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.get_attribute(args[0], "__dict__") if args else Unknown("a namespace as a dict")


for _name in ("locals", "globals"):
    BUILTINS[_name] = Native(_name, lambda machine, args, kwargs: Unknown("a namespace as a dict"))


def _refuse(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise RunTimeCodeError("code made at run time is not evaluated")


@builtin("__import__")
def _import(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """__import__(name): what `import name` binds"""
    if len(args) == 1 and isinstance(args[0], str) and not kwargs:
        return machine.import_module(args[0], whole=False)
    return _refuse(machine, args, kwargs)


for _name in ("eval", "exec", "compile"):
    BUILTINS[_name] = Native(_name, _refuse)

# -- methods -----------------------------------------------------------------------------------------------------

TEXT_METHODS = [
    "capitalize",
    "casefold",
    "count",
    "encode",
    "endswith",
    "find",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isspace",
    "istitle",
    "isupper",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "rfind",
    "rindex",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
]
for _name in TEXT_METHODS:
    METHODS[str, _name] = pure(_name, getattr(str, _name))
for _name in ("bit_length", "conjugate", "as_integer_ratio"):
    METHODS[int, _name] = pure(_name, getattr(int, _name))
for _name in ("is_integer", "hex", "as_integer_ratio"):
    METHODS[float, _name] = pure(_name, getattr(float, _name))


@method(NumpyInt, "item", "tolist")
@method(NumpyFloat, "item", "tolist")
def _item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return int(args[0]) if isinstance(args[0], int) else float(args[0])


@method(str, "replace")
def _replace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    text, old, new = args[:3]
    if (text.count(old) + 1) * len(new) > ops.ITEMS:
        return Unknown("a value too large to compute", plain=True)
    return text.replace(*args[1:])


@method(str, "join")
def _join(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = [plain_payload(machine, item) for item in machine.items(args[1])]
    unknown = ops.is_unknown(tuple(items))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    if sum(len(i) for i in items if isinstance(i, str)) + len(args[0]) * len(items) > ops.ITEMS:
        return Unknown("a value too large to compute", plain=True)
    return args[0].join(items)


@method(str, "format")
def _format_text(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    for value in (*args[1:], *kwargs.values()):
        if isinstance(value, (Instance, list, tuple, dict, Unknown)):
            machine.format("", value, "", "")
        if isinstance(value, NUMPY if "!" in args[0] else NumpyBool):
            return Unknown("how numpy writes a number", plain=True)
    unknown = ops.is_unknown((*args, *kwargs.values()))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    if any(map(writes_itself, (*args[1:], *kwargs.values()))):
        return Unknown("the text of an object", plain=True)
    values = [plain_payload(machine, arg) for arg in args[1:]]
    simple = all(isinstance(v, (str, int, float)) or v is None for v in (*values, *kwargs.values()))
    if not simple or not ops.format_is_small(args[0]) or ":{" in args[0].replace(" ", ""):
        return Unknown("the text of an object", plain=True)
    longest = max((len(v) for v in (*values, *kwargs.values()) if isinstance(v, str)), default=0)
    if len(args[0]) + args[0].count("{") * longest > ops.ITEMS:
        return Unknown("a value too large to compute", plain=True)
    return args[0].format(*values, **kwargs)


@method(str, "ljust", "rjust", "center", "zfill", "expandtabs")
def _padded(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Unknown("padded text", plain=True)


@method(Size, "numel")
def _numel(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Tensor(args[0], machine.heap.clock).numel()


@method(tuple, "index")
@method(List, "index")
def _index(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    if unknown is not None or len(args) > 2:
        return Unknown(first(unknown, Unknown("index() in a range")).why, plain=True)
    for place, item in enumerate(args[0]):
        if item is args[1] or known(machine.truth(machine.compare("==", item, args[1]))):
            return place
    raise machine.error("ValueError", "the value is not in the list")


@method(tuple, "count")
@method(List, "count")
def _count(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    found = 0
    for item in args[0]:
        machine.step()
        if type(item) is Rest:
            return Unknown(item.unknown.why, plain=True)
        is_same = item is args[1] and not isinstance(item, Unknown)
        found += is_same or known(machine.truth(machine.compare("==", item, args[1])))
    return found


@method(List, "append")
def _append(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].append(args[1])
    return None


def _keep_last(items: Deque) -> None:
    """What is added at the end of a deque takes the place of what stands first; with a Rest nobody knows what stays."""
    if items.most is not None and has_rest(items):
        items[:] = [Rest(Unknown("a deque of a maximal length"))]
    elif items.most is not None:
        del items[: max(len(items) - items.most, 0)]


@method(Deque, "append")
def _append_right(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _extend_right(machine, [args[0], (args[1],)], {})


@method(Deque, "extend")
def _extend_right(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[1])
    machine.heap.touch(args[0])
    args[0].extend(items)
    if args[0].most is not None:
        machine.charge(args[0])
    _keep_last(args[0])
    return None


@method(Deque, "appendleft")
def _append_left(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _extend_left(machine, [args[0], (args[1],)], {})


@method(Deque, "insert")
def _insert_within(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args[0].most is not None and len(args[0]) >= args[0].most:
        raise machine.error("IndexError", "deque already at its maximum size")
    return _insert(machine, args, kwargs)


@method(Deque, "pop")
def _pop_right(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _pop(machine, args, {})


@method(Deque, "sort")
def _sort_deque(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise machine.error("AttributeError", "'collections.deque' object has no attribute 'sort'")


@method(Deque, "popleft")
def _pop_left(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _pop(machine, [args[0], 0], {})


@method(Deque, "extendleft")
def _extend_left(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[1])
    machine.heap.touch(args[0])
    args[0][:0] = items[::-1]
    if args[0].most is not None and has_rest(args[0]):
        _keep_last(args[0])
    elif args[0].most is not None:
        del args[0][args[0].most :]
    return None


@method(Deque, "rotate")
def _rotate(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """deque.rotate(n=1): to the right"""
    items, times = args[0], args[1] if len(args) > 1 else 1
    if has_rest(items) or type(times) is not int:
        machine.havoc(items, "a deque is rotated")
        return None
    machine.heap.touch(items)
    machine.charge(items)
    at = len(items) - times % len(items) if items else 0
    items[:] = [*items[at:], *items[:at]]
    return None


@method(Deque, "copy")
def _copy_deque(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Deque(args[0], machine.heap.clock, args[0].most)


@method(List, "extend")
def _extend(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[1])
    machine.heap.touch(args[0])
    args[0].extend(items)
    return None


@method(List, "insert")
def _insert(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    if isinstance(args[1], Unknown) or has_rest(args[0]):
        args[0][:] = [Rest(Unknown("an item is inserted at a place that is not known"))]
    else:
        args[0].insert(args[1], args[2])
    return None


@method(List, "pop")
def _pop(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items, index = args[0], args[1] if len(args) > 1 else -1
    machine.heap.touch(items)
    rest = rest_at(items)
    safe = rest is None or (isinstance(index, int) and (0 <= index < rest or -len(items) + rest < index < 0))
    if isinstance(index, Unknown) or not safe:
        items[:] = [Rest(Unknown("an item that is not known is taken"))]
        return Unknown("an item of a list that is not known")
    return items.pop(index)


@method(List, "remove")
def _remove(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = args[0]
    machine.heap.touch(items)
    for place, item in enumerate(items):
        is_same = item is args[1] and not isinstance(item, Unknown)
        equal = is_same or machine.truth(machine.compare("==", item, args[1]))
        if equal is True:
            del items[place]
            return None
        if isinstance(equal, Unknown) or type(item) is Rest:
            items[:] = [Rest(Unknown("an item that is not known is taken"))]
            return None
    raise machine.error("ValueError", "the value is not in the list")


@method(List, "clear")
def _clear(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].clear()
    return None


@method(List, "reverse")
def _reverse(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].reverse()
    return None


@method(List, "sort")
def _sort(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    ordered = sort(machine, list(args[0]), kwargs)
    machine.heap.touch(args[0])
    args[0][:] = ordered
    return None


@method(List, "copy")
def _copy_list(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return List(args[0], machine.heap.clock)


def copy_dict(machine: Any, value: Dict) -> Dict:
    return Dict(value, machine.heap.clock, value.rest, value.kind, value.factory)


@method(Dict, "copy")
def _copy_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return copy_dict(machine, args[0])


@method(Dict, "get")
def _get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, default = args[0], args[2] if len(args) > 2 else None
    if isinstance(args[1], Unknown):
        calls = any(map(may_write_when_called, (*mapping.values(), default)))
        return machine.doubtful(Unknown(args[1].why, calls=calls))
    return _entry_or(machine, mapping, machine.key(args[1]), default)


def _entry_or(machine: Any, mapping: Dict, key: Value, default: Value) -> Value:
    if key in mapping:
        held = mapping[key]
        return machine.either(held, lambda: present(held), lambda: default) if may_be_absent(held) else held
    if mapping.rest is not None:
        return Unknown(mapping.rest.why)
    return default


def _key_and_default(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """The key, and the default where there is one: an OrderedDict takes both by name."""
    if kwargs and args[0].kind != "OrderedDict":
        raise machine.error("TypeError", "a dict takes no keyword arguments")
    return [*args[1:], *(kwargs[name] for name in ("key", "default") if name in kwargs)]


@method(Dict, "setdefault")
def _setdefault(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, (key, default) = args[0], [*_key_and_default(machine, args, kwargs), None][:2]
    key = machine.key(key)
    if key in mapping and not may_be_absent(mapping[key]):
        return mapping[key]
    machine.heap.touch(mapping)
    if mapping.rest is not None or key in mapping:
        mapping[key] = Unknown(first(mapping.rest, mapping.get(key)).why)
    else:
        mapping[key] = default
    return mapping[key]


@method(Dict, "pop")
def _pop_key(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, (key, *default) = args[0], _key_and_default(machine, args, kwargs)
    if not mapping and mapping.rest is None and default:
        return default[0]  # nobody asks whether the key is one
    key = machine.key(key)
    found = _entry_or(machine, mapping, key, ABSENT)
    machine.heap.touch(mapping)
    mapping.pop(key, None)
    if found is ABSENT:
        if default:
            return default[0]
        raise machine.error("KeyError", str(key))
    if may_be_absent(found):
        return machine.either(found, lambda: present(found), lambda: default[0] if default else None)
    return found


@method(Dict, "popitem")
def _popitem(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping = args[0]
    machine.heap.touch(mapping)
    if not mapping.certain():
        mapping.rest = Unknown("an entry that is not known is taken")
        mapping.clear()
        return Unknown("an entry that is not known")
    last = known(machine.truth(args[1] if len(args) > 1 else kwargs.get("last", True)))
    if mapping and not last:
        key = next(iter(mapping))
        return key, mapping.pop(key)
    return mapping.popitem()


@method(Dict, "update")
def _update(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    rest = kwargs.pop("**", None)
    if args[0].kind == "Counter":
        machine.havoc(args[0], "update() of a Counter")
        return None
    for given in args[1:]:
        machine.update_dict(args[0], given)
    machine.update_dict(args[0], Dict(kwargs, 0, rest))
    return None


@method(Dict, "clear")
def _clear_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].clear()
    args[0].rest = None
    return None


@method(Dict, "keys")
def _keys(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return View("keys", args[0], lambda key, value: key)


@method(Dict, "values")
def _values(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return View("values", args[0], lambda key, value: value)


@method(Dict, "items")
def _items(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return View("items", args[0], lambda key, value: (key, value))


@method(Dict, "move_to_end")
def _move_to_end(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, key = args[0], machine.key(args[1])
    last = known(machine.truth(args[2] if len(args) > 2 else kwargs.get("last", True)))
    machine.heap.touch(mapping)
    if may_be_absent(mapping.get(key)) or (key not in mapping and mapping.rest is not None):
        machine.may_raise("whether there is a key to move")
        machine.havoc(mapping, "whether there is a key to move")
        return None
    moved = {key: mapping.pop(key)}
    if not last:
        others = dict(mapping)
        mapping.clear()
        moved.update(others)
    mapping.update(moved)
    return None


@method(Dict, "most_common")
def _most_common(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Counter.most_common(n=None): what is counted as often, in the order in which it was first counted"""
    mapping, most = args[0], args[1] if len(args) > 1 else kwargs.get("n")
    if not mapping.certain() or not all(type(count) is int for count in mapping.values()):
        return Unknown("the most common of what is not known")
    places = known(most) if most is not None else len(mapping)
    if not isinstance(places, int):
        raise machine.error("TypeError", "how many are asked for is no integer")
    machine.charge(mapping)
    found = sorted(mapping.items(), key=lambda entry: -entry[1])
    return List(found[: max(places, 0)], machine.heap.clock)


@method(Set, "add")
def _add(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    if isinstance(args[1], Unknown):
        args[0].rest = args[1]
    else:
        args[0].add(machine.key(args[1]))
    return None


@method(Set, "discard")
def _discard(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    if isinstance(args[1], Unknown):
        args[0].clear()
        args[0].rest = args[1]
    else:
        args[0].discard(machine.key(args[1]))
    return None


@method(Set, "remove")
def _remove_member(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not isinstance(args[1], Unknown) and args[0].rest is None and machine.key(args[1]) not in args[0]:
        raise machine.error("KeyError", str(args[1]))
    return _discard(machine, args, kwargs)


@method(Set, "pop")
def _pop_member(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    members = args[0]
    machine.heap.touch(members)
    if members.rest is None and len(members) < 2:
        return members.pop()
    members.clear()
    members.rest = Unknown("a member that is not known is taken")
    return Unknown("the order of a set")


@method(Set, "clear")
def _clear_set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].clear()
    args[0].rest = None
    return None


@method(Set, "update")
def _update_set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    more = machine.make_set([item for arg in args[1:] for item in machine.items(arg)])
    machine.heap.touch(args[0])
    args[0].update(more)
    args[0].rest = first(args[0].rest, more.rest)
    return None


def _set_operation(name: str) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        sets = [args[0], *[machine.make_set(machine.items(arg)) for arg in args[1:]]]
        rest = next((one.rest for one in sets if one.rest is not None), None)
        if rest is not None:
            return Unknown(rest.why)
        result = getattr(set, name)(*sets)
        return Set(result, machine.heap.clock) if isinstance(result, set) else result

    return run


for _name in ("union", "intersection", "difference", "symmetric_difference", "issubset", "issuperset", "isdisjoint"):
    METHODS[Set, _name] = Native(_name, _set_operation(_name))


@method(Stream, "send")
def _send(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    was_running = _is_running(args[0])
    item = machine.next_item(args[0], args[1])
    if item is ABSENT:
        raise _ended(machine, args[0], was_running)
    return Unknown(item.unknown.why) if type(item) is Rest else item


@method(Stream, "close")
def _close(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """generator.close(): what waits at a yield goes on with a GeneratorExit"""
    stream = args[0]
    if stream.frame is None or stream.spoiled is not None:
        machine.havoc(stream, "an iterator is closed")
        return None
    machine.heap.touch(stream)
    stream.position += 1
    machine.suspended = tuple(one for one in machine.suspended if one is not stream)
    try:
        stream.items.throw(machine.error("GeneratorExit", ""))
    except StopIteration:
        return None
    except RaisedError as raised:
        if machine.matches(raised.value, machine.classes["GeneratorExit"]) is not True:
            raise
        return None
    raise machine.error("RuntimeError", "generator ignored GeneratorExit")


@method(Stream, "__next__")
def _next_of_stream(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _next(machine, args[:1], {})


@method(Stream, "__iter__")
def _itself(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0]


@method(Set, "copy")
def _copy_set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Set(args[0], machine.heap.clock, args[0].rest)


BUILTINS["NotImplemented"] = Native("NotImplemented", lambda machine, args, kwargs: None)
__all__ = ["BUILTINS", "METHODS", "Module"]
