"""The parts of Python's standard library that construction uses, as tables from dotted name to value."""

from __future__ import annotations

import ast
import bisect
import heapq
import re
import statistics
import string
from collections.abc import Callable
from functools import reduce
from keyword import iskeyword
from typing import Any

from nnlint.evaluate.builtins import BUILTINS, METHODS, is_constant, pure
from nnlint.evaluate.functions import REPLACED
from nnlint.evaluate.kinds import RUNTIME
from nnlint.evaluate.mappings import PROXY
from nnlint.signature import REQUIRED, Parameter, Rest, Signature
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    OBJECT,
    Arity,
    BoundMethod,
    Class,
    Deque,
    Descriptor,
    Dict,
    External,
    Function,
    Instance,
    List,
    Native,
    Partial,
    RaisedError,
    Stream,
    Value,
    has_rest,
    is_plain,
    may_be_absent,
    present,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
LIBRARY: dict[str, Value] = {}


def library(*names: str) -> Callable[[Fn], Fn]:
    """Register a function under its dotted names."""

    def register(fn: Fn) -> Fn:
        for name in names:
            LIBRARY[name] = Native(name.rpartition(".")[2], fn)
        return fn

    return register


def _check_callable(machine: Any, value: Value) -> None:
    """A TypeError for what surely cannot be called."""
    if BUILTINS["callable"].fn(machine, [value], {}) is False:
        raise machine.error("TypeError", "the first argument must be callable")
    if isinstance(value, Unknown) and not isinstance(value, External):
        machine.doubtful(value)


