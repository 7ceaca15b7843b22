"""What code that gets hold of a function may bring about: the module-level names that running it may write through.

Read from the text, over the functions and classes that it names, so that an unknown call which is given a function can
forget what the function could change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import libcst as cst

from nnlint.source import children, walk
from nnlint.values import BoundMethod, Class, Descriptor, Function, Instance, Module, Partial, Value

# Calls and methods that only read what they are given, and those that hand on what an object holds.
READERS = frozenset(
    {"len", "range", "str", "int", "float", "bool", "isinstance", "issubclass", "print", "any", "all", "repr", "hash",
     "id", "type", "super"}
)  # fmt: skip
GIVERS = frozenset({"sum", "min", "max", "sorted", "list", "tuple", "set", "dict", "enumerate", "zip"})
READING = frozenset({"keys", "index", "count", "format", "join", "split", "lower"})
GIVING = frozenset({"get", "values", "items", "copy"})
# Nodes are told by their type: LibCST's are abstract classes, of which isinstance() takes long.
COMPUTING = frozenset({cst.Comparison, cst.BinaryOperation, cst.UnaryOperation, cst.FormattedString})
ASSIGNING = frozenset({cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.Del, cst.For, cst.CompFor})


class Text(NamedTuple):
    """What a function's text says: the names in it, those that it binds anew outside of itself, those whose objects it
    may write to, those of which only what they hold may be written to, and those of variables of functions around that
    it declares its own to write. An attribute, which may be a name of another module, has a dot in front.
    """

    names: frozenset[str]
    rebound: frozenset[str]
    written: frozenset[str]
    opened: frozenset[str]
    nonlocals: frozenset[str]


def text_of(node: cst.CSTNode) -> Text:
    """The names of a function or lambda."""
    parts = list(walk(node))
    names = frozenset(part.value for part in parts if type(part) is cst.Name)
    declared = {item.name.value for part in parts if type(part) is cst.Global for item in part.names}
    targets = (target for part in parts for target in _targets(part))
    attributes = {f".{target.attr.value}" for target in targets if type(target) is cst.Attribute}
    nonlocals = frozenset(item.name.value for part in parts if type(part) is cst.Nonlocal for item in part.names)
    found = list(handed_on(node))
    written = frozenset(name for name, is_itself in found if is_itself)
    opened = frozenset(name for name, _ in found) - written
    return Text(names, frozenset(declared | attributes), written, opened, nonlocals)


def handed_on(node: cst.CSTNode) -> Iterator[tuple[str, bool]]:
    """The names that more is done to than reading: written to, given to calls, or bound anew under other names; and
    whether that is done to the object itself, or only to what it holds (`f(name[0])`)."""
    pending: list[tuple[cst.CSTNode, bool, bool]] = [(node, True, True)]
    while pending:
        part, may_write, is_itself = pending.pop()
        if type(part) is cst.Name:
            if may_write:
                yield part.value, is_itself
        elif type(part) is cst.Attribute:
            if may_write:
                yield f".{part.attr.value}", is_itself
            pending.append((part.value, may_write, False))
        elif type(part) is cst.Subscript:
            pending.append((part.value, may_write, False))
            pending.extend((index, False, False) for index in part.slice)
        elif type(part) is cst.Call:
            called = part.func.value if type(part.func) is cst.Name else None
            pending.extend((arg.value, called not in READERS, called not in GIVERS) for arg in part.args)
            if type(part.func) is cst.Attribute:
                method = part.func.attr.value
                pending.append((part.func.value, method not in READING, method not in GIVING))
            elif called is None:
                pending.append((part.func, True, True))
        elif type(part) in COMPUTING:
            pending.extend((child, False, False) for child in children(part))
        elif type(part) is not cst.Annotation:
            pending.extend((child, may_write, True) for child in children(part))
            pending.extend((target.value, True, True) for target in _targets(part))


def _targets(part: cst.CSTNode) -> Iterator[cst.Attribute | cst.Subscript]:
    """The attributes and items that a part of a program assigns to or deletes."""
    if type(part) in ASSIGNING:
        yield from _within(part.target)  # type: ignore[attr-defined]
    elif type(part) is cst.AsName:
        yield from _within(part.name)


def _within(target: cst.CSTNode) -> Iterator[cst.Attribute | cst.Subscript]:
    if type(target) is cst.Attribute or type(target) is cst.Subscript:
        yield target
    elif type(target) is cst.Tuple or type(target) is cst.List:
        for element in target.elements:
            yield from _within(element.value)
    elif type(target) is cst.StarredElement:
        yield from _within(target.value)


class Effect(NamedTuple):
    """What may be done to a module-level name: is_bound: it may be bound anew; is_opened: only what its object holds
    may be written to."""

    module: Module
    name: str
    is_bound: bool
    is_opened: bool


class Effects:
    """What the functions of a project may write through, kept by their text once all that they name is there."""

    def __init__(self) -> None:
        self._texts: dict[cst.CSTNode, Text] = {}
        self._known: dict[cst.CSTNode, dict[Effect, None]] = {}

    def text(self, node: cst.CSTNode) -> Text:
        if node not in self._texts:
            self._texts[node] = text_of(node)
        return self._texts[node]

    def may_write(self, value: Value) -> bool:
        """Whether a call may do more than compute, as far as the text of the function itself says."""
        if not isinstance(value, Function) or value.site is None:
            return True
        text = self.text(value.site.node)
        own = {value.name, *(parameter.name for parameter in value.signature.parameters)}
        return bool(text.nonlocals) or bool((text.rebound | text.written | text.opened) - own)

    def of(self, function: Function) -> frozenset[Effect]:
        """What a call of the function may do to module-level names."""
        return frozenset(self.of_all([function], set()))

    def of_all(self, functions: Iterable[Function], seen: set[Any]) -> dict[Effect, None]:
        """What calls of functions may do to module-level names, but for those that are seen already: they are seen from
        here on, with all that they name."""
        found: dict[Effect, None] = {}
        for function in functions:
            if function not in seen and function.site is not None:
                known = self._known.get(function.site.node)
                found.update(self._of(function, seen) if known is None else known)
        return found

    def _of(self, function: Function, seen: set[Any]) -> dict[Effect, None]:
        found: dict[Effect, None] = {}
        modules: set[Module] = set()
        pending, own, is_whole = [function], {function}, True
        while pending:
            one = pending.pop()
            if one.site is None:
                continue
            text = self.text(one.site.node)
            for module, dot in modules_named(text, one.module):
                modules.add(module)
                for name in sorted(text.names & module.frame.variables.keys()):
                    told = f"{dot}{name}"
                    if told in text.written or told in text.opened or told in text.rebound:
                        found[Effect(module, name, told in text.rebound, told in text.opened)] = None
                    called = functions_of(module.frame.variables[name])
                    more = dict.fromkeys(other for other in called if other not in own)
                    is_whole = is_whole and seen.isdisjoint(more)
                    own.update(more)
                    pending += [other for other in more if other not in seen]
        seen |= own
        if is_whole and all(module.ready for module in modules):
            self._known[function.site.node] = found
        return found


def modules_named(text: Text, module: Module) -> Iterator[tuple[Module, str]]:
    """A function's own module, and those that it names, of which it uses attributes: with a dot."""
    yield module, ""
    pending, seen = [module], {module}
    while pending:
        variables = pending.pop().frame.variables
        for name in text.names & variables.keys():
            named = variables[name]
            if isinstance(named, Module) and named not in seen:
                seen.add(named)
                pending.append(named)
                yield named, "."


def functions_of(value: Value) -> Iterator[Function]:
    """The functions of the project that code with this value in hand can call."""
    if isinstance(value, Function):
        yield value
    elif isinstance(value, Descriptor):
        yield from (part for part in (value.getter, value.setter) if isinstance(part, Function))
    elif isinstance(value, (BoundMethod, Partial)):
        yield from functions_of(value.function if isinstance(value, BoundMethod) else value.callee)
    elif isinstance(value, Class) and value.module is not None:
        for held in value.attributes.values():
            if isinstance(held, (Function, Descriptor)):
                yield from functions_of(held)
    elif isinstance(value, Instance):
        for base in value.cls.mro:
            yield from functions_of(base)
