"""The arguments with which a root is called: its own defaults, and default instances of configuration classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import libcst as cst

from nnlint.evaluate.control import LimitError
from nnlint.evaluate.expressions import lower
from nnlint.evaluate.machine import GIVEN_BESIDES, Machine
from nnlint.evaluate.scope import Scope
from nnlint.evaluate.signatures import unwrapped
from nnlint.refusals import is_placeholder
from nnlint.signature import REQUIRED, Rest
from nnlint.source import parse_expression
from nnlint.unknown import Unknown, UnknownValueError
from nnlint.values import Class, Frame, Function, Instance, RaisedError, Value


class Default(NamedTuple):
    """A root's argument that is an instance of a class as its defaults build it."""

    cls: Class


def assumption(given: dict[str, Value]) -> str:
    """What a finding says of the default instances it rests on."""
    names = [value.cls.name for value in given.values() if isinstance(value, Default)]
    return f" with {' and '.join(dict.fromkeys(names))} defaults" if names else ""


class Defaults:
    """Finds the arguments of roots; it remembers which classes can be built without any."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.buildable: dict[Class, bool] = {}

    def arguments(
        self,
        function: Function,
        owner: Class | None = None,
        skip: int = 0,
        given: Mapping[str, Value] | None = None,
    ) -> tuple[dict[str, Value], bool]:
        """A root's arguments, and whether one of them is Unknown: defaults, empty `*` and `**`; for what has no
        default an instance of the class that annotates it.

        owner: the class whose method it is; skip: how many arguments come by themselves; given: those known already.
        """
        bound: dict[str, Value] = {}
        known = given or {}
        generic = False
        for index, parameter in enumerate(function.signature.parameters):
            if parameter.kind == "*":
                bound[parameter.name] = (Rest(Unknown(GIVEN_BESIDES)),) if self.machine.wary else ()
            elif parameter.kind == "**":
                bound[parameter.name] = {}
            elif index < skip:
                bound[parameter.name] = None
            elif parameter.name in known:
                bound[parameter.name] = known[parameter.name]
                generic = generic or isinstance(known[parameter.name], Unknown)
            elif parameter.default is not REQUIRED and not (self.machine.wary and is_placeholder(parameter.default)):
                bound[parameter.name] = parameter.default
            elif parameter.name in self.machine.assume:
                bound[parameter.name] = self.machine.assume[parameter.name]
            elif not self.machine.wary and (cls := self._default_class(function, parameter.name, owner)) is not None:
                bound[parameter.name] = Default(cls)
            else:
                bound[parameter.name] = self._without_default(function, parameter.name)
                generic = True
        return bound, generic

    def made(self, given: dict[str, Value]) -> dict[str, Value]:
        """Arguments with the default instances made: inside the root, since they are its own."""
        return {
            name: self.machine.instantiate(value.cls, [], {}, None) if isinstance(value, Default) else value
            for name, value in given.items()
        }

    def _default_class(self, function: Function, name: str, owner: Class | None) -> Class | None:
        """The project's class that a parameter is meant for, where it can be built without arguments."""
        for cls in self._meant(function, name, owner):
            if isinstance(cls, Class) and cls.module is not None and cls.unknown_base is None:
                return cls if self._is_buildable(cls) else None
        return None

    def _meant(self, function: Function, name: str, owner: Class | None) -> Iterator[Value]:
        """What says the class of a parameter: its annotation, the annotation of the attribute of the same name in the
        body of the class, or the class's attribute `config_class` for a parameter `config`."""
        annotated = unwrapped(function)  # whose annotations functools.wraps() hands on
        function = annotated if isinstance(annotated, Function) else function
        if function.lowered is None:
            return
        if (annotation := annotation_of(function, name)) is not None:
            yield self._annotated(annotation, function.lowered.around, function.parent)
            return
        for base in owner.mro if owner is not None else ():
            for field in base.attributes.get("__:fields__", ()):
                if field.name == name:
                    yield self._annotated(field.annotation, field.scope, field.frame)
            yield base.attributes.get(f"{name}_class")

    def _is_buildable(self, cls: Class) -> bool:
        if cls not in self.buildable:
            machine, level = self.machine, len(self.machine.heap.trails)
            machine.start()
            machine.heap.open()
            try:
                made = machine.instantiate(cls, [], {}, None)
                is_known = isinstance(made, Instance) and made.open is None
                self.buildable[cls] = is_known and not (made.is_its_own() and not made.payload)  # all is to be given
            except (RaisedError, LimitError, UnknownValueError, RecursionError):
                self.buildable[cls] = False
            machine.heap.undo_to(level)
        return self.buildable[cls]

    def _annotated(self, node: cst.BaseExpression, scope: Scope, frame: Frame) -> Value:
        """The class of an annotation: Config, "Config", Config | None, Optional[Config], Union[Config, None]."""
        if isinstance(node, cst.SimpleString):
            written = parse_expression(str(node.evaluated_value))
            return self._annotated(written, scope, frame) if written is not None else None
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
            sides = [side for side in (node.left, node.right) if not is_none(side)]
            return self._annotated(sides[0], scope, frame) if len(sides) == 1 else None
        if isinstance(node, cst.Subscript):
            named = node.value.attr if isinstance(node.value, cst.Attribute) else node.value
            items = [item.slice.value for item in node.slice if isinstance(item.slice, cst.Index)]
            sides = [item for item in items if not is_none(item)]
            optional = isinstance(named, cst.Name) and named.value in ("Optional", "Union")
            return self._annotated(sides[0], scope, frame) if optional and len(sides) == 1 else None
        if not isinstance(node, (cst.Name, cst.Attribute)):
            return None
        try:
            return lower(node, scope)(frame)
        except RaisedError:
            return self.machine.declared(frame.module, node.value) if isinstance(node, cst.Name) else None
        except (LimitError, UnknownValueError):
            return None

    def _without_default(self, function: Function, name: str) -> Value:
        """A parameter that nobody gives."""
        annotation = annotation_of(function, name)
        plain = isinstance(annotation, cst.Name) and annotation.value in ("int", "float", "str", "bool")
        return self.machine.name(Unknown(f"{name} is a parameter without a default", plain=plain, foreign=True), name)


def annotation_of(function: Function, name: str) -> cst.BaseExpression | None:
    """The annotation of a parameter as written."""
    if function.lowered is None:
        return None
    found: list[cst.BaseExpression | None] = [note for n, _, _, note in function.lowered.parameters if n == name]
    return found[0] if found else None


def is_none(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"