@library("functools.partial")
def _partial(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = kwargs.pop("**", None)
    callee = args[0]
    if isinstance(callee, Partial):
        given, doubt = callee.keywords()
        return Partial(
            callee.callee, [*callee.args, *args[1:]], {**given, **kwargs}, first(unknown, doubt), machine.heap.clock
        )
    _check_callable(machine, callee)
    return Partial(callee, list(args[1:]), kwargs, unknown, machine.heap.clock)


@library("functools.partialmethod")
def _partial_method(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    function, *given = args
    if not isinstance(function, (Function, Native)):
        return Unknown("a partialmethod of what is no function")
    unknown = kwargs.pop("**", None)

    def run(machine: Any, args: list[Value], more: dict[str, Value]) -> Value:
        unknown_too = first(unknown, more.pop("**", None))
        return machine.call(function, [args[0], *given, *args[1:]], {**kwargs, **more}, unknown_too)

    return Native("partialmethod", run)


PART_OF_PATTERN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)  # a character, what stands for one, a sign


def is_quick(pattern: str, text: str) -> bool:
    """Whether matching cannot take long: few quantifiers, none of them on a group, on a short text."""
    is_short = len(text) <= 200 and len(pattern) <= 200
    return is_short and not re.search(r"\)\s*[*+{]", pattern) and attempts(pattern, text) <= 2_000_000


OF_GROUPS = re.compile(r"(?<!\\)\(\?")  # a ? that says what a group is


def attempts(pattern: str, text: str) -> int:
    """How many ways there are to match, at most: of each alternative, the text's length, once for each part that may
    repeat, and two for each part that may be left out or be another one."""
    return sum(_attempts(part, text) for part in alternatives(pattern))


def _attempts(part: str, text: str) -> int:
    repeated = sum(part.count(sign) for sign in "*+{")
    either = part.count("?") + part.count("|") - len(OF_GROUPS.findall(part))
    return int((len(text) + 1) ** repeated) << either


def alternatives(pattern: str) -> list[str]:
    """What a regular expression has on both sides of each `|` outside all groups."""
    parts, depth = [""], 0
    for token in PART_OF_PATTERN.findall(pattern):
        depth += (token == "(") - (token == ")")
        if token == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _matching(name: str) -> None:
    """re.search, re.split ... of plain strings, and the method of the same name of a compiled pattern"""
    compute: Any = getattr(re, name)
    length = 3 if name == "sub" else 2

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if args and isinstance(args[0], Instance) and args[0].cls is PATTERN:
            args = [args[0].attributes["pattern"], *args[1:]]
        plain = len(args) == length and not kwargs and all(isinstance(arg, str) for arg in args)
        if not plain or not is_quick(args[0], args[-1]) or len(args[1]) > 200:
            for given in (*args, *kwargs.values()):
                machine.havoc(given, f"it was given to re.{name}")  # a function that makes the text
            return Unknown(f"re.{name}() is not evaluated here", plain=True)
        machine.step(attempts(args[0], args[-1]) // 200)
        try:
            found = compute(*args)
        except re.error as error:
            raise machine.error("re.error", str(error)) from None
        if isinstance(found, re.Match):
            return _match_of(machine, found)
        if name == "finditer":
            matches = [_match_of(machine, one) for one in found]
            machine.step(len(matches))
            return Stream(iter(matches), machine.heap.clock)
        return List(found, machine.heap.clock) if isinstance(found, list) else found

    LIBRARY[f"re.{name}"] = PATTERN.attributes[name] = Native(name, run)


def _match_of(machine: Any, found: re.Match[str]) -> Instance:
    made = Instance(MATCH, machine.heap.clock)
    made.attributes.update(
        groups_=(found.group(), *found.groups()),
        named_groups_=Dict(found.groupdict()),
        spans_=tuple(found.span(at) for at in range(len(found.groups()) + 1)),
        named_spans_=Dict((name, found.span(name)) for name in found.groupdict()),
    )
    return made


def _of_group(machine: Any, match: Instance, what: str, at: Value) -> Value:
    """What matched a group, or where, by its number or name."""
    named = match.attributes[f"named_{what}"]
    if isinstance(at, str) and isinstance(named, Dict):
        if at not in named:
            raise machine.error("IndexError", "no such group")
        return named[at]
    if isinstance(at, int) and at < 0:
        raise machine.error("IndexError", "no such group")
    return machine.get_item(match.attributes[what], at)


def _group(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """match.group(0), match["name"], match.group(1, 2)"""
    found = [_of_group(machine, args[0], "groups_", at) for at in args[1:] or [0]]
    return found[0] if len(found) == 1 else tuple(found)


def _span(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """match.span(0), match.span("name")"""
    return _of_group(machine, args[0], "spans_", args[1] if len(args) > 1 else 0)


def _end_of_span(at: int) -> Callable[[Any, list[Value], dict[str, Value]], Value]:
    """match.start(), match.end()"""
    return lambda machine, args, kwargs: machine.get_item(_span(machine, args, kwargs), at)


def _groups(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """match.groups(default=None)"""
    default = args[1] if len(args) > 1 else kwargs.get("default")
    return tuple(default if found is None else found for found in args[0].attributes["groups_"][1:])


def _group_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """match.groupdict(default=None)"""
    default = args[1] if len(args) > 1 else kwargs.get("default")
    named = args[0].attributes["named_groups_"]
    return Dict({name: default if found is None else found for name, found in named.items()}, machine.heap.clock)


PATTERN = Class("Pattern", (OBJECT,), full_name="re.Pattern")
MATCH = Class("Match", (OBJECT,), full_name="re.Match")
_OF_PATTERNS = "flags groupindex groups scanner subn"
_OF_MATCHES = "endpos expand lastgroup lastindex pos re regs string"
for _class, _names in ((PATTERN, _OF_PATTERNS), (MATCH, _OF_MATCHES)):
    _class.attributes.update((name, Unknown(f"{name} of a {_class.name}", plain=True)) for name in _names.split())
MATCH.attributes.update(
    start=Native("start", _end_of_span(0)),
    end=Native("end", _end_of_span(1)),
    span=Native("span", _span),
    group=Native("group", _group),
    __getitem__=Native("__getitem__", _group),
    groups=Native("groups", _groups),
    groupdict=Native("groupdict", _group_dict),
)
for _name in ("findall", "finditer", "fullmatch", "match", "search", "split", "sub"):
    _matching(_name)


@library("re.compile")
def _compile(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """re.compile(pattern), without flags"""
    if len(args) != 1 or kwargs or not isinstance(args[0], str):
        return Unknown("a regular expression that is not evaluated", plain=True)
    if is_quick(args[0], ""):
        try:
            re.compile(args[0])
        except re.error as error:
            raise machine.error("re.error", str(error)) from None
    made = Instance(PATTERN, machine.heap.clock)
    made.attributes["pattern"] = args[0]
    return made


@library("functools.reduce")
def _reduce(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[1])
    if has_rest(items):
        unknown = Unknown("reduce() over items that are not known")
        machine.forget_after(lambda: machine.call(args[0], [unknown, unknown], {}), unknown.why)
        return unknown
    if len(args) > 2:
        items.insert(0, args[2])
    if not items:
        raise machine.error("TypeError", "reduce() of empty iterable with no initial value")
    total = items[0]
    for item in items[1:]:
        machine.step()
        total = machine.call(args[0], [total, item], {})
    return total


@library("abc.abstractmethod")
def _abstract_method(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if isinstance(args[0], Function):
        machine.set_attribute(args[0], "__isabstractmethod__", True)
    return args[0]


@library("functools.total_ordering", "typing.overload", "typing.final")
def _identity_decorator(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0] if len(args) == 1 and not kwargs and callable_value(args[0]) else LIBRARY["decorator that returns"]


@library("typing.runtime_checkable", "typing_extensions.runtime_checkable")
def _runtime_checkable(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if isinstance(args[0], Class) and args[0].attributes.get("_is_protocol") is True:
        machine.set_attribute(args[0], RUNTIME, True)
    elif isinstance(args[0], Class) and args[0].unknown_base is None:
        raise machine.error("TypeError", "@runtime_checkable can be only applied to protocol classes")
    return args[0]


LIBRARY["decorator that returns"] = Native("decorator", lambda machine, args, kwargs: args[0])


@library("functools.cache")
def _cache(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _remembering(machine, args[0], None)


@library("functools.lru_cache")
def _lru_cache(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """@lru_cache, @lru_cache(maxsize=128)"""
    if args and callable_value(args[0]):
        return _remembering(machine, args[0], 128)
    given = {"maxsize": 128, "typed": False, **dict(zip(("maxsize", "typed"), args)), **kwargs}
    most, typed = given["maxsize"], given["typed"] is not False
    return Native("lru_cache", lambda machine, args, kwargs: _remembering(machine, args[0], most, typed))


def _remembering(machine: Any, function: Value, most: Value, typed: bool = False) -> Value:
    """A function that keeps at most so many results, those that were asked for last."""
    held = Dict((), machine.heap.clock)

    def key_for(args: list[Value], kwargs: dict[str, Value]) -> Value:
        keys = (*map(machine.key, args), *[(name, machine.key(value)) for name, value in kwargs.items()])
        if typed:
            return keys, tuple(map(type, args)), tuple(map(type, kwargs.values()))
        return keys[0] if len(args) == len(keys) == 1 and type(args[0]) in (int, str) else keys

    def run_perhaps(args: list[Value], kwargs: dict[str, Value], doubt: Unknown) -> Value:
        """Nobody knows whether the result is held."""
        result = machine.either(doubt, lambda: machine.call(function, args, kwargs), lambda: Unknown(doubt.why))
        return result if is_plain(result) else Unknown(doubt.why)

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        try:
            key = key_for(args, kwargs)
            limit = machine.key(most)
        except UnknownValueError as error:
            doubt = Unknown(error.unknown.why)
            if held or held.rest is not None:
                return run_perhaps(args, kwargs, doubt)
            machine.heap.touch(held)
            held.rest = doubt
            result = machine.call(function, args, kwargs)
            return result if is_plain(result) else doubt
        if held.rest is not None and (limit is not None or key not in held):
            return run_perhaps(args, kwargs, held.rest)
        is_held = key in held and not may_be_absent(held[key])
        result = held[key] if is_held else machine.call(function, args, kwargs)
        machine.heap.touch(held)
        held.pop(key, None)
        held[key] = result
        while limit is not None and len(held) > max(limit, 0):
            del held[next(iter(held))]
        return result

    def clear(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        machine.heap.touch(held)
        held.clear()
        held.rest = None
        return None

    return Native("cached", run, {"cache_clear": Native("cache_clear", clear), "__wrapped__": function})


@library("contextlib.contextmanager")
def _context_manager(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    function = args[0]

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        made = Instance(CONTEXT_MANAGER, machine.heap.clock)
        made.attributes["generator"] = machine.call(function, args, kwargs)
        made.attributes["again"] = Native(
            "contextmanager", lambda machine, _, __: run(machine, list(args), dict(kwargs))
        )
        return made

    return Native("contextmanager", run)


def _keep_result(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """nullcontext.__init__(self, enter_result=None)"""
    args[0].attributes["enter_result"] = args[1] if len(args) > 1 else kwargs.get("enter_result")
    return None


def _enter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    generator, suspended = args[0].attributes["generator"], machine.suspended
    if not isinstance(generator, Stream):
        return machine.call(BUILTINS["next"], [generator], {})
    item = machine.next_item(generator)
    machine.suspended = suspended  # it is asked to go on where the block ends
    if item is ABSENT:
        raise machine.error("RuntimeError", "generator didn't yield")
    return Unknown(item.unknown.why) if type(item) is Rest else item


def _leave(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    generator, raised = args[0].attributes["generator"], args[2]
    unknown = Unknown("a context manager that is not known", plain=True)
    if not isinstance(generator, Stream) or generator.frame is None:
        return unknown
    if generator.spoiled is not None:  # where else it was left it went on in another way
        machine.abandon(generator, True)
        return unknown
    try:
        if raised is None:
            item = machine.next_item(generator)
        else:
            machine.heap.touch(generator)
            generator.position += 1
            item = generator.items.throw(RaisedError(raised))  # type: ignore[attr-defined]
    except StopIteration:
        return True
    except RaisedError as error:
        cause = error.value.attributes.get("__cause__") if isinstance(error.value, Instance) else None
        if error.value is not raised and cause is not raised:
            raise
        return False
    if type(item) is Rest:
        return unknown
    if item is not ABSENT:
        raise machine.error("RuntimeError", "generator didn't stop")
    return False


def _may_catch(generator: Stream) -> bool:
    """Whether a generator may catch what is thrown into it, as far as its text says."""
    function = generator.frame.function if generator.frame is not None else None
    if function is None or function.site is None:
        return True
    parts = ast.walk(function.site.source.python_of(function.site.node))
    return any(isinstance(part, (ast.ExceptHandler, ast.With, ast.Return, ast.YieldFrom)) for part in parts)


def _run_inside(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """@manager(): each call of the function stands in a context manager that is made anew"""
    again, function = args[0].attributes["again"], args[1]

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        unknown = kwargs.pop("**", None)
        manager = machine.call(again, [], {})
        if machine.followed(lambda: machine.enter(manager)) is ABSENT:  # as of any decorator that is not understood
            machine.abandon(manager.attributes["generator"], True)
            return machine.call(function, args, kwargs, unknown)
        if not _may_catch(manager.attributes["generator"]):
            level = len(machine.heap.trails)
            try:
                given = machine.call(function, args, kwargs, unknown)
            except RaisedError as raised:
                if len(machine.heap.trails) == level:
                    machine.leave(manager, raised)
                else:
                    machine.abandon(manager.attributes["generator"], True)
                raise
            machine.leave(manager, None)
            return given
        found = machine.unless_raised(
            "BaseException", lambda: machine.call(function, args, kwargs, unknown), lambda: ABSENT
        )

        def end() -> Value:
            machine.leave(manager, None)
            return present(found)

        def fail() -> Value:
            error = RaisedError(Unknown("an exception that is not known"))
            swallowed = machine.leave(manager, error)
            if swallowed is not True:
                raise error
            return None

        if found is ABSENT:
            return fail()
        return machine.either(found, end, fail) if may_be_absent(found) else end()

    return Native("decorated", run, {"__wrapped__": function})


@library("functools.update_wrapper")
def _update_wrapper(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """functools.update_wrapper(wrapper, wrapped)"""
    given = {**dict(zip(("wrapper", *WRAPPING), args)), **kwargs}
    return _as_wrapper(machine, given)


@library("functools.wraps")
def _wraps(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """functools.wraps(wrapped)"""
    given = {**dict(zip(WRAPPING, args)), **kwargs}
    return Native("wraps", lambda machine, args, kwargs: _as_wrapper(machine, {**given, "wrapper": args[0]}))


WRAPPING = ("wrapped", "assigned", "updated")
ASSIGNED = ("__name__", "__qualname__", "__module__", "__doc__")


def _as_wrapper(machine: Any, given: dict[str, Value]) -> Value:
    """The wrapper, with the names, the documentation and the attributes of what it wraps."""
    wrapper, wrapped = given["wrapper"], given["wrapped"]
    if isinstance(wrapper, (Function, Instance)):
        assigned = given.get("assigned", ASSIGNED)
        for name in assigned if isinstance(assigned, (tuple, list)) else ():
            held = machine.find_attribute(wrapped, name) if isinstance(name, str) else ABSENT
            if held is not ABSENT:
                machine.set_attribute(wrapper, name, held)
        held = wrapped.attributes if isinstance(wrapped, (Function, Instance)) else {}
        if held and given.get("updated") != ():
            machine.heap.touch(wrapper)
            wrapper.attributes.update({k: v for k, v in held.items() if k != REPLACED})
        machine.set_attribute(wrapper, "__wrapped__", wrapped)
    return wrapper


def callable_value(value: Value) -> bool:
    return isinstance(value, (Function, Class, Native, BoundMethod, Partial))


@library("functools.cached_property")
def _cached(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Descriptor("cached_property", args[0])


@library("typing.cast")
def _cast(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[1]


WRITTEN = re.compile(r"environ\s*\[[^]\n]*\]\s*=[^=]|environ\s*\.\s*(setdefault|update|pop|__setitem__)|putenv")


def _environment(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """os.environ.get(name, default): the environment is empty."""
    if machine.wary:
        return Unknown("the environment is not known", plain=True)
    if machine.stack and WRITTEN.search(machine.stack[-1].source.text):
        return Unknown("the file writes to the environment", plain=True)
    return args[1] if len(args) > 1 else kwargs.get("default")


LIBRARY["typing.TYPE_CHECKING"] = False
LIBRARY.update(
    {f"string.{name}": text for name, text in vars(string).items() if isinstance(text, str) and name[0] != "_"}
)
LIBRARY["os.environ.get"] = Native("get", _environment)
LIBRARY["os.getenv"] = LIBRARY["os.environ.get"]


@library("collections.OrderedDict")
def _ordered(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = machine.call(BUILTINS["dict"], args, kwargs)
    made.kind = "OrderedDict"
    return made


@library("collections.defaultdict")
def _default(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args and args[0] is not None:
        _check_callable(machine, args[0])
    made = machine.call(BUILTINS["dict"], args[1:], kwargs)
    made.kind, made.factory = "defaultdict", args[0] if args else None
    return made


@library("collections.Counter")
def _counter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = Dict((), machine.heap.clock, kind="Counter")
    if args and isinstance(args[0], Dict):
        machine.update_dict(made, args[0])
        args = []
    if kwargs and "**" not in kwargs and not args:
        machine.call(METHODS[Dict, "update"], [made], kwargs)
        return made
    if kwargs or (args and isinstance(args[0], Instance)):
        made.rest = Unknown("a Counter of counts")
        return made
    for item in machine.items(args[0]) if args and args[0] is not None else ():
        if type(item) is Rest or isinstance(item, Unknown):
            made.rest = Unknown("a Counter of items that are not known")
        else:
            made[machine.key(item)] = made.get(machine.key(item), 0) + 1
    return made


@library("collections.deque")
def _deque(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = {**dict(zip(("iterable", "maxlen"), args)), **kwargs}
    most = given.get("maxlen")
    if most is not None and (not isinstance(most, int) or most < 0):
        machine.items(given.get("iterable", ()))
        return Unknown("a deque of a maximal length that is not known")
    made = Deque((), machine.heap.clock, most)
    machine.call(METHODS[Deque, "extend"], [made, given.get("iterable", ())], {})
    return made


@library("collections.namedtuple")
def _namedtuple(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    name: Any = args[0]
    fields: Any = args[1] if len(args) > 1 else kwargs.get("field_names")
    if isinstance(fields, str):
        fields = fields.replace(",", " ").split()
    if not isinstance(name, str) or not all(isinstance(field, str) for field in fields):
        return Unknown("a namedtuple whose fields are not known")
    if kwargs.get("rename", False) is not False:
        return Unknown("a namedtuple whose fields may be renamed")
    if len(set(fields)) < len(fields) or any(f[:1] == "_" or iskeyword(f) or not f.isidentifier() for f in fields):
        raise machine.error("ValueError", "a field of a namedtuple has no name of its own")
    made = Class(name, (machine.classes["tuple"],), birth=machine.heap.clock)
    defaults = kwargs.get("defaults") or ()
    first = len(fields) - len(defaults)
    if first < 0:
        raise machine.error("TypeError", "got more default values than field names")
    parameters = [Parameter(f, defaults[i - first] if i >= first else REQUIRED) for i, f in enumerate(fields)]
    machine.name_tuple(made, list(fields), Signature((Parameter("cls", REQUIRED, "positional"), *parameters)))
    return made


for _name, _sign in {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
}.items():  # fmt: skip
    LIBRARY[f"operator.{_name}"] = LIBRARY[f"operator.__{_name}__"] = Native(
        _name, lambda machine, args, kwargs, sign=_sign: machine.binary(sign, args[0], args[1])
    )


ONE = Arity(1, 1, frozenset())


@library("operator.itemgetter")
def _itemgetter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    keys = list(args)

    def get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        found = [machine.get_item(args[0], key) for key in keys]
        return found[0] if len(found) == 1 else tuple(found)

    made = Native("itemgetter", get)
    made.arity = ONE
    return made


@library("operator.attrgetter")
def _attrgetter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    paths = list(args)
    if not all(isinstance(path, str) for path in paths):
        return Unknown("attrgetter() of names that are not known")

    def get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        found = [reduce(machine.get_attribute, path.split("."), args[0]) for path in paths]
        return found[0] if len(found) == 1 else tuple(found)

    made = Native("attrgetter", get)
    made.arity = ONE
    return made


@library("operator.methodcaller")
def _methodcaller(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    name, *given = args
    if not isinstance(name, str):
        return Unknown("methodcaller() of a name that is not known")
    return Native("methodcaller", lambda m, args, _: m.call(m.get_attribute(args[0], name), list(given), dict(kwargs)))


def _on_list(module: Any, name: str) -> None:
    """heapq.heappush(heap, item), bisect.insort(a, x) and the like, which write to a list"""
    compute = getattr(module, name)

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if kwargs or not isinstance(args[0], List) or not all(map(is_constant, args)):
            for value in (*args, *kwargs.values()):
                machine.havoc(value, f"{name}() of what is not known")
            return Unknown(f"{name}() of what is not known")
        machine.heap.touch(args[0])
        return compute(*args)

    LIBRARY[f"{module.__name__}.{name}"] = Native(name, run)


for _name in ("heapify", "heappush", "heappop", "heappushpop", "heapreplace"):
    _on_list(heapq, _name)
for _name in ("insort", "insort_left", "insort_right"):
    _on_list(bisect, _name)
for _name in ("bisect", "bisect_left", "bisect_right"):
    LIBRARY[f"bisect.{_name}"] = pure(_name, getattr(bisect, _name))
for _name in ("mean", "fmean", "median", "median_low", "median_high", "stdev", "pstdev", "variance"):
    LIBRARY[f"statistics.{_name}"] = pure(_name, getattr(statistics, _name))


@library("statistics.mode")
def _mode(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The most frequent of some values, which may be anything."""
    found = pure("mode", statistics.mode).fn(machine, args, kwargs)
    if not isinstance(found, Unknown):
        return found
    machine.alias(args)
    return machine.doubtful(Unknown(found.why))


@library("enum.unique")
def _unique(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """@enum.unique: no name is an alias of another"""
    members = args[0].attributes.get("__members__") if isinstance(args[0], Class) else None
    if isinstance(members, Dict) and members.rest is None and len(set(map(id, members.values()))) < len(members):
        raise machine.error("ValueError", f"duplicate values found in {args[0].name}")
    return args[0]


@library("dataclasses.dataclass")
def _dataclass(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args and isinstance(args[0], Class):
        return machine.make_dataclass(args[0], kwargs)
    return Native("dataclass", lambda m, given, more: m.make_dataclass(given[0], kwargs))


@library("dataclasses.field")
def _field(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = Instance(machine.classes["dataclasses.Field"], machine.heap.clock)
    made.attributes.update(
        default=kwargs.get("default", REQUIRED), default_factory=kwargs.get("default_factory", REQUIRED),
        init=kwargs.get("init", True), kw_only=kwargs.get("kw_only"), compare=kwargs.get("compare", True),
    )  # fmt: skip
    return made


@library("dataclasses.replace")
def _replace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0]
    if not isinstance(value, Instance) or not isinstance(value.cls.dataclass, dict):
        return Unknown("replace() of an object")
    held = {f.name: machine.get_attribute(value, f.name) for f in value.cls.dataclass.values() if f.in_init}
    return machine.call(value.cls, [], {**held, **kwargs})


def field_names(cls: Class) -> list[str]:
    """A dataclass's fields; what is only given to __init__ is none."""
    return [name for name, field in cls.dataclass.items() if not field.init_only]


def _is_dataclass(value: Value) -> bool:
    return isinstance(value, Instance) and any(isinstance(base.dataclass, dict) for base in value.cls.mro)


@library("dataclasses.is_dataclass")
def _asks_for_dataclass(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    cls = args[0].cls if isinstance(args[0], Instance) else args[0]
    if not isinstance(cls, Class):
        return Unknown("is_dataclass()", plain=True) if isinstance(cls, Unknown) else False
    if any(isinstance(base.dataclass, dict) for base in cls.mro):
        return True
    is_own = all(base.module is not None or base.full_name.startswith("torch.nn.") for base in cls.mro[:-1])
    is_plain = is_own and cls.unknown_base is None and cls.metaclass is None and cls.find("__new__") is not ABSENT
    return False if is_plain else Unknown("is_dataclass()", plain=True)


def _taken_apart(machine: Any, value: Value, make: Callable[[list[Value]], Value]) -> Value:
    """A copy of a value in which what is made of names and values stands for the objects of dataclasses."""
    if _is_dataclass(value):
        fields = next(base.dataclass for base in value.cls.mro if isinstance(base.dataclass, dict))
        names = [name for name, field in fields.items() if not field.init_only]
        return make([(name, _taken_apart(machine, machine.get_attribute(value, name), make)) for name in names])
    if isinstance(value, List):
        return List([_taken_apart(machine, item, make) for item in value], machine.heap.clock)
    if isinstance(value, tuple):
        return tuple(_taken_apart(machine, item, make) for item in value)
    if isinstance(value, Dict):
        return Dict({k: _taken_apart(machine, v, make) for k, v in value.items()}, machine.heap.clock, value.rest)
    return value if type(value) is Rest else machine.call(machine.resolve("copy.deepcopy"), [value], {})


def _unfolding(name: str, default: Callable[[Any, list[Value]], Value]) -> None:
    """dataclasses.asdict(value, dict_factory=dict), dataclasses.astuple(value, tuple_factory=tuple)"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if isinstance(args[0], Unknown) or (isinstance(args[0], Instance) and args[0].cls.unknown_base is not None):
            return Unknown(f"{name}() of what is not known")
        if not _is_dataclass(args[0]):
            raise machine.error("TypeError", f"{name}() should be called on dataclass instances")
        factory = next(iter([*args[1:], *kwargs.values()]), None)

        def make(pairs: list[Value]) -> Value:
            if factory is None:
                return default(machine, pairs)
            given = pairs if name == "asdict" else [value for _, value in pairs]
            return machine.call(factory, [List(given, machine.heap.clock)], {})

        return _taken_apart(machine, args[0], make)

    LIBRARY[f"dataclasses.{name}"] = Native(name, run)


_unfolding("asdict", lambda machine, pairs: Dict(dict(pairs), machine.heap.clock))
_unfolding("astuple", lambda machine, pairs: tuple(value for _, value in pairs))


@library("dataclasses.fields")
def _fields(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    cls = args[0].cls if isinstance(args[0], Instance) else args[0]
    if not isinstance(cls, Class) or not isinstance(cls.dataclass, dict):
        return Unknown("fields() of an object")
    found = []
    for name in field_names(cls):
        made = Instance(machine.classes["dataclasses.Field"], machine.heap.clock)
        field = cls.dataclass[name]
        made.attributes.update(
            name=field.name, default=_or_missing(field.default), default_factory=_or_missing(field.factory),
            init=field.in_init, kw_only=field.keyword_only, type=Unknown("an annotation", plain=True),
        )  # fmt: skip
        made.open = Unknown("what else a field says")
        found.append(made)
    return tuple(found)


def _or_missing(value: Value) -> Value:
    return LIBRARY["dataclasses.MISSING"] if value is REQUIRED else value


LIBRARY["dataclasses.MISSING"] = Instance(Class("_MISSING_TYPE", (OBJECT,)), 0)
CONTEXT_MANAGER = Class("contextmanager", (OBJECT,))
CONTEXT_MANAGER.attributes.update(__enter__=Native("__enter__", _enter), __exit__=Native("__exit__", _leave))
CONTEXT_MANAGER.attributes["__call__"] = Native("__call__", _run_inside)
NULL_CONTEXT = Class("nullcontext", (OBJECT,), full_name="contextlib.nullcontext")
NULL_CONTEXT.attributes.update(
    __init__=Native("__init__", _keep_result),
    __enter__=Native("__enter__", lambda machine, args, kwargs: args[0].attributes["enter_result"]),
    __exit__=Native("__exit__", lambda machine, args, kwargs: None),
)
LIBRARY["contextlib.nullcontext"] = NULL_CONTEXT


def _fill_namespace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """SimpleNamespace.__init__(self, mapping=(), **attributes)"""
    given = Dict((), machine.heap.clock, kwargs.pop("**", None))
    for more in (*args[1:], Dict(kwargs)):
        machine.update_dict(given, more)
    machine.heap.touch(args[0])
    args[0].attributes.update({name: value for name, value in given.items() if isinstance(name, str)})
    args[0].open = given.rest
    return None


def _equal_namespaces(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    one, other = args
    if not isinstance(other, Instance) or not other.cls.is_subclass(SIMPLE_NAMESPACE):
        return BUILTINS["NotImplemented"]
    doubt = first(one.open, other.open)
    return Unknown(doubt.why) if doubt is not None else machine.compare("==", *(Dict(x.attributes) for x in args))


SIMPLE_NAMESPACE = Class("SimpleNamespace", (OBJECT,), full_name="types.SimpleNamespace")
SIMPLE_NAMESPACE.attributes.update(
    __init__=Native("__init__", _fill_namespace), __eq__=Native("__eq__", _equal_namespaces)
)
LIBRARY["types.SimpleNamespace"] = SIMPLE_NAMESPACE
LIBRARY["types.MappingProxyType"] = PROXY


@library("importlib.import_module")
def _import_module(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """importlib.import_module(name, package): a file of the project as `import` would load it"""
    given = dict(zip(("name", "package"), args)) | kwargs
    name, package = given.get("name"), given.get("package")
    dotted = name.lstrip(".") if isinstance(name, str) else ""
    level = len(name) - len(dotted) if isinstance(name, str) else 0
    if not dotted or (level and not isinstance(package, str)):
        machine.import_any()
        return Unknown("a module whose name is not known")
    if level:
        parts = package.split(".")  # type: ignore[union-attr]
        dotted = ".".join([*parts[: len(parts) - level + 1], dotted])
    found = machine.module(dotted)
    return machine.resolve(dotted) if found is ABSENT else found


@library("importlib.util.spec_from_file_location")
def _spec(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """importlib.util.spec_from_file_location(name, location): one asks for it in order to import the file"""
    name = args[0] if args else kwargs.get("name")
    if not isinstance(name, str) or machine.project.find(name) is None:
        machine.import_any()
    return Unknown("a module whose name is not known")
