"""What a file does with the value of a call: whether a Sequential is only called as a whole, or taken apart.

The value is followed by names alone: through assignments, containers, functions that return it and parameters that are
given it. Names are not told apart by scope, nor attributes by what has them, so that a use may be seen that is none,
and none is overlooked. A variable goes by its name, an attribute by its name with a dot in front.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Sequence
from typing import NamedTuple

import libcst as cst

from nnlint.source import children, walk

_HARMLESS = (
    *("parameters", "named_parameters", "modules", "named_modules", "buffers", "named_buffers", "state_dict"),
    *("load_state_dict", "zero_grad", "training", "forward"),
)
_SAME = ("to", "cuda", "cpu", "half", "float", "double", "bfloat16", "type", "eval", "train", "requires_grad_", "apply")
_LOOKS = ("isinstance", "issubclass", "print", "type", "id", "repr", "str", "bool", "callable", "hash", "hasattr")
_ITERATES = (
    *("enumerate", "zip", "list", "tuple", "set", "iter", "reversed", "len", "dict", "map", "filter", "sorted"),
    *("ModuleList", "ModuleDict", "OrderedDict", "chain", "reduce", "deque", "sum", "vars"),
)
_COLLECTS = ("values", "items", "keys", "copy", "children", "named_children", "modules", "named_modules")
_PAIRS = ("enumerate", "zip", "items", "named_children", "named_modules")
_ADDS = ("append", "insert", "extend", "add", "update", "setdefault", "appendleft", "put", "push")
_REGISTERS = ("add_module", "register_module", "setattr", "__setattr__")
_ALL_LEVELS = ("modules", "named_modules")
_OF_THE_OWNER = (*_ALL_LEVELS, "children", "named_children", "_modules", "__dict__")
_HOOKS = (
    *("register_forward_hook", "register_forward_pre_hook"),
    *("register_module_forward_hook", "register_module_forward_pre_hook"),
)
_LOOPS = (cst.For, cst.CompFor)
_SCOPES = (cst.FunctionDef, cst.ClassDef, cst.Lambda)
_TRANSPARENT = ("staticmethod", "classmethod", "property", "cached_property", "cache", "lru_cache", "contextmanager")


class Step(NamedTuple):
    """An expression whose value is what is followed, or holds it: a list, a Module, another Sequential."""

    node: cst.CSTNode
    holds: bool


Steps = Iterator[Step | None]  # None: it is taken apart, or goes where it cannot be followed


class Usage:
    """A file's names and where each is used; excused: calls that may raise without harm."""

    def __init__(self, tree: cst.CSTNode, excused: Container[cst.CSTNode]) -> None:
        self.excused = excused
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self.uses: defaultdict[str, list[cst.CSTNode]] = defaultdict(list)
        self.functions: defaultdict[str, list[cst.FunctionDef]] = defaultdict(list)
        self.classes: dict[str, cst.ClassDef] = {}
        self.of_the_owner: list[Step | None] = []  # self.children(), getattr(self, name): whatever attribute it is
        for parent in walk(tree):
            for node in children(parent):
                self.parents[node] = parent
                if not _only_names(parent, node) and (name := _name(node)) is not None:
                    self.uses[name].append(node)
            if isinstance(parent, cst.FunctionDef):
                self.functions[parent.name.value].append(parent)
            elif isinstance(parent, cst.ClassDef):
                self.classes[parent.name.value] = parent
            elif isinstance(parent, cst.Call) and _last(parent.func) == "getattr" and _text(parent.args[1:2]) is None:
                self.of_the_owner.append(Step(parent, False))
            elif isinstance(parent, cst.Call) and _last(parent.func) == "get_submodule":
                self.of_the_owner.append(None)
            elif isinstance(parent, cst.Attribute) and parent.attr.value in _OF_THE_OWNER:
                around = self.parents[parent]
                self.of_the_owner.append(Step(around if isinstance(around, cst.Call) else parent, True))
        self.has_hooks = any(hook in self.uses for name in _HOOKS for hook in (name, f".{name}")) or any(
            map(self._replaces, self.uses[".forward"])
        )

    def is_taken_apart(self, site: cst.CSTNode) -> bool:
        """Whether the value of a call is sliced, indexed, iterated, or anything else but called as a whole; or called
        where that may raise without harm."""
        if self.has_hooks:  # or forward methods that are replaced: a Sequential's, a layer's
            return True
        start = Step(site, False)
        steps, seen = [start], {start}
        while steps:
            for step in self._next(*steps.pop()):
                if step is None:
                    return True
                if step not in seen:
                    seen.add(step)
                    steps.append(step)
        return False

    def _replaces(self, forward: cst.CSTNode) -> bool:
        return isinstance(forward, cst.SimpleString) or isinstance(self.parents[forward], cst.AssignTarget)

    # -- where a value goes from an expression -----------------------------------------------------------------

    def _next(self, node: cst.CSTNode, holds: bool) -> Steps:
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "__init__":
            yield from self._made_by(self._around(node, cst.ClassDef), holds)  # super().__init__(): it is self
            return
        parent = self.parents[node]
        if isinstance(node, cst.Call) and _last(node.func) in _ALL_LEVELS and not isinstance(parent, _LOOPS):
            yield None
        elif isinstance(node, cst.SimpleString):
            yield from self._string(node, parent, holds)
        elif (follow := _FOLLOW.get(type(parent))) is not None:
            yield from follow(self, parent, node, holds)
        elif not isinstance(parent, _PASSES):
            yield None

    def _named(self, name: str | None, holds: bool) -> Steps:
        """Whatever is done with what has this name."""
        if name is None:
            yield None
        else:
            yield from (Step(use, holds) for use in self.uses[name])
            yield from self.of_the_owner

    def _bound(self, target: cst.CSTNode, holds: bool) -> Steps:
        """Assigned to a target; what is unpacked has to be a container of it."""
        if isinstance(target, (cst.Tuple, cst.List)):
            if not holds:
                yield None
            for element in target.elements:
                yield from self._bound(element.value, False)
        elif isinstance(target, cst.Subscript):
            yield from self._named(_name(target.value), True)
        else:
            yield from self._named(_name(target), holds)
            if isinstance(target, cst.Name) and isinstance(self._around(target, *_SCOPES), cst.ClassDef):
                yield from self._named(f".{target.value}", holds)

    def _made_by(self, maker: cst.CSTNode | None, holds: bool) -> Steps:
        """Given by each call of a function or a class."""
        if isinstance(maker, cst.Lambda):
            assigned = self.parents[maker]
            targets = [target.target for target in assigned.targets] if isinstance(assigned, cst.Assign) else []
            names = [_name(target) for target in targets]
        elif isinstance(maker, (cst.FunctionDef, cst.ClassDef)):
            names = [maker.name.value, f".{maker.name.value}"]
        else:
            names = []
        decorators = [_last(_called(d.decorator)) for d in getattr(maker, "decorators", ())]
        if not names or None in names or any(d not in _TRANSPARENT for d in decorators) or _is_special(names):
            yield None
        is_property = any(d in ("property", "cached_property") for d in decorators)
        for use in (use for name in names for use in self.uses[name or ""]):
            parent = self.parents[use]
            if is_property:
                yield Step(use, holds)
            elif isinstance(parent, cst.Call) and use is parent.func:
                yield Step(parent, holds)
            elif not isinstance(parent, _PASSES) and not isinstance(use, cst.SimpleString):
                yield None

    def _string(self, node: cst.SimpleString, parent: cst.CSTNode, holds: bool) -> Steps:
        """The name as a string: getattr(self, "net"), modules["net"]."""
        around = self.parents[parent]
        if isinstance(parent, cst.Index):
            yield Step(self.parents[around], holds)
        elif isinstance(parent, cst.Arg) and isinstance(around, cst.Call):
            called = _last(around.func)
            if called == "getattr":
                yield Step(around, holds)
            elif called not in (*_REGISTERS, "hasattr", "print"):
                yield None
        elif isinstance(parent, cst.Element) and not self._is_of_all(around):
            yield None

    def _is_of_all(self, node: cst.CSTNode) -> bool:
        """__all__ = [...]"""
        assigned = self.parents[node]
        return isinstance(assigned, cst.Assign) and _last(assigned.targets[0].target) == "__all__"

    def _around(self, node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, kinds):
                return node
        return None

    # -- by the node around an expression ----------------------------------------------------------------------

    def _assign(self, parent: cst.Assign, node: cst.CSTNode, holds: bool) -> Steps:
        for target in parent.targets:
            yield from self._bound(target.target, holds)

    def _to_target(self, parent: cst.AnnAssign | cst.NamedExpr, node: cst.CSTNode, holds: bool) -> Steps:
        """name: annotation = value, (name := value)"""
        if node is parent.value:
            yield from self._bound(parent.target, holds)
            if isinstance(parent, cst.NamedExpr):
                yield Step(parent, holds)

    def _augment(self, parent: cst.AugAssign, node: cst.CSTNode, holds: bool) -> Steps:
        yield from self._bound(parent.target, True) if holds else [None]

    def _up(self, parent: cst.CSTNode, node: cst.CSTNode, holds: bool) -> Steps:
        if node is not getattr(parent, "test", None):
            yield Step(parent, holds)

    def _element(self, parent: cst.Element | cst.DictElement, node: cst.CSTNode, holds: bool) -> Steps:
        if node is parent.value:
            yield Step(self.parents[parent], True)

    def _unpacked(self, parent: cst.CSTNode, node: cst.CSTNode, holds: bool) -> Steps:
        """*value, **value, value + value"""
        around = parent if isinstance(parent, cst.BinaryOperation) else self.parents[parent]
        yield Step(around, True) if holds else None

    def _comprehension(self, parent: cst.CSTNode, node: cst.CSTNode, holds: bool) -> Steps:
        if node in (getattr(parent, "elt", None), getattr(parent, "value", None)):
            yield Step(parent, True)

    def _loop(self, parent: cst.For | cst.CompFor, node: cst.CSTNode, holds: bool) -> Steps:
        if node is not parent.iter:
            return
        called = _last(node.func) if isinstance(node, cst.Call) else None
        if not holds:
            yield None
        elif called in _ALL_LEVELS:
            yield from [] if self._only_looks(parent) else [None]
        else:
            yield from self._bound(parent.target, called in _PAIRS and isinstance(parent.target, (cst.Tuple, cst.List)))

    def _only_looks(self, loop: cst.For | cst.CompFor) -> bool:
        """Whether a loop over layers of all levels does not run or keep them: it reads and writes attributes of theirs,
        and gives them to functions."""
        targets = {name.value for name in walk(loop.target) if isinstance(name, cst.Name)}
        uses = [use for use in walk(self.parents[loop]) if isinstance(use, cst.Name) and use.value in targets]
        calls = (self.parents[parent] for use in uses if isinstance(parent := self.parents[use], cst.Arg))
        return all(
            isinstance(self.parents[use], (cst.Attribute, cst.Arg, cst.AssignTarget, cst.For, cst.CompFor, cst.Element))
            for use in uses
        ) and not any(isinstance(call, cst.Call) and _last(call.func) in _ADDS for call in calls)

    def _attribute(self, parent: cst.Attribute, node: cst.CSTNode, holds: bool) -> Steps:
        if node is not parent.value:
            return
        name, around = parent.attr.value, self.parents[parent]
        is_called = isinstance(around, cst.Call) and around.func is parent
        if holds:
            yield Step(around, name in _COLLECTS) if is_called else Step(parent, False)
        elif name in _SAME:
            yield Step(around if is_called else parent, False)
        elif name not in _HARMLESS:
            yield None

    def _subscript(self, parent: cst.Subscript, node: cst.CSTNode, holds: bool) -> Steps:
        if node is parent.value:
            is_slice = any(isinstance(item.slice, cst.Slice) for item in parent.slice)
            yield Step(parent, is_slice) if holds else None

    def _call(self, parent: cst.Call, node: cst.CSTNode, holds: bool) -> Steps:
        """value(...)"""
        if not holds and parent in self.excused:
            yield None

    def _yielded(self, parent: cst.CSTNode, node: cst.CSTNode, holds: bool) -> Steps:
        yield from self._made_by(self._around(parent, cst.FunctionDef), True)

    def _returned(self, parent: cst.CSTNode, node: cst.CSTNode, holds: bool) -> Steps:
        yield from self._made_by(self._around(parent, cst.FunctionDef), holds)

    def _of_lambda(self, parent: cst.Lambda, node: cst.CSTNode, holds: bool) -> Steps:
        yield from self._made_by(parent, holds)

    def _default(self, parent: cst.Param, node: cst.CSTNode, holds: bool) -> Steps:
        if node is parent.default:
            yield from self._named(parent.name.value, holds)

    def _managed(self, parent: cst.WithItem, node: cst.CSTNode, holds: bool) -> Steps:
        if parent.asname is not None:
            yield from self._bound(parent.asname.name, False)

    # -- as an argument ----------------------------------------------------------------------------------------

    def _argument(self, arg: cst.Arg, node: cst.CSTNode, holds: bool) -> Steps:
        call = self.parents[arg]
        if not isinstance(call, cst.Call) or (
            arg.star and not holds
        ):  # class Head(Block): what it does is not followed
            yield None
            return
        name = _last(call.func) or ""
        owner = _name(call.func.value) if isinstance(call.func, cst.Attribute) else None
        if name in _LOOKS:
            return
        if not name or (name.startswith("__") and name not in ("__init__", "__setattr__")):
            yield None
        elif name in (*_ITERATES, "next", "getattr"):
            yield Step(call, name != "next") if holds or arg.keyword is not None else None  # dict(net=net)
        elif name == "Sequential":
            yield Step(call, True)
        elif name in _REGISTERS:
            registered = _text(call.args[-2:-1])
            if registered is not None or owner == "self" or owner is None:
                yield from self._named(registered and f".{registered}", holds)
            if owner not in ("self", None):
                yield from self._named(owner, True)
        elif name in _ADDS and isinstance(call.func, cst.Attribute):
            if owner == "self" or (name in ("extend", "update") and not holds):
                yield None
            yield from self._named(owner, True)
            yield Step(call, False)
        elif name in self.functions or name in self.classes:
            yield from self._given(call, arg, name, holds and not arg.star)
        else:
            yield Step(call, holds)
            for other in call.args:  # partial(use, net)
                for function in self.functions[_last(other.value) or ""]:
                    for parameter in _parameters(function):
                        yield from self._named(parameter, holds)

    def _given(self, call: cst.Call, arg: cst.Arg, name: str, holds: bool) -> Steps:
        """Given to a parameter of a function, a class or a base of the file."""
        if name == "__init__" and (cls := self._around(call, cst.ClassDef)) is not None:
            yield from self._made_by(cls, True)
        if arg.keyword is not None:
            yield from self._named(arg.keyword.value, holds)
            yield from self._named(f".{arg.keyword.value}", holds)
            return
        functions = self.functions[name]
        index = call.args.index(arg)
        if name in self.classes:
            functions = self._constructors(self.classes[name])
            if not functions:
                for field in _fields(self.classes[name])[0 if arg.star else index :][: None if arg.star else 1]:
                    yield from self._named(field, holds)
        for function in functions:
            names = _parameters(function)
            if isinstance(function.params.star_arg, cst.Param):
                yield from self._named(function.params.star_arg.name.value, True)
            # A method's first parameter comes by itself, or does not: Base.__init__(self, net).
            is_method = isinstance(self._around(function, *_SCOPES), cst.ClassDef)
            for parameter in names if arg.star else names[index : index + 1 + is_method]:
                yield from self._named(parameter, holds)

    def _constructors(self, cls: cst.ClassDef) -> list[cst.FunctionDef]:
        """A class's own, else those that it may inherit; none where it only annotates fields, as a dataclass does."""
        inits = self.functions["__init__"]
        own = [init for init in inits if self._around(init, cst.ClassDef) is cls]
        return own or ([] if _fields(cls) else inits)


