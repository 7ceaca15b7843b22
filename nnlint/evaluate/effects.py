"""What code that gets hold of a function may bring about: the module-level names that running it may write through.

Read from the text, over the functions and classes that it names, so that an unknown call which is given a function can
forget what the function could change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst

from nnlint.source import children, walk
from nnlint.values import Class, Descriptor, Function, Instance, Module, Value

# Calls and methods that only read what they are given.
READERS = frozenset(
    {"len", "range", "sum", "min", "max", "sorted", "list", "tuple", "set", "dict", "str", "int", "float", "bool",
     "isinstance", "issubclass", "print", "enumerate", "zip", "any", "all", "repr", "hash", "id", "type", "super"}
)  # fmt: skip
READING = frozenset({"keys", "index", "count", "format", "join", "split", "lower"})
GIVING = frozenset({"get", "values", "items", "copy"})  # they hand on what an object holds


class Text(NamedTuple):
    """What a function's text says: the names in it, those it declares global, those whose objects it may write to,
    those of which only what they hold may be written to, and whether anything in it writes to variables of functions
    around."""

    names: frozenset[str]
    rebound: frozenset[str]
    written: frozenset[str]
    opened: frozenset[str]
    has_nonlocal: bool


def text_of(node: cst.CSTNode) -> Text:
    """The names of a function or lambda."""
    names = frozenset(part.value for part in walk(node) if isinstance(part, cst.Name))
    declared = (item.name.value for part in walk(node) if isinstance(part, cst.Global) for item in part.names)
    has_nonlocal = any(isinstance(part, cst.Nonlocal) for part in walk(node))
    found = list(handed_on(node))
    written = frozenset(name for name, is_itself in found if is_itself)
    opened = frozenset(name for name, _ in found) - written
    return Text(names, frozenset(declared), written, opened, has_nonlocal)


def handed_on(node: cst.CSTNode) -> Iterator[tuple[str, bool]]:
    """The names that more is done to than reading: written to, given to calls, or bound anew under other names; and
    whether that is done to the object itself, or only to what it holds (`f(name[0])`)."""
    pending: list[tuple[cst.CSTNode, bool, bool]] = [(node, True, True)]
    while pending:
        part, may_write, is_itself = pending.pop()
        if isinstance(part, cst.Name):
            if may_write:
                yield part.value, is_itself
        elif isinstance(part, cst.Attribute):
            pending.append((part.value, may_write, False))
        elif isinstance(part, cst.Subscript):
            pending.append((part.value, may_write, False))
            pending.extend((index, False, False) for index in part.slice)
        elif isinstance(part, cst.Call):
            reads = isinstance(part.func, cst.Name) and part.func.value in READERS
            pending.extend((arg.value, not reads, True) for arg in part.args)
            if isinstance(part.func, cst.Attribute):
                method = part.func.attr.value
                pending.append((part.func.value, method not in READING, method not in GIVING))
            elif not isinstance(part.func, cst.Name):
                pending.append((part.func, True, True))
        elif isinstance(part, (cst.Comparison, cst.BinaryOperation, cst.UnaryOperation, cst.FormattedString)):
            pending.extend((child, False, False) for child in children(part))
        elif not isinstance(part, cst.Annotation):
            pending.extend((child, may_write, True) for child in children(part))
            if isinstance(part, TARGETS):
                target = part.name if isinstance(part, cst.AsName) else part.target
                pending.extend((owner, True, True) for owner in _owners(target))


TARGETS = (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.Del, cst.For, cst.CompFor, cst.AsName)


def _owners(target: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What an assignment to a target writes to: `name` of `name.attribute, name[0] = ...`."""
    if isinstance(target, (cst.Attribute, cst.Subscript)):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _owners(element.value)
    elif isinstance(target, cst.StarredElement):
        yield from _owners(target.value)


class Effect(NamedTuple):
    """What may be done to a module-level name: is_bound: it may be bound anew; is_opened: only what its object holds
    may be written to."""

    module: Module
    name: str
    is_bound: bool
    is_opened: bool


class Effects:
    """What the functions of a project may write through, once found kept by the function's text."""

    def __init__(self) -> None:
        self._texts: dict[cst.CSTNode, Text] = {}
        self._known: dict[cst.CSTNode, frozenset[Effect]] = {}

    def text(self, node: cst.CSTNode) -> Text:
        if node not in self._texts:
            self._texts[node] = text_of(node)
        return self._texts[node]

    def of(self, function: Function) -> frozenset[Effect]:
        """What a call of the function may do to module-level names."""
        start = function.site.node if function.site is not None else None
        if start is None:
            return frozenset()
        if start not in self._known:
            self._known[start] = frozenset(self._reached(function))
        return self._known[start]

    def _reached(self, function: Function) -> Iterator[Effect]:
        pending, seen = [function], {function}
        while pending:
            one = pending.pop()
            if one.site is None:
                continue
            text, variables = self.text(one.site.node), one.module.frame.variables
            for name in (text.written | text.opened | text.rebound) & variables.keys():
                yield Effect(one.module, name, name in text.rebound, name in text.opened)
            for name in text.names & variables.keys():
                for more in functions_of(variables[name]):
                    if more not in seen:
                        seen.add(more)
                        pending.append(more)


def functions_of(value: Value) -> Iterator[Function]:
    """The functions of the project that code with this value in hand can call."""
    if isinstance(value, Function):
        yield value
    elif isinstance(value, Descriptor):
        yield from (part for part in (value.getter, value.setter) if isinstance(part, Function))
    elif isinstance(value, Class) and value.module is not None:
        for held in value.attributes.values():
            if isinstance(held, (Function, Descriptor)):
                yield from functions_of(held)
    elif isinstance(value, Instance):
        for base in value.cls.mro:
            yield from functions_of(base)
