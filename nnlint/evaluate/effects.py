"""What code that gets hold of a function may bring about: the module-level names that running it may write through.

Read from the text, over the functions and classes that it names, so that an unknown call which is given a function can
forget what the function could change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import libcst as cst

from nnlint.evaluate.scope import Site
from nnlint.values import (
    GRADIENT,
    BoundMethod,
    Class,
    Descriptor,
    External,
    Function,
    Instance,
    Module,
    Native,
    Partial,
    Value,
    is_plain,
)

# Calls and methods that only read what they are given, and those that hand on what an object holds.
READERS = frozenset(
    {"len", "range", "str", "int", "float", "bool", "isinstance", "issubclass", "print", "any", "all", "repr", "hash",
     "id", "type", "super"}
)  # fmt: skip
GIVERS = frozenset({"sum", "min", "max", "sorted", "list", "tuple", "set", "dict", "enumerate", "zip"})
READING = frozenset({"keys", "index", "count", "format", "join", "split", "lower"})
GIVING = frozenset({"get", "values", "items", "copy"})
EVALUATING = frozenset({"eval", "exec"})
ITSELF = EVALUATING | {"__class__", "locals", "vars"}  # who names one may have its object by it
LOOKING_UP = READING | GIVING | {"__contains__", "__getitem__", "__iter__", "__len__"}
ANNOTATIONS = ("annotation", "returns")
TRAINING = frozenset({GRADIENT, f"{GRADIENT}_", "detach_", "setattr"})  # what says whether a tensor is trained
DEFINED = (Class, External, Function, Module, Native)  # what a text that is evaluated is taken not to bind anew
COMPUTING = (ast.Compare, ast.BinOp, ast.UnaryOp, ast.JoinedStr)


class Text(NamedTuple):
    """What a function's text says: the names in it, those that it binds anew outside of itself, those whose objects it
    may write to, those of which only what they hold may be written to, and those of variables of functions around that
    it declares its own to write. An attribute, which may be a name of another module, has a dot in front.
    has_import: it imports something itself; evaluates: a text, which may do anything to all that it can name.
    """

    names: frozenset[str]
    rebound: frozenset[str]
    written: frozenset[str]
    opened: frozenset[str]
    nonlocals: frozenset[str]
    has_import: bool
    evaluates: bool


def text_of(function: ast.AST) -> Text:
    """What Python's own tree of a function or lambda says."""
    parts = list(ast.walk(function))
    names = frozenset(name for part in parts for name in names_at(part))
    declared = {name for part in parts if isinstance(part, ast.Global) for name in part.names}
    attributes = {f".{target.attr}" for part in parts for target in _targets(part) if isinstance(target, ast.Attribute)}
    nonlocals = frozenset(name for part in parts if isinstance(part, ast.Nonlocal) for name in part.names)
    found = list(handed_on(function))
    written = frozenset(name for name, is_itself in found if is_itself)
    opened = frozenset(name for name, _ in found) - written
    has_import = any(isinstance(part, (ast.Import, ast.ImportFrom)) for part in parts)
    evaluates = any(isinstance(part, ast.Name) and part.id in EVALUATING for part in parts)
    return Text(names, frozenset(declared | attributes), written, opened, nonlocals, has_import, evaluates)


def names_its_class(function: ast.AST) -> bool:
    """Whether a method has the class that it stands in among its variables, as `__class__`: where it or a function in
    it speaks of that or of super(). A class in it has its own."""
    parts = [function]
    while parts:
        part = parts.pop()
        if isinstance(part, ast.Name) and part.id in ("super", "__class__"):
            return True
        if isinstance(part, ast.ClassDef):
            parts.extend((*part.decorator_list, *part.bases, *part.keywords))
        else:
            parts.extend(ast.iter_child_nodes(part))
    return False


def names_at(part: ast.AST) -> Iterator[str]:
    """The names of variables and attributes that a node itself has."""
    if isinstance(part, ast.Name):
        yield part.id
    elif isinstance(part, ast.Attribute):
        yield part.attr
    elif isinstance(part, ast.MatchClass):
        yield from part.kwd_attrs
    elif isinstance(part, (ast.Global, ast.Nonlocal)):
        yield from part.names


def handed_on(function: ast.AST) -> Iterator[tuple[str, bool]]:
    """The names that more is done to than reading: written to, given to calls, or bound anew under other names; and
    whether that is done to the object itself, or only to what it holds (`f(name[0])`)."""
    pending: list[tuple[ast.AST, bool, bool]] = [(function, True, True)]
    while pending:
        part, may_write, is_itself = pending.pop()
        if isinstance(part, ast.Name):
            if may_write:
                yield part.id, is_itself
        elif isinstance(part, ast.Attribute):
            if may_write:
                yield f".{part.attr}", is_itself
            pending.append((part.value, may_write, False))
        elif isinstance(part, ast.Subscript):
            pending += [(part.value, may_write, False), (part.slice, False, False)]
        elif isinstance(part, ast.Call):
            called = part.func.id if isinstance(part.func, ast.Name) else None
            given = (*part.args, *(keyword.value for keyword in part.keywords))
            values = (arg.value if isinstance(arg, ast.Starred) else arg for arg in given)
            pending.extend((value, called not in READERS, called not in GIVERS) for value in values)
            if isinstance(part.func, ast.Attribute):
                method = part.func.attr
                pending.append((part.func.value, method not in READING, method not in GIVING))
            elif called is None:
                pending.append((part.func, True, True))
        else:
            computes = isinstance(part, COMPUTING)
            for name, value in ast.iter_fields(part):
                if name not in ANNOTATIONS:
                    children = value if isinstance(value, list) else (value,)
                    inner = (child for child in children if isinstance(child, ast.AST))
                    is_object = not computes and name != "iter"  # a loop hands on what an object holds
                    pending.extend((child, may_write and not computes, is_object) for child in inner)
            pending.extend((target.value, True, True) for target in _targets(part))


