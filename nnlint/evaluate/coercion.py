"""What pydantic makes of a value that is given to a field: by the field's annotation, and only where pydantic 1 and 2
agree; everything else is Unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import libcst as cst

from nnlint.evaluate.control import LimitError
from nnlint.evaluate.expressions import lower
from nnlint.evaluate.scope import Scope
from nnlint.numpy_numbers import NumpyInt
from nnlint.signature import Rest
from nnlint.source import parse_expression
from nnlint.unknown import Unknown, UnknownValueError
from nnlint.values import Class, Dict, External, Frame, Instance, List, Native, RaisedError, Value

_NUMBERS = {
    **dict.fromkeys(("PositiveInt", "NonNegativeInt", "NegativeInt", "NonPositiveInt"), "int"),
    **dict.fromkeys(("PositiveFloat", "NonNegativeFloat", "NegativeFloat", "NonPositiveFloat", "FiniteFloat"), "float"),
}
_LISTS = ("list", "List", "Sequence", "Iterable", "Collection")
_DICTS = ("dict", "Dict", "Mapping", "MutableMapping")
_TUPLES = ("tuple", "Tuple")
_PLAIN = ("int", "float", "str", "bool")


class Annotation(NamedTuple):
    """An annotation, and where its names are looked up."""

    node: cst.BaseExpression
    scope: Scope
    frame: Frame

    def at(self, node: cst.BaseExpression) -> Annotation:
        """A part of it."""
        return self._replace(node=node)

    def meaning(self) -> Value:
        """What the annotation evaluates to; None where that fails."""
        try:
            return lower(self.node, self.scope)(self.frame)
        except (RaisedError, LimitError, UnknownValueError):
            self.scope.machine.lose_construction()
            return None

    def name(self) -> str:
        """What a name stands for, by its short name: "int", "Optional"; "" for a class of the project and others."""
        found = self.meaning()
        if isinstance(found, Native):
            return found.name
        if isinstance(found, External):
            module, _, name = found.name.rpartition(".")
            return name if module in ("typing", "typing_extensions", "collections.abc", "pydantic", "builtins") else ""
        return found.name if isinstance(found, Class) and found.module is None else ""

    def unquoted(self) -> Annotation:
        """An annotation in quotes as the expression in them."""
        if not isinstance(self.node, cst.SimpleString):
            return self
        written = parse_expression(str(self.node.evaluated_value))
        return self.at(written) if written is not None else self

    def alternatives(self) -> list[Annotation]:
        """The parts of `A | B`, Union[A, B], Optional[A]; itself otherwise."""
        note = self.unquoted()
        node = note.node
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
            return [*note.at(node.left).alternatives(), *note.at(node.right).alternatives()]
        if isinstance(node, cst.Subscript):
            name, parts = note.at(node.value).name(), note.parts()
            if name == "Union":
                return [one for part in parts for one in part.alternatives()]
            if name == "Optional" and len(parts) == 1:
                return [*parts[0].alternatives(), note.at(cst.Name("None"))]
        return [note]

    def parts(self) -> list[Annotation]:
        """What stands in the brackets."""
        if not isinstance(self.node, cst.Subscript):
            return []
        return [self.at(item.slice.value) for item in self.node.slice if isinstance(item.slice, cst.Index)]

    def is_none(self) -> bool:
        return isinstance(self.node, cst.Name) and self.node.value == "None"


def allows_none(note: Annotation) -> bool:
    """Whether None is one of an annotation's alternatives."""
    return any(one.is_none() for one in note.alternatives())


def coerce(machine: Any, note: Annotation, value: Value) -> Value:
    """The value that a field so annotated holds after it was given `value`."""
    if isinstance(value, Unknown):
        return Unknown(value.why, plain=value.plain)
    alternatives = note.alternatives()
    wanted = [one for one in alternatives if not one.is_none()]
    if value is None and len(wanted) < len(alternatives):
        return None
    if len(wanted) == 1:
        return _coerce(machine, wanted[0], value)
    # Of several, pydantic 1 takes the first that fits and pydantic 2 the one that fits best.
    return _coerce(machine, wanted[0], value) if wanted and type(value).__name__ == wanted[0].name() else _unsure(value)


def _unsure(value: Value) -> Unknown:
    return Unknown("what pydantic makes of a value", plain=isinstance(value, (bool, int, float, str)))


def _coerce(machine: Any, note: Annotation, value: Value) -> Value:
    if isinstance(note.node, cst.Subscript):
        return _coerce_generic(machine, note.at(note.node.value).name(), note.parts(), value)
    meaning = note.meaning()
    if isinstance(meaning, Class) and meaning.module is not None:
        return _coerce_to_class(machine, meaning, value)
    name = note.name()
    name = _NUMBERS.get(name, name)
    if name in _PLAIN:
        return _coerce_plain(machine, name, value)
    if name == "Any" or (name in _LISTS[:2] and isinstance(value, List)) or (name in _TUPLES and type(value) is tuple):
        return value
    if name in _DICTS[:2] and isinstance(value, Dict):
        return value
    return _unsure(value)


def _coerce_plain(machine: Any, name: str, value: Value) -> Value:
    if type(value).__name__ == name:
        return value
    if name == "int" and (isinstance(value, (bool, NumpyInt)) or (isinstance(value, float) and value.is_integer())):
        return int(value)
    if name == "float" and isinstance(value, int):
        return float(value)
    if name in ("int", "float") and isinstance(value, str) and value.isascii() and value.isdigit():
        return machine.call(machine.builtins[name], [value], {})
    return _unsure(value)


def _coerce_to_class(machine: Any, cls: Class, value: Value) -> Value:
    if isinstance(value, Instance) and value.cls.is_subclass(cls):
        return value
    if isinstance(value, Dict) and value.certain() and "pydantic.BaseModel" in [base.full_name for base in cls.mro]:
        return machine.call(cls, [], dict(value))
    if cls.find("__members__").__class__ is Dict and isinstance(value, (str, int)):
        return machine.call(cls, [value], {})
    return _unsure(value)


def _coerce_generic(machine: Any, name: str, parts: Sequence[Annotation], value: Value) -> Value:
    if isinstance(value, (List, tuple)) and any(type(item) is Rest for item in value):
        return _unsure(value)
    if name in _LISTS and len(parts) == 1 and isinstance(value, List):
        return List([coerce(machine, parts[0], item) for item in value], machine.heap.clock)
    if name in _TUPLES and isinstance(value, (List, tuple)):
        if len(parts) == 2 and isinstance(parts[1].node, cst.Ellipsis):
            return tuple(coerce(machine, parts[0], item) for item in value)
        if len(parts) == len(value):
            return tuple(coerce(machine, part, item) for part, item in zip(parts, value))
    if name in _DICTS and len(parts) == 2 and isinstance(value, Dict) and value.certain():
        if all(isinstance(coerce(machine, parts[0], key), type(key)) for key in value):
            return Dict({key: coerce(machine, parts[1], item) for key, item in value.items()}, machine.heap.clock)
        return _unsure(value)
    if name == "Literal" and isinstance(value, (bool, int, str)):
        return value
    if name == "Annotated" and parts and all(_only_constrains(part) for part in parts[1:]):
        return coerce(machine, parts[0], value)
    return _unsure(value)


def _only_constrains(note: Annotation) -> bool:
    """Whether what stands behind the type in Annotated[...] changes no value: a call of Field."""
    return isinstance(note.node, cst.Call) and note.at(note.node.func).name() == "Field"
