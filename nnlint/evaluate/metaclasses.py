"""Metaclasses of the program that say what a call of their classes gives: those that do nothing else are followed."""

from __future__ import annotations

from typing import Any

from nnlint.unknown import Unknown
from nnlint.values import ABSENT, BoundMethod, Class, Dict, Function, List, Native, Set, Value, is_plain

TYPE = Unknown("type as a base")
WRITTEN = frozenset({"__call__", "__doc__", "__fields__", "__module__", "__qualname__"})


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
    if name[:2] == "__" == name[-2:] and name not in WRITTEN:
        return False
    return isinstance(held, (Function, List, Dict, Set)) or (is_plain(held) and name != "__call__")


def _is_made_by_type(base: Class) -> bool:
    is_torch = base.full_name.startswith("torch.nn.")
    return (
        base.kin is None
        and "__register__" not in base.attributes
        and (base.native is object or base.module is not None or is_torch)
    )


def inherited(receiver: Value, after: Class, name: str) -> Value:
    """super().name in a method of the metaclass `after`, of which `receiver` is a class or an object"""
    if not isinstance(receiver, Class) or name != "__call__":
        return Unknown(f"{name} of a metaclass")
    order = receiver.metaclass.mro if receiver.metaclass is not None else ()
    behind = order[order.index(after) + 1 :]
    held = next((owner.attributes[name] for owner in behind if name in owner.attributes), CALL)
    return BoundMethod(held, receiver)


def _call(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """type.__call__(cls, *args, **kwargs)"""
    unknown = kwargs.pop("**", None)
    if isinstance(args[0], Class) and "__members__" not in args[0].attributes:
        return machine.construct(args[0], args[1:], kwargs, unknown)
    return machine.call(args[0], args[1:], kwargs, unknown)


CALL = Native("type.__call__", _call)