_FOLLOW: dict[type[cst.CSTNode], Callable[..., Steps]] = {
    cst.Assign: Usage._assign,
    cst.AnnAssign: Usage._to_target,
    cst.NamedExpr: Usage._to_target,
    cst.AugAssign: Usage._augment,
    **dict.fromkeys((cst.IfExp, cst.BooleanOperation, cst.Await, cst.From), Usage._up),
    **dict.fromkeys((cst.Element, cst.DictElement), Usage._element),
    **dict.fromkeys((cst.StarredElement, cst.StarredDictElement, cst.BinaryOperation), Usage._unpacked),
    **dict.fromkeys((cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp), Usage._comprehension),
    **dict.fromkeys((cst.For, cst.CompFor), Usage._loop),
    cst.Attribute: Usage._attribute,
    cst.Subscript: Usage._subscript,
    cst.Call: Usage._call,
    cst.Yield: Usage._yielded,
    cst.Return: Usage._returned,
    cst.Lambda: Usage._of_lambda,
    cst.Param: Usage._default,
    cst.WithItem: Usage._managed,
    cst.Arg: Usage._argument,
}
# Where a value only passes by, or a name is no value.
_PASSES = (
    *(cst.Expr, cst.AssignTarget, cst.Comparison, cst.ComparisonTarget, cst.UnaryOperation, cst.Assert, cst.If),
    *(cst.While, cst.FormattedStringExpression, cst.Annotation, cst.Del, cst.ImportAlias, cst.ImportFrom, cst.AsName),
    *(cst.NameItem, cst.Decorator, cst.CompIf, cst.Index),
)


