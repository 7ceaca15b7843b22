"""What Python's functions tell of themselves, and the copies that types.FunctionType makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnlint.signature import REQUIRED, Signature
from nnlint.source import docstring
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    OBJECT,
    OPENED,
    REPLACED,
    BoundMethod,
    Class,
    Dict,
    Frame,
    Function,
    Instance,
    Namespace,
    Native,
    Partial,
    Value,
    present,
    same,
)

CODE = Class("code", (OBJECT,), full_name="types.CodeType")
# What decides how a function is called: to write something else to it makes another function of it.
DECIDING = frozenset({"__defaults__", "__kwdefaults__", "__code__"})


def attribute(machine: Any, function: Function, name: str) -> Value:
    """function.name for the names with two underscores that every function has."""
    if name in ("__name__", "__qualname__", "__module__"):
        held = {"__name__": function.name, "__qualname__": function.qualified, "__module__": function.module.name}
        return held[name]
    if name == "__doc__":
        return docstring(function.site.node) if function.site is not None else None
    if name in DECIDING and REPLACED in function.attributes:
        return function.attributes[REPLACED]
    if name == "__defaults__":
        return _defaults(function)
    if name == "__kwdefaults__":
        return keyword_defaults(function)
    if name == "__dict__":
        return machine.namespace(function)
    if name == "__globals__":
        return machine.namespace(function.module.frame)
    if name == "__code__":
        made = Instance(CODE, machine.heap.clock)
        made.attributes["function"] = function
        made.open = Unknown("the code of a function", plain=True)
        return made
    return Unknown(f"{name} of a function")


def keyword_defaults(function: Function) -> Dict | None:
    """What a function's __kwdefaults__ is: a dict that it has had from the start, made when it is first asked for."""
    if function.keyword_defaults is None:
        given = function.signature.keyword_defaults
        function.keyword_defaults = Dict(given, function.birth) if given else None
    return function.keyword_defaults


def replaced(function: Function) -> Unknown | None:
    """Why a function is not called as it is written, or None where it is."""
    if REPLACED in function.attributes:
        why = function.attributes[REPLACED]
        return why if isinstance(why, Unknown) else Unknown("a function that is replaced")
    held = function.keyword_defaults
    if held is None:
        return None
    given = function.signature.keyword_defaults
    is_written = held.rest is not None or held.keys() != given.keys() or any(held[n] is not given[n] for n in given)
    return Unknown(f"the defaults of {function.name}, which are written") if is_written else None


def _defaults(function: Function) -> Value:
    held = [p.default for p in function.signature.parameters if p.kind in ("positional", "both")]
    return tuple(default for default in held if default is not REQUIRED) or None


def _function_type(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """types.FunctionType(code, globals, name=None, argdefs=None, closure=None): the function again, where all that it
    is given is its own."""
    names = ("code", "globals", "name", "argdefs", "closure")
    given = {**dict(zip(names, args)), **kwargs}
    code = given.get("code")
    function = code.attributes.get("function") if isinstance(code, Instance) and code.cls is CODE else None
    if not isinstance(function, Function) or not _is_free(function):
        return Unknown("a function made of code that is not known", foreign=True)
    signature, own, defaults = function.signature, _defaults(function), given.get("argdefs")
    if defaults is None:
        free = [p._replace(default=REQUIRED) if p.kind in ("positional", "both") else p for p in signature.parameters]
        signature = Signature.of(*free)
    elif not same(defaults, own):
        return Unknown("a function whose defaults are replaced", foreign=True)
    has_keyword_defaults = any(p.kind == "keyword" and p.default is not REQUIRED for p in signature.parameters)
    names_of = given.get("globals")
    if not isinstance(names_of, Namespace) or names_of.owner is not function.module.frame:
        return Unknown("a function with other global names", foreign=True)
    if has_keyword_defaults:
        return Unknown("a function without the defaults of its keywords", foreign=True)
    name = given.get("name", function.name)
    if not isinstance(name, str):
        return Unknown("a function whose name is not known", foreign=True)
    made = Function(
        name, function.qualified, signature, function.body, function.parent, machine.heap.clock,
        function.lowered,
    )  # fmt: skip
    made.owner, made.site = function.owner, function.site
    return made


def distinct(machine: Any, options: Sequence[Value]) -> list[Value]:
    """Of what may be called, one of those that do the same: a function made anew in every way the program can have run
    (where it was made once or again) is called but once."""
    found: list[Value] = []
    for option in options:
        if not any(_do_the_same(machine, option, other) for other in found):
            found.append(option)
    return found


def _do_the_same(machine: Any, one: Value, other: Value) -> bool:
    """Whether two functions come from one text and see the same variables, themselves aside."""
    if isinstance(one, BoundMethod) and isinstance(other, BoundMethod):
        return same(one.receiver, other.receiver) and _do_the_same(machine, one.function, other.function)
    if not isinstance(one, Function) or not isinstance(other, Function) or one.lowered is not other.lowered:
        return False
    if one.lowered is None or one.owner is not other.owner or {*one.attributes, *other.attributes} - {OPENED}:
        return False
    defaults = zip(one.signature.parameters, other.signature.parameters)
    if not all(same(left.default, right.default) for left, right in defaults):
        return False
    text = machine.effects.text(one.site)
    if text.nonlocals:
        return False
    around, beside = one.parent, other.parent
    while around is not beside:
        for name in text.names & (around.variables.keys() | beside.variables.keys()):
            left, right = (present(frame.variables.get(name, ABSENT)) for frame in (around, beside))
            are_themselves = left is one and right is other and name not in text.written
            if not same(left, right) and not are_themselves:
                return False
        if around.parent is None or beside.parent is None:
            return False
        around, beside = around.parent, beside.parent
    return True


def _is_free(function: Function) -> bool:
    """Whether no function stands around it, whose variables it could share."""
    around: Frame | None = function.parent
    while around is not None and around is not function.module.frame:
        if around.function is not None:
            return False
        around = around.parent
    return True


def _method_type(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """types.MethodType(function, receiver)"""
    if len(args) != 2 or kwargs or args[1] is None:
        raise machine.error("TypeError", "a method is made of a function and an object that is not None")
    if isinstance(args[0], (Function, Native, BoundMethod, Partial)):
        return BoundMethod(*args)
    machine.alias(args)
    return Unknown("a method of what is not known", foreign=True)


FUNCTION_TYPES: dict[str, Native] = {
    name: Native("FunctionType", _function_type) for name in ("types.FunctionType", "types.LambdaType")
}
FUNCTION_TYPES["types.MethodType"] = Native("MethodType", _method_type)
__all__ = ["CODE", "DECIDING", "FUNCTION_TYPES", "REPLACED", "attribute", "distinct", "keyword_defaults", "replaced"]
