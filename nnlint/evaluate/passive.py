"""Objects that stay as they are where nobody calls a method of theirs: what an unknown one of them may be used for then
changes none, and none has to be forgotten."""

from __future__ import annotations

import ast

from nnlint.evaluate.effects import READERS
from nnlint.unknown import Unknown
from nnlint.values import (
    CONSTANTS,
    BoundMethod,
    Class,
    Descriptor,
    Dict,
    Function,
    Instance,
    List,
    Partial,
    Set,
    Value,
    is_plain,
)

CONSTRUCTING = frozenset({"__new__", "__init__", "__post_init__", "__init_subclass__"})  # that run for no object later
WRITING = (ast.AugAssign, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom)


def are_passive(items: list[Value]) -> bool:
    """Whether these are objects that hold constants alone, and of which nothing that runs where nobody calls it (a
    property, an operator) may write."""
    return (
        all(isinstance(item, Instance) and item.payload is None for item in items)
        and all(map(_is_passive, {item.cls for item in items}))
        and all(_holds_constants(held) for item in items for held in item.attributes.values())
    )


def _holds_constants(value: Value) -> bool:
    """Whether a value is a constant, or a list, dict or set of such."""
    if type(value) in CONSTANTS:
        return True
    parts = value.values() if isinstance(value, Dict) else value if isinstance(value, (List, Set)) else (value,)
    return all(map(is_plain, parts))


def _is_passive(cls: Class) -> bool:
    own = [entry for base in cls.mro if base.module is not None for entry in base.attributes.items()]
    return cls.unknown_base is None and all(_writes_nothing(name, held) for name, held in own)


def _writes_nothing(name: str, held: Value) -> bool:
    """Whether what a class holds under a name surely writes nothing where it runs and nobody calls it."""
    if isinstance(held, Descriptor):
        if held.kind in ("staticmethod", "classmethod"):
            return True
        return held.kind == "property" and _only_reads(held.getter)
    if not (name.startswith("__") and name.endswith("__")) or name in CONSTRUCTING:
        return not isinstance(held, (Instance, Unknown))  # it may be a descriptor of the program's own
    return not isinstance(held, (Function, Unknown, Partial, BoundMethod)) or _only_reads(held)


def _only_reads(function: Value) -> bool:
    """Whether the text of a function neither writes nor calls what may, also of what it is given."""
    if not isinstance(function, Function) or function.site is None:
        return False
    for part in ast.walk(function.site.source.python_of(function.site.node)):
        if isinstance(part, WRITING):
            return False
        if isinstance(part, ast.Call) and not (isinstance(part.func, ast.Name) and part.func.id in READERS):
            return False
        if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
            return False
    return True