def _only_names(parent: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether a name is one that is defined, or a keyword."""
    if isinstance(parent, cst.Attribute):
        return node is parent.attr
    if isinstance(parent, (cst.FunctionDef, cst.ClassDef, cst.Param)):
        return node is parent.name
    return isinstance(parent, cst.Arg) and node is parent.keyword


def _name(node: cst.CSTNode) -> str | None:
    """What `name`, `value.name` and a string that may be an attribute's name go by."""
    if isinstance(node, cst.Attribute):
        return f".{node.attr.value}"
    if isinstance(node, cst.SimpleString):
        return f".{str(node.evaluated_value).partition('.')[0]}"
    return node.value if isinstance(node, cst.Name) else None


def _last(node: cst.CSTNode) -> str | None:
    """The name alone."""
    name = None if isinstance(node, cst.SimpleString) else _name(node)
    return name and name.lstrip(".")


def _text(args: Sequence[cst.Arg]) -> str | None:
    """The string that an argument is."""
    value = args[0].value if args else None
    return str(value.evaluated_value) if isinstance(value, cst.SimpleString) else None


def _called(node: cst.CSTNode) -> cst.CSTNode:
    return node.func if isinstance(node, cst.Call) else node


def _is_special(names: list[str | None]) -> bool:
    return any(name is not None and name.startswith("__") for name in names)


def _parameters(function: cst.FunctionDef) -> list[str]:
    return [parameter.name.value for parameter in (*function.params.posonly_params, *function.params.params)]


def _fields(cls: cst.ClassDef) -> list[str]:
    """The attributes that a class body annotates."""
    lines = [line.body for line in cls.body.body if isinstance(line, cst.SimpleStatementLine)]
    targets = [part.target for line in lines for part in line if isinstance(part, cst.AnnAssign)]
    return [f".{target.value}" for target in targets if isinstance(target, cst.Name)]
