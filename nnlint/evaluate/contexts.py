"""contextlib's ExitStack (what it holds is left in reverse order, each with what was raised so far) and suppress."""

from __future__ import annotations

from functools import partial
from typing import Any

from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import ABSENT, OBJECT, Class, Instance, List, Native, RaisedError, Value


def _start(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """ExitStack(): a list of calls, each a function of the exception at hand that says whether it is swallowed"""
    args[0].attributes[EXITS] = List((), machine.heap.clock)
    return None


def _add(machine: Any, stack: Instance, leave: Native) -> None:
    exits = stack.attributes[EXITS]
    machine.heap.touch(exits)
    exits.append(leave)


def _enter_context(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """stack.enter_context(manager)"""
    stack, manager = args
    given = machine.enter(manager)
    _add(machine, stack, Native("__exit__", lambda machine, args, kwargs: machine.leave(manager, args[0])))
    return given


def _push(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """stack.push(exit): of a context manager, or a function that is called as one's __exit__ is"""
    stack, leave = args
    if isinstance(leave, Instance) and leave.cls.find("__exit__") is not ABSENT:
        _add(machine, stack, Native("__exit__", lambda machine, args, kwargs: machine.leave(leave, args[0])))
    else:
        _add(machine, stack, Native("__exit__", lambda m, args, kwargs: m.call(leave, m.as_given(args[0]), {})))
    return leave


def _callback(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """stack.callback(function, *args, **kwargs)"""
    stack, function, *given = args
    unknown = kwargs.pop("**", None)

    def leave(machine: Any, args: list[Value], more: dict[str, Value]) -> Value:
        machine.call(function, list(given), dict(kwargs), unknown)
        return False

    _add(machine, stack, Native("callback", leave))
    return function


def _pop_all(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """stack.pop_all(): another stack with all that this one holds"""
    made = Instance(EXIT_STACK, machine.heap.clock)
    exits = args[0].attributes[EXITS]
    made.attributes[EXITS] = List(exits, machine.heap.clock)
    machine.heap.touch(exits)
    exits.clear()
    return made


def _leave(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """stack.__exit__(type, value, traceback), stack.close()"""
    given = RaisedError(args[2]) if len(args) > 2 and args[2] is not None else None
    return _unwind(machine, args[0].attributes[EXITS], given, given)


def _unwind(
    machine: Any, exits: List, given: RaisedError | None, raised: RaisedError | None, end: tuple[Value, ...] = ()
) -> Value:
    """Leave what is left of a stack, to which an end may belong, with `raised` at hand; whether what was given is
    swallowed."""
    if end:
        machine.heap.touch(exits)
        exits.extend(end)
    while exits:
        machine.heap.touch(exits)
        leave = exits.pop()
        if type(leave) is Rest or isinstance(leave, Unknown):
            rest = leave.unknown if isinstance(leave, Rest) else leave
            ends = [end for end in rest.options if isinstance(end, tuple)]
            if not ends or len(ends) < len(rest.options):
                machine.give_up(Unknown("what is left is not known"))
            return machine.either(rest, *(partial(_unwind, machine, exits, given, raised, e) for e in ends))
        try:
            swallows = machine.truth(machine.call(leave, [raised], {}))
        except RaisedError as error:
            raised = error
            continue
        if isinstance(swallows, Unknown) and raised is not None:
            ways = (partial(_unwind, machine, exits, given, state) for state in (None, raised))
            return machine.either(swallows, *ways)
        raised = None if swallows is True else raised
    if raised is not None and raised is not given:
        raise raised
    return given is not None and raised is None


def _suppress(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """suppress(*kinds).__exit__(type, value, traceback)"""
    return args[2] is not None and machine.matches(args[2], args[0].attributes["kinds"])


def _keep_kinds(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    args[0].attributes["kinds"] = tuple(args[1:])
    return None


EXITS = "__exits__"
EXIT_STACK = Class("ExitStack", (OBJECT,), full_name="contextlib.ExitStack")
EXIT_STACK.attributes.update(
    {
        "__init__": Native("__init__", _start),
        "__enter__": Native("__enter__", lambda machine, args, kwargs: args[0]),
        "__exit__": Native("__exit__", _leave),
        "close": Native("close", _leave),
        "enter_context": Native("enter_context", _enter_context),
        "push": Native("push", _push),
        "callback": Native("callback", _callback),
        "pop_all": Native("pop_all", _pop_all),
    }
)
SUPPRESS = Class("suppress", (OBJECT,), full_name="contextlib.suppress")
SUPPRESS.attributes.update(
    {
        "__init__": Native("__init__", _keep_kinds),
        "__enter__": Native("__enter__", lambda machine, args, kwargs: None),
        "__exit__": Native("__exit__", _suppress),
    }
)
CONTEXTS: dict[str, Value] = {"contextlib.ExitStack": EXIT_STACK, "contextlib.suppress": SUPPRESS}
