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
READING = frozenset({"get", "keys", "values", "items", "index", "count", "copy", "format", "join", "split", "lower"})


class Text(NamedTuple):
    """What a function's text says: the names in it, those it declares global, those it may write through, and whether
    anything in it writes to variables of functions around."""

    names: frozenset[str]
    rebound: frozenset[str]
    written: frozenset[str]
    has_nonlocal: bool


def text_of(node: cst.CSTNode) -> Text:
    """The names of a function or lambda."""
    names = frozenset(part.value for part in walk(node) if isinstance(part, cst.Name))
    declared = (item.name.value for part in walk(node) if isinstance(part, cst.Global) for item in part.names)
    has_nonlocal = any(isinstance(part, cst.Nonlocal) for part in walk(node))
    return Text(names, frozenset(declared), frozenset(handed_on(node)), has_nonlocal)


def handed_on(node: cst.CSTNode) -> Iterator[str]:
    """The names that more is done to than reading: written to, given to calls, or bound anew under other names."""
    pending: list[tuple[cst.CSTNode, bool]] = [(node, True)]
    while pending:
        part, may_write = pending.pop()
        if isinstance(part, cst.Name):
            if may_write:
                yield part.value
        elif isinstance(part, cst.Attribute):
            pending.append((part.value, may_write))
        elif isinstance(part, cst.Subscript):
            pending.append((part.value, may_write))
            pending.extend((index, False) for index in part.slice)
        elif isinstance(part, cst.Call):
            reads = isinstance(part.func, cst.Name) and part.func.value in READERS
            pending.extend((arg.value, not reads) for arg in part.args)
            if isinstance(part.func, cst.Attribute):
                pending.append((part.func.value, part.func.attr.value not in READING))
            elif not isinstance(part.func, cst.Name):
                pending.append((part.func, True))
        elif isinstance(part, (cst.Comparison, cst.BinaryOperation, cst.UnaryOperation, cst.FormattedString)):
            pending.extend((child, False) for child in children(part))
        elif not isinstance(part, cst.Annotation):
            pending.extend((child, may_write) for child in children(part))


class Effects:
    """What the functions of a project may write through, once found kept by the function's text."""

    def __init__(self) -> None:
        self._texts: dict[cst.CSTNode, Text] = {}
        self._known: dict[cst.CSTNode, frozenset[tuple[Module, str, bool]]] = {}

    def text(self, node: cst.CSTNode) -> Text:
        if node not in self._texts:
            self._texts[node] = text_of(node)
        return self._texts[node]

    def of(self, function: Function) -> frozenset[tuple[Module, str, bool]]:
        """The module-level names that a call of the function may write through, and whether it may bind them anew."""
        start = function.site.node if function.site is not None else None
        if start is None:
            return frozenset()
        if start not in self._known:
            self._known[start] = frozenset(self._reached(function))
        return self._known[start]

    def _reached(self, function: Function) -> Iterator[tuple[Module, str, bool]]:
        pending, seen = [function], {function}
        while pending:
            one = pending.pop()
            if one.site is None:
                continue
            text, variables = self.text(one.site.node), one.module.frame.variables
            for name in (text.written | text.rebound) & variables.keys():
                yield one.module, name, name in text.rebound
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