def only_looks_up(method: ast.AST) -> bool:
    """Whether a method does no more to its own object, by its first parameter or by super(), than to look up what that
    holds."""
    if not isinstance(method, ast.FunctionDef) or not (places := [*method.args.posonlyargs, *method.args.args]):
        return False
    parts = list(ast.walk(method))
    calls = (part.func for part in parts if isinstance(part, ast.Call))
    looked = {id(func.value) for func in calls if isinstance(func, ast.Attribute) and func.attr in LOOKING_UP}
    looked |= {id(p.value) for p in parts if isinstance(p, ast.Subscript) and isinstance(p.ctx, ast.Load)}
    called = {id(part.func): id(part) for part in parts if isinstance(part, ast.Call)}
    named = [part for part in parts if isinstance(part, ast.Name)]
    own = {id(name) for name in named if name.id == places[0].arg}
    own |= {called.get(id(name), id(name)) for name in named if name.id == "super"}
    return own <= looked and not any(name.id in ITSELF for name in named)


def _targets(part: ast.AST) -> Iterator[ast.Attribute | ast.Subscript]:
    """The attributes and items that a part of a program assigns to or deletes."""
    if isinstance(part, (ast.Assign, ast.Delete)):
        for target in part.targets:
            yield from _within(target)
    elif isinstance(part, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor, ast.comprehension)):
        yield from _within(part.target)
    elif isinstance(part, ast.withitem) and part.optional_vars is not None:
        yield from _within(part.optional_vars)


def _within(target: ast.expr) -> Iterator[ast.Attribute | ast.Subscript]:
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        yield target
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _within(element)
    elif isinstance(target, ast.Starred):
        yield from _within(target.value)


class Effect(NamedTuple):
    """What may be done to a module-level name: is_bound: it may be bound anew; is_opened: only what its object holds
    may be written to. GRADIENT stands for that of any tensor."""

    module: Module
    name: str
    is_bound: bool
    is_opened: bool


class Effects:
    """What the functions of a project may write through, kept by their text once all that they name is there."""

    def __init__(self) -> None:
        self._texts: dict[cst.CSTNode, Text] = {}
        self._known: dict[cst.CSTNode, dict[Effect, None]] = {}

    def text(self, function: Site) -> Text:
        """What the text of a function or lambda says, given where it stands."""
        node = function.node
        if node not in self._texts:
            self._texts[node] = text_of(function.source.python_of(node))
        return self._texts[node]

    def may_write(self, value: Value) -> bool:
        """Whether a call may do more than compute, as far as the text of the function itself says."""
        if not isinstance(value, Function) or value.site is None:
            return True
        text = self.text(value.site)
        own = {value.name, *(parameter.name for parameter in value.signature.parameters)}
        return text.evaluates or bool(text.nonlocals) or bool((text.rebound | text.written | text.opened) - own)

    def may_write_argument(self, value: Value, place: int) -> bool:
        """Whether a call may write to its argument at a place, as far as the text of the function itself says."""
        if isinstance(value, BoundMethod):
            value, place = value.function, place + 1
        if not isinstance(value, Function) or value.site is None:
            return True
        given = [one.name for one in value.signature.parameters if one.kind in ("positional", "both")]
        text = self.text(value.site)
        return text.evaluates or place >= len(given) or given[place] in text.written | text.opened

    def only_looks_up(self, cls: Class) -> bool:
        """Whether the objects of a class, one of Python's containers with methods of the program's own, hold what they
        held, whatever is looked up in them."""
        own = [entry for base in cls.mro if base.module is not None for entry in base.attributes.items()]
        methods = [held for name, held in own if name != "__:fields__" and not is_plain(held)]
        return cls.unknown_base is None and cls.metaclass is None and all(map(self._looks_up, methods))

    def _looks_up(self, method: Value) -> bool:
        site = method.site if isinstance(method, Function) else None
        return site is not None and only_looks_up(site.source.python_of(site.node))

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
                known = self._of(function, seen) if known is None else known
                if known:
                    found.update(known)
        return found

    def _of(self, function: Function, seen: set[Any]) -> dict[Effect, None]:
        found: dict[Effect, None] = {}
        modules: set[Module] = set()
        pending, own, is_whole = [function], {function}, True
        while pending:
            one = pending.pop()
            if one.site is None:
                continue
            known = self._known.get(one.site.node)
            if known is not None:
                found.update(known)
                continue
            text = self.text(one.site)
            for module, dot in modules_named(text, one.module):
                modules.add(module)
                if text.evaluates or not text.names.isdisjoint(TRAINING):
                    found[Effect(module, GRADIENT, False, True)] = None
                held = module.frame.variables.keys()
                for name in sorted(held if text.evaluates else text.names & held):
                    told = f"{dot}{name}"
                    if text.evaluates or told in text.written or told in text.opened or told in text.rebound:
                        is_data = not isinstance(module.frame.variables[name], DEFINED)
                        is_bound = told in text.rebound or (text.evaluates and is_data)
                        found[Effect(module, name, is_bound, told in text.opened)] = None
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
            if isinstance(held, Function):
                yield held
            elif isinstance(held, Descriptor):
                yield from functions_of(held)
    elif isinstance(value, Instance):
        for base in value.cls.mro:
            yield from functions_of(base)
