"""The abstract mappings of collections.abc: the methods that a class of the project gets for its own __getitem__,
__iter__, __len__, __setitem__ and __delitem__; and the read-only view of a mapping that types has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, OBJECT, Class, Dict, Instance, List, Native, RaisedError, Value

Method = Callable[[Any, list[Value], dict[str, Value]], Value]


def _held(machine: Any, owner: Value, key: Value) -> Value:
    """owner[key], or ABSENT where it raises KeyError"""
    try:
        return machine.get_item(owner, key)
    except RaisedError as raised:
        if machine.matches(raised.value, machine.classes["KeyError"]) is not True:
            raise
        return ABSENT


def _get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """get(key, default=None)"""
    found = _held(machine, args[0], args[1])
    return found if found is not ABSENT else kwargs.get("default", args[2] if len(args) > 2 else None)


def _contains(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """key in owner"""
    return _held(machine, args[0], args[1]) is not ABSENT


def _equal(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """owner == other"""
    other = args[1]
    if not isinstance(other, Dict) and not (isinstance(other, Instance) and other.cls.is_subclass(MAPPING)):
        return machine.builtins["NotImplemented"]
    return machine.compare("==", *(machine.call(machine.builtins["dict"], [side], {}) for side in args))


def _keys(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return List(machine.items(args[0]), machine.heap.clock)


def _entries(pick: Callable[[Value, Value], Value]) -> Method:
    """values() or items(): what `pick` makes of each key and value"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        keys = machine.items(args[0])
        found = [key if type(key) is Rest else pick(key, machine.get_item(args[0], key)) for key in keys]
        return List(found, machine.heap.clock)

    return run


def _pop(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """pop(key[, default])"""
    found = _held(machine, args[0], args[1])
    if found is not ABSENT:
        machine.delete_item(args[0], args[1])
        return found
    if len(args) > 2 or "default" in kwargs:
        return kwargs.get("default", args[2] if len(args) > 2 else None)
    raise machine.error("KeyError", "pop")


def _setdefault(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """setdefault(key, default=None)"""
    found = _held(machine, args[0], args[1])
    if found is ABSENT:
        found = kwargs.get("default", args[2] if len(args) > 2 else None)
        machine.set_item(args[0], args[1], found)
    return found


def _pop_first(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """popitem()"""
    keys = machine.items(args[0])
    if not keys:
        raise machine.error("KeyError", "popitem")
    if any(type(key) is Rest for key in keys):
        machine.havoc(args[0], "which keys a mapping has")
        return machine.doubtful(Unknown("an item of a mapping", plain=True))
    found = machine.get_item(args[0], keys[0])
    machine.delete_item(args[0], keys[0])
    return keys[0], found


def _clear(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """clear()"""
    for _ in machine.items(args[0]):
        _pop_first(machine, args, kwargs)
    return None


def _update(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """update(other=(), **entries)"""
    given = Dict((), machine.heap.clock)
    for more in (*args[1:], Dict(kwargs)):
        machine.update_dict(given, more)
    if given.rest is not None:
        machine.havoc(args[0], given.rest.why)
    for key, value in list(given.items()):
        machine.set_item(args[0], key, value)
    return None


def _made(name: str, methods: dict[str, Method], *bases: Class) -> Class:
    attributes: dict[str, Value] = {method: Native(method, fn) for method, fn in methods.items()}
    return Class(name, bases, attributes, full_name=f"collections.abc.{name}")


MAPPING = _made(
    "Mapping",
    {
        "get": _get,
        "__contains__": _contains,
        "__eq__": _equal,
        "keys": _keys,
        "values": _entries(lambda key, value: value),
        "items": _entries(lambda key, value: (key, value)),
    },
    OBJECT,
)
MUTABLE_MAPPING = _made(
    "MutableMapping",
    {"pop": _pop, "popitem": _pop_first, "clear": _clear, "setdefault": _setdefault, "update": _update},
    MAPPING,
)


def _places(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> list[int] | None:
    """Where a value stands in a sequence; None where that is not known."""
    if len(args) < 2 and not kwargs:
        raise machine.error("TypeError", "index() and count() need the value to look for")
    if len(args) != 2 or kwargs:
        return None
    found: list[int] = []
    for at, item in enumerate(machine.iterate(args[0])):
        equal = Unknown("an item") if type(item) is Rest else machine.truth(machine.compare("==", item, args[1]))
        if isinstance(equal, Unknown):
            return None
        if equal:
            found.append(at)
    return found


def _index(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Sequence.index(value)"""
    places = _places(machine, args, kwargs)
    if places == []:
        raise machine.error("ValueError", "the value is not in the sequence")
    return places[0] if places is not None else machine.doubtful(Unknown("where an item stands", plain=True))


def _count(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Sequence.count(value)"""
    places = _places(machine, args, kwargs)
    return len(places) if places is not None else machine.doubtful(Unknown("how often an item is there", plain=True))


SEQUENCE = _made("Sequence", {"index": _index, "count": _count}, OBJECT)


def _hold(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """MappingProxyType.__init__(self, mapping)"""
    args[0].attributes["mapping"] = args[1]
    return None


def _viewed(args: list[Value]) -> Value:
    return args[0].attributes["mapping"]


def _by_name(name: str) -> Method:
    return lambda machine, args, kwargs: machine.call(machine.get_attribute(_viewed(args), name), args[1:], kwargs)


def _by_builtin(name: str) -> Method:
    return lambda machine, args, kwargs: machine.call(machine.builtins[name], [_viewed(args)], {})


PROXY = _made(
    "mappingproxy",
    {
        "__init__": _hold,
        "__getitem__": lambda machine, args, kwargs: machine.get_item(_viewed(args), args[1]),
        "__contains__": lambda machine, args, kwargs: machine.compare("in", args[1], _viewed(args)),
        "__iter__": _by_builtin("iter"),
        "__len__": _by_builtin("len"),
        **{name: _by_name(name) for name in ("get", "keys", "values", "items", "copy")},
    },
    MAPPING,
)
# By the names of what a class statement may name as its base.
ABSTRACT = {
    f"{module}.{cls.name}": cls
    for module in ("collections.abc", "typing")
    for cls in (MAPPING, MUTABLE_MAPPING, SEQUENCE)
}
