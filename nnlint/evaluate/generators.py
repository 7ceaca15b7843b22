"""Generator functions: a body with a `yield` is lowered to a Python generator over frames, so that it runs as far as
its consumer asks, and sees what the consumer has done meanwhile.

Only the statements around a yield are lowered here; all others as in evaluate/statements.py. A generator has one place
where it stands: where an unknown condition lets it go on in two ways, it gives a Rest and is not asked again. What is
left of it then runs for its effects alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any

import libcst as cst

from nnlint.evaluate.control import UnfollowedError
from nnlint.evaluate.expressions import lower, lower_target, lower_test
from nnlint.evaluate.scope import CLOSED, Scope
from nnlint.signature import Rest
from nnlint.source import walk
from nnlint.unknown import Unknown
from nnlint.values import Frame, RaisedError, Stream, Value

if TYPE_CHECKING:
    from nnlint.evaluate.statements import Execute

Paused = Generator[Value, Value, "str | None"]
Lazy = Callable[[Frame], Paused]
NOT_FOLLOWED = "a generator that cannot be followed"


def yields(node: cst.CSTNode | None) -> bool:
    """Whether a yield stands in a piece of code, nested functions aside."""
    return node is not None and any(isinstance(part, cst.Yield) for part in walk(node, CLOSED))


def lower_lazily(node: Any, scope: Scope) -> Lazy:
    """A statement or block, to be run as far as asked for."""
    lowering = LAZY.get(type(node))
    if lowering is not None and yields(node):
        return lowering(node, scope)
    return run_at_once(node, scope)


def run_at_once(node: cst.CSTNode, scope: Scope) -> Lazy:
    """A statement without a yield."""
    from nnlint.evaluate.statements import lower_statement

    execute: Execute = lower_statement(node, scope)

    def run(frame: Frame) -> Paused:
        signal = execute(frame)
        yield from stay_single(scope, frame)
        return signal

    return run


def stay_single(scope: Scope, frame: Frame) -> Paused:
    """After a statement that could go on in two ways nobody knows what is still given."""
    if frame.is_asked and len(scope.machine.heap.trails) != frame.level:
        yield Rest(Unknown("a condition is not known"))
    return None


def exhaust(paused: Paused) -> str | None:
    """What is left of a generator that is not asked again, for its effects."""
    sent: Value = None  # by who asked last; what others send is not known
    while True:
        try:
            paused.send(sent)
        except StopIteration as stop:
            signal: str | None = stop.value
            return signal
        sent = Unknown("what is sent to a generator")


def block(node: Any, scope: Scope) -> Lazy:
    """Statements one after the other."""
    parts = [lower_lazily(part, scope) for part in node.body]

    def run(frame: Frame) -> Paused:
        for part in parts:
            signal = yield from part(frame)
            if signal is not None:
                return signal
        return None

    return run


def wait(node: cst.BaseExpression, scope: Scope) -> Lazy:
    """yield value, yield from iterable: the result of the expression is returned"""
    machine = scope.machine
    if not isinstance(node, cst.Yield) or yields(node.value):
        raise UnfollowedError(NOT_FOLLOWED)
    if isinstance(node.value, cst.From):
        iterable = lower(node.value.item, scope)

        def delegate(frame: Frame) -> Generator[Value, Value, Value]:
            source = iterable(frame)
            for item in machine.iterate(source):
                if (yield item) is not None and frame.is_asked:
                    raise UnfollowedError(NOT_FOLLOWED)
            return source.frame.returned if isinstance(source, Stream) and source.frame is not None else None

        return delegate
    value = lower(node.value, scope) if node.value is not None else lambda frame: None

    def run(frame: Frame) -> Generator[Value, Value, Value]:
        return (yield value(frame))

    return run


def expression(node: cst.Expr, scope: Scope) -> Lazy:
    """yield value"""
    result = wait(node.value, scope)

    def run(frame: Frame) -> Paused:
        yield from result(frame)
        return None

    return run


def assign(node: cst.Assign, scope: Scope) -> Lazy:
    """target = yield value"""
    result = wait(node.value, scope)
    targets = [lower_target(target.target, scope) for target in node.targets]

    def run(frame: Frame) -> Paused:
        value = yield from result(frame)
        for target in targets:
            target(frame, value)
        return None

    return run


def give_back(node: cst.Return, scope: Scope) -> Lazy:
    """return (yield value)"""
    assert node.value is not None
    result = wait(node.value, scope)

    def run(frame: Frame) -> Paused:
        frame.returned = yield from result(frame)
        return "return"

    return run


def certain(truth: bool | Unknown) -> bool:
    if isinstance(truth, Unknown):
        raise UnfollowedError(NOT_FOLLOWED)
    return truth


def condition(node: cst.If, scope: Scope) -> Lazy:
    """if test: body else: orelse"""
    test, body = lower_test(node.test, scope), lower_lazily(node.body, scope)
    orelse = lower_lazily(node.orelse, scope) if node.orelse is not None else None

    def run(frame: Frame) -> Paused:
        truth = test(frame)
        if isinstance(truth, Unknown):
            yield Rest(Unknown(truth.why))
            arms = [lambda: exhaust(body(frame)), lambda: exhaust(orelse(frame)) if orelse is not None else None]
            return scope.machine.fork(frame, truth.why, arms)
        if truth:
            return (yield from body(frame))
        return (yield from orelse(frame)) if orelse is not None else None

    return run


def otherwise(node: Any, scope: Scope) -> Lazy:
    """else: body"""
    return lower_lazily(node.body, scope)


def at_once_unasked(node: cst.CSTNode, scope: Scope, lazy: Lazy) -> Lazy:
    """What catches exceptions; where nobody asks any more, it runs as any such statement."""
    from nnlint.evaluate.statements import lower_statement

    execute: Execute = lower_statement(node, scope)

    def run(frame: Frame) -> Paused:
        return (yield from lazy(frame)) if frame.is_asked else execute(frame)

    return run


def bounded(scope: Scope, rounds: Lazy) -> Lazy:
    """A loop; where nobody asks any more, ways that leave it go on after it, as after any loop."""

    def run(frame: Frame) -> Paused:
        if frame.is_asked:
            return (yield from rounds(frame))
        signal: str | None = scope.machine.bounded(frame, "break", lambda: exhaust(rounds(frame)))
        return signal

    return run


def one_round(scope: Scope, body: Lazy) -> Lazy:
    """One round of a loop, on the same terms."""

    def run(frame: Frame) -> Paused:
        if frame.is_asked:
            signal: str | None = yield from body(frame)
            return None if signal == "continue" else signal
        signal = scope.machine.bounded(frame, "continue", lambda: exhaust(body(frame)))
        return signal

    return run


def has_break(node: cst.For | cst.While) -> bool:
    """Whether a break may leave a loop before its end."""
    return any(isinstance(part, cst.Break) for part in walk(node.body, CLOSED))


def perhaps_ended(node: cst.For | cst.While, scope: Scope, orelse: Execute) -> Callable[[str, Frame], str | None]:
    """The end of a loop of which nobody knows, and why, whether it was left by a break: its else may run."""
    machine, breaks = scope.machine, has_break(node)

    def run(why: str, frame: Frame) -> str | None:
        if not breaks:
            return orelse(frame)
        signal: str | None = machine.fork(frame, why, (lambda: None, lambda: orelse(frame)))
        return signal

    return run


def loop(node: cst.For, scope: Scope) -> Lazy:
    """for target in iter: body else: orelse"""
    machine = scope.machine
    iterable, target = lower(node.iter, scope), lower_target(node.target, scope)
    body = one_round(scope, lower_lazily(node.body, scope))
    orelse = lower_lazily(node.orelse, scope) if node.orelse is not None else None
    end = perhaps_ended(node, scope, lambda frame: exhaust(orelse(frame)) if orelse is not None else None)

    def unsure(frame: Frame, rest: Rest) -> str | None:
        target(frame, rest.unknown.part())
        return exhaust(body(frame))

    def run(frame: Frame) -> Paused:
        for item in machine.iterate(iterable(frame)):
            machine.step()
            if type(item) is Rest:
                yield item
                signal = machine.repeat(frame, item.unknown.why, partial(unsure, frame, item))
                return end(item.unknown.why, frame) if signal is None else signal
            target(frame, item)
            signal = yield from body(frame)
            if signal == "break":
                return None
            if signal is not None:
                return signal
        return (yield from orelse(frame)) if orelse is not None else None

    return bounded(scope, run)


def repeat(node: cst.While, scope: Scope) -> Lazy:
    """while test: body else: orelse"""
    machine = scope.machine
    test, body = lower_test(node.test, scope), one_round(scope, lower_lazily(node.body, scope))
    orelse = lower_lazily(node.orelse, scope) if node.orelse is not None else None
    end = perhaps_ended(node, scope, lambda frame: exhaust(orelse(frame)) if orelse is not None else None)

    def unsure(frame: Frame) -> str | None:
        signal = exhaust(body(frame))
        if signal is None:
            test(frame)
        return signal

    def run(frame: Frame) -> Paused:
        while True:
            truth = test(frame)
            if truth is True and not frame.is_asked:  # how often is nothing to anyone
                truth = Unknown("a generator is left before its end")
            if isinstance(truth, Unknown):
                yield Rest(Unknown(truth.why))
                signal = machine.repeat(frame, truth.why, partial(unsure, frame))
                return end(truth.why, frame) if signal is None else signal
            if not truth:
                break
            machine.step()
            signal = yield from body(frame)
            if signal == "break":
                return None
            if signal is not None:
                return signal
        return (yield from orelse(frame)) if orelse is not None else None

    return bounded(scope, run)


def surround(node: cst.With, scope: Scope) -> Lazy:
    """with item as target: body"""
    machine = scope.machine
    item = node.items[0]
    value = lower(item.item, scope)
    target = lower_target(item.asname.name, scope) if item.asname is not None else None
    inner = node.with_changes(items=node.items[1:]) if len(node.items) > 1 else node.body
    body = lower_lazily(inner, scope)

    def run(frame: Frame) -> Paused:
        manager = value(frame)
        given = machine.enter(manager)
        if target is not None:
            target(frame, given)
        try:
            signal = yield from guarded(scope, frame, body(frame))
        except RaisedError as raised:
            if certain(machine.truth(machine.leave(manager, raised))):
                return None
            raise
        machine.leave(manager, None)
        return signal

    return at_once_unasked(node, scope, run)


def guarded(scope: Scope, frame: Frame, inner: Paused) -> Paused:
    """A body whose exceptions are handled: while it runs, and not while it waits, a try is open."""
    machine = scope.machine
    sent: Value = None
    thrown: RaisedError | None = None
    while True:
        try:
            with machine.trying(True):
                item = inner.send(sent) if thrown is None else inner.throw(thrown)
        except StopIteration as stop:
            signal: str | None = stop.value
            return signal
        except RaisedError:
            if len(machine.heap.trails) != frame.level and frame.is_asked:
                raise UnfollowedError(NOT_FOLLOWED) from None
            raise
        sent = thrown = None
        try:
            sent = yield item
        except RaisedError as raised:
            thrown = raised


def attempt(node: cst.Try, scope: Scope) -> Lazy:
    """try: body except type as name: handler else: orelse finally: final"""
    from nnlint.evaluate.statements import lower_statement

    if any(yields(handler) for handler in node.handlers) or yields(node.finalbody):
        raise UnfollowedError(NOT_FOLLOWED)
    body = lower_lazily(node.body, scope)
    orelse = lower_lazily(node.orelse, scope) if node.orelse is not None else None
    final = lower_statement(node.finalbody.body, scope) if node.finalbody is not None else None
    # What handles an exception raises it anew, in a try statement without a yield.
    again = cst.SimpleStatementLine([cst.Raise(cst.Name(RAISED))])
    handle: Execute | None = None
    if node.handlers:
        parts = {"body": cst.IndentedBlock([again]), "orelse": None, "finalbody": None}
        handle = lower_statement(node.with_changes(**parts), scope)

    def caught(frame: Frame) -> Paused:
        try:
            signal = yield from guarded(scope, frame, body(frame))
        except RaisedError as raised:
            if handle is None:
                raise
            scope.machine.store(frame, RAISED, raised.value)
            signal = handle(frame)
            yield from stay_single(scope, frame)
            return signal
        return (yield from orelse(frame)) if signal is None and orelse is not None else signal

    def run(frame: Frame) -> Paused:
        if final is None:
            return (yield from caught(frame))
        try:
            signal = yield from caught(frame)
        except RaisedError:
            over = final(frame)
            if over is None:
                raise
            return over
        kept = frame.returned
        over = final(frame)
        yield from stay_single(scope, frame)
        if over is None:
            frame.returned = kept
        return over or signal

    return at_once_unasked(node, scope, run)


RAISED = "__raised__"
LAZY: dict[type[cst.CSTNode], Callable[[Any, Scope], Lazy]] = {
    cst.SimpleStatementLine: block,
    cst.SimpleStatementSuite: block,
    cst.IndentedBlock: block,
    cst.Expr: expression,
    cst.Assign: assign,
    cst.Return: give_back,
    cst.If: condition,
    cst.Else: otherwise,
    cst.For: loop,
    cst.While: repeat,
    cst.With: surround,
    cst.Try: attempt,
}
