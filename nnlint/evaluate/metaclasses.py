"""Metaclasses of the program: those are followed that say how their classes are made, what a call of one gives, or what
their classes have in common, and do nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Class,
    Dict,
    Function,
    List,
    Native,
    Set,
    Value,
    is_plain,
    may_be_absent,
    same,
)

TYPE = Unknown("type as a base")
MAKING = frozenset({"__new__", "__init__"})
WRITTEN = frozenset({"__call__", "__doc__", "__:fields__", "__module__", "__qualname__", *MAKING})
# What the body of a class holds beside what the program binds there, in some releases of Python.
UNSEEN = ("__doc__", "__annotations__", "__annotate__", "__classcell__", "__firstlineno__", "__static_attributes__")
PERHAPS = Unknown("what Python adds to the body of a class", (ABSENT, Unknown("what Python adds", plain=True)))


class Unmade(NamedTuple):
    """A class whose metaclass has begun to make it, what that was given of it, and True once it is made."""

    cls: Class
    bases: tuple[Value, ...]
    body: dict[str, Value]
    made: List


def is_followed(cls: Class) -> bool:
    """Whether a class is one that type() makes, but for calls of it, and for what it finds on its metaclass."""
    own = {base.metaclass for base in cls.mro} - {None}
    is_single = own == {cls.metaclass} and cls.layer is None
    return is_single and _is_simple(cls.metaclass) and all(_is_made_by_type(base) for base in cls.mro)


def says_what_calls_give(cls: Class) -> bool:
    """Whether a metaclass that is followed has a __call__."""
    return cls.metaclass is not None and cls.metaclass.find("__call__") is not ABSENT and is_followed(cls)


def may_stand_before(metaclass: Class | None, name: str) -> bool:
    """Whether what a metaclass has by a name may be found ahead of what its classes have by it."""
    if metaclass is None:
        return False
    is_plain = isinstance(metaclass.find(name), (Function, List, Dict, Set, str, int, float)) or name[:2] == "__"
    return metaclass.find("__getattribute__") is not ABSENT or not (metaclass.find(name) is ABSENT or is_plain)


def _is_simple(metaclass: Class | None) -> bool:
    """Whether a metaclass derives from type alone, and has a way to call and other plain methods and data only."""
    if metaclass is None or metaclass.unknown_base is not TYPE or metaclass.metaclass is not None:
        return False
    written = {name: held for base in metaclass.mro[:-1] for name, held in base.attributes.items()}
    return len(metaclass.bases) == 1 and all(_is_understood(name, held) for name, held in written.items())


def _is_understood(name: str, held: Value) -> bool:
    if name == "mro" or (name[:2] == "__" == name[-2:] and name not in WRITTEN):
        return False
    is_data = is_plain(held) and name != "__call__" and name not in MAKING
    return isinstance(held, (Function, List, Dict, Set)) or is_data


def _is_made_by_type(base: Class) -> bool:
    is_plain_class = base.full_name.startswith(("torch.nn.", "logging.", "argparse."))
    return (
        base.kin is None
        and "__:register__" not in base.attributes
        and (base.native is object or base.module is not None or is_plain_class)
    )


def has_own(value: Value, names: Iterable[str]) -> bool:
    """Whether a value is a class whose metaclass has something by one of these names."""
    metaclass = value.metaclass if isinstance(value, Class) else None
    return metaclass is not None and any(metaclass.find(name) is not ABSENT for name in names)


def inherited(metaclass: Class, receiver: Value, after: Class, name: str) -> Value:
    """super().name in a method of `after`, which a metaclass has by itself or from a base: of the metaclass, or of what
    is of it"""
    if not isinstance(receiver, Class) or name not in OF_TYPE:
        return Unknown(f"{name} of a metaclass")
    behind = metaclass.mro[metaclass.mro.index(after) + 1 : -1]
    held = next((owner.attributes[name] for owner in behind if name in owner.attributes), OF_TYPE[name])
    return held if name == "__new__" else BoundMethod(held, receiver)


def makes(cls: Class) -> bool:
    """Whether a metaclass that is followed has its own way to make a class."""
    metaclass = cls.metaclass
    return (
        metaclass is not None
        and any(isinstance(metaclass.find(name), Function) for name in MAKING)
        and is_followed(cls)
    )


def make(machine: Any, cls: Class, bases: list[Value], options: dict[str, Value]) -> Value:
    """What a class statement gives: the class, of which all but that stands, as its metaclass leaves it."""
    assert cls.metaclass is not None
    body = {name: value for name, value in cls.attributes.items() if name != "__:fields__"}
    names = {"__module__": cls.module.name if cls.module is not None else "", "__qualname__": cls.qualified}
    unseen = {name: PERHAPS for name in UNSEEN if name not in body}
    given = [cls.name, tuple(bases), Dict({**names, **body, **unseen}, machine.heap.clock)]
    more = {name: value for name, value in options.items() if name != "metaclass"}
    new, init = (cls.metaclass.find(name) for name in ("__new__", "__init__"))
    if not isinstance(new, Function):
        machine.finish_class(cls, options)
    else:
        around, machine.unmade = machine.unmade, Unmade(cls, tuple(bases), body, List((), machine.heap.clock))
        try:
            made = machine.call(new, [cls.metaclass, *given], more)
        finally:
            machine.unmade = around
        if made is not cls:
            return machine.call_unknown(Unknown(f"the metaclass of {cls.name}"), [cls, made], {})
    if isinstance(init, Function):
        machine.call(init, [cls, *given], more)
    return cls


def _new(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """type.__new__(metaclass, name, bases, namespace, **options): once for each class statement"""
    unmade = machine.unmade
    if len(args) == 4 and unmade is not None and "**" not in kwargs and not unmade.made:
        cls, bases, namespace = unmade.cls, args[2], args[3]
        is_same = args[:2] == [cls.metaclass, cls.name] and isinstance(bases, tuple) and len(bases) == len(unmade.bases)
        if is_same and all(map(same, bases, unmade.bases)) and _is_certain(namespace):
            machine.heap.touch(unmade.made)
            unmade.made.append(True)
            _take(machine, cls, unmade.body, namespace)
            machine.finish_class(cls, kwargs)
            return cls
    return machine.call_unknown(Unknown("a class that a metaclass makes"), args, kwargs)


def _is_certain(namespace: Value) -> bool:
    """Whether a class that is made of a namespace has what that holds."""
    if not isinstance(namespace, Dict) or namespace.rest is not None:
        return False
    return not any(may_be_absent(held) for name, held in namespace.items() if name not in UNSEEN)


def _take(machine: Any, cls: Class, body: dict[str, Value], namespace: Dict) -> None:
    """A class has what is in a namespace instead of what its body has bound."""
    changed = {name: held for name, held in namespace.items() if body.get(name, ABSENT) is not held}
    changed = {name: held for name, held in changed.items() if name not in ("__module__", "__qualname__", *UNSEEN)}
    machine.heap.touch(cls)
    for name in body.keys() - namespace.keys():
        del cls.attributes[name]
    cls.attributes.update(changed)


def _initialise(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """type.__init__(cls, name, bases, namespace), which does nothing"""
    return None


def _call(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """type.__call__(cls, *args, **kwargs)"""
    unknown = kwargs.pop("**", None)
    if isinstance(args[0], Class) and "__members__" not in args[0].attributes:
        return machine.construct(args[0], args[1:], kwargs, unknown)
    return machine.call(args[0], args[1:], kwargs, unknown)


CALL = Native("type.__call__", _call)
OF_TYPE = {"__call__": CALL, "__new__": Native("type.__new__", _new), "__init__": Native("type.__init__", _initialise)}
