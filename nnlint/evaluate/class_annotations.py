"""The annotations of a class: __annotations__, inspect.get_annotations() and typing.get_type_hints().

Which names are annotated is known, and the types of those that are annotated with the name of one of Python's own or of
a class.
"""

from __future__ import annotations

import builtins
from typing import Any

import libcst as cst

from nnlint.evaluate.scope import CLOSED
from nnlint.source import walk
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Class, Dict, Native, Value

NAME = "__annotations__"
UNKNOWN = Unknown("an annotation")
AS_TEXT = "from __future__ import annotations"
MAY_STAND_FOR_TEXT = ("'", '"')


def own(machine: Any, cls: Class) -> Value:
    """cls.__annotations__, which the program may write to."""
    held = cls.attributes.get(NAME, ABSENT)
    if held is ABSENT:
        held = Dict(_noted(machine, cls, is_hint=False), machine.heap.clock)
        machine.heap.touch(cls)
        cls.attributes[NAME] = held
    return held


def inherited(machine: Any, cls: Class) -> Value:
    """What an object of a class has by that name: the annotations of the first class in its order that has some."""
    if cls.unknown_base is not None or cls.metaclass is not None:
        return UNKNOWN
    found = next((c for c in cls.mro if c.attributes.get("__:fields__") or NAME in c.attributes), None)
    if found is None:
        return ABSENT
    return own(machine, found) if is_followed(found) else UNKNOWN


def are_written(cls: Class) -> bool:
    """Whether the program has written to the annotations of a class, or may have done so."""
    held = cls.attributes.get(NAME, ABSENT)
    if held is ABSENT:
        return False
    names = dict.fromkeys(field.name for field in cls.attributes.get("__:fields__", ()))
    return not isinstance(held, Dict) or not held.certain() or list(held) != list(names)


def _noted(machine: Any, cls: Class, is_hint: bool) -> dict[str, Value]:
    """The names that are annotated in the body of a class, with what they are annotated with."""
    found: dict[str, Value] = {}
    for field in cls.attributes.get("__:fields__", ()):
        node = field.annotation
        kind = _kind(machine, field, node.value) if isinstance(node, cst.Name) else UNKNOWN
        as_text = not is_hint and AS_TEXT in field.scope.source.text
        found[field.name] = node.value if as_text and kind is not UNKNOWN else kind
        if isinstance(node, cst.SimpleString) and not is_hint:
            found[field.name] = node.evaluated_value
    return found


def _kind(machine: Any, field: Any, name: str) -> Value:
    """What an annotation names: one of Python's own types, or a class that the module bound to it before."""
    if name in machine.builtins:
        found = machine.look_up(field.frame, name) if name not in field.frame.variables else UNKNOWN
        return found if found is machine.builtins[name] else UNKNOWN
    if field.annotated is ABSENT or name in field.frame.variables:
        return UNKNOWN
    found = machine.look_up(field.frame, name)
    return found if isinstance(found, Class) and found is machine.read(field.annotated) else UNKNOWN


def _get_annotations(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """inspect.get_annotations(cls)"""
    held = own(machine, args[0]) if len(args) == 1 and is_followed(args[0]) and not kwargs else None
    return Dict(held, machine.heap.clock, held.rest) if isinstance(held, Dict) else Unknown("annotations")


def _get_type_hints(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """typing.get_type_hints(cls): those of its bases as well, and what stands there as text evaluated"""
    cls = args[0] if args else None
    unknown = Unknown("type hints")
    if len(args) != 1 or kwargs or not isinstance(cls, Class):
        return machine.doubtful(unknown)
    rest = next((UNKNOWN for base in cls.mro if base.full_name.startswith("torch.nn.")), None)
    beside = [base for base in cls.mro if not base.full_name.startswith("torch.nn.")]
    bases = [base for base in reversed(beside) if base.native is not object]
    if any(not is_followed(base) or are_written(base) or _may_be_text(base) for base in bases):
        return machine.doubtful(unknown)
    hints = [_noted(machine, base, is_hint=True) for base in bases]
    return Dict({name: kind for noted in hints for name, kind in noted.items()}, machine.heap.clock, rest)


def is_followed(value: Value) -> bool:
    """Whether a value is a class of which all annotations are known."""
    if not isinstance(value, Class) or value.module is None or value.unknown_base is not None:
        return False
    names = [field.name for field in value.attributes.get("__:fields__", ())]
    if any(isinstance(base.attributes.get("__new__"), Native) for base in value.mro if base.module is not None):
        return False  # a TypedDict has those of its bases, too
    if NAME in value.module.source.text and _speaks_of_them(value):
        return False
    return value.metaclass is None and not any(n.startswith("__") and not n.endswith("__") for n in names)


def _speaks_of_them(cls: Class) -> bool:
    """Whether the body of a class may write to its annotations while it runs."""
    node = cls.site.node if cls.site is not None else None
    parts = walk(node.body, CLOSED) if isinstance(node, cst.ClassDef) else ()
    return any(isinstance(part, cst.Name) and part.value == NAME for part in parts)


def _may_be_text(cls: Class) -> bool:
    """Whether an annotation may stand in the file as text, with names that nobody knows when it is evaluated."""
    for field in cls.attributes.get("__:fields__", ()):
        is_simple = isinstance(field.annotation, cst.Name) and hasattr(builtins, field.annotation.value)
        if not is_simple and (AS_TEXT in field.scope.source.text or any(q in field.text() for q in MAY_STAND_FOR_TEXT)):
            return True
    return False


ANNOTATIONS: dict[str, Value] = {
    "inspect.get_annotations": Native("get_annotations", _get_annotations),
    "typing.get_type_hints": Native("get_type_hints", _get_type_hints),
}
