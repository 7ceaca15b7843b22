"""Statements: one table from LibCST's node types to functions that lower a node to a closure over frames.

A closure returns how the statement ended: None (go on), a break (which says what loop it leaves), "continue" or
"return" (the value is then in frame.returned). An exception of the evaluated program is a RaisedError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import libcst as cst

from nnlint.evaluate.control import GivenUpError, LimitError, RunTimeCodeError
from nnlint.evaluate.expressions import (
    BINARY,
    GRAIN,
    Evaluate,
    dotted_name,
    lower,
    lower_index,
    lower_narrowing,
    lower_parameters,
    lower_target,
    lower_test,
    mangle,
    signature,
)
from nnlint.evaluate.generators import has_break, lower_lazily, perhaps_ended, yields
from nnlint.evaluate.heap import Outcome
from nnlint.evaluate.scope import CLOSED, Bindings, Scope, Site, binder
from nnlint.signature import Rest
from nnlint.source import unfold, walk
from nnlint.unknown import Unknown, UnknownValueError
from nnlint.values import (
    ABSENT,
    Class,
    Dict,
    Frame,
    Function,
    Instance,
    List,
    Native,
    RaisedError,
    Stream,
    Tensor,
    Value,
)

Execute = Callable[[Frame], "str | None"]


def lower_block(body: Any, scope: Scope) -> Execute:
    """Statements one after the other."""
    if isinstance(body, cst.SimpleStatementSuite):
        return lower_simple_line(body, scope)
    statements: list[Execute] = []
    for node in body.body if isinstance(body, (cst.BaseSuite, cst.SimpleStatementLine)) else body:
        statements.append(lower_statement(node, scope))
    if len(statements) == 1:
        return statements[0]

    def run(frame: Frame) -> str | None:
        for statement in statements:
            signal = statement(frame)
            if signal is not None:
                return signal
        return None

    return run


Definition = tuple[cst.CSTNode, Execute]


def lower_definitions(body: Any, scope: Scope) -> list[Definition]:
    """The statements of a module, or of a class in it, as written and lowered."""
    nodes = body.body if isinstance(body, cst.BaseSuite) else body
    return [(node, lower_statement(node, scope)) for node in nodes]


def define(machine: Any, frame: Frame, statements: Sequence[Definition]) -> None:
    """Execute the statements of a module or a class. They run whenever the program runs at all, so one that seems to
    raise was not understood: what it binds is not known, and the others are spared."""
    for node, statement in statements:
        level, depth = len(machine.heap.trails), machine.depth
        try:
            statement(frame)
        except (RaisedError, LimitError, UnknownValueError) as failed:
            if machine.tries or machine.steps > machine.limit or ends_import(failed):
                raise
            machine.heap.undo_to(level)
            machine.depth = depth
            machine.lose_construction()
            _give_up_statement(machine, frame, node, failed)


def _give_up_statement(machine: Any, frame: Frame, node: cst.CSTNode, failed: Exception) -> None:
    """What a statement that is not understood may have written is forgotten: what the names in it lead to, or, where it
    could do anything, all that is reached from the module."""
    why = str(failed)
    watch, machine.heap.watch = machine.heap.watch, None
    if isinstance(failed, (GivenUpError, RunTimeCodeError)):
        machine.forget_reached(frame.module.frame, why)
    if isinstance(failed, RunTimeCodeError):
        machine.import_any()
    for name in names_outside_functions(node) & frame.variables.keys():
        machine.havoc(frame.variables[name], why)
    machine.heap.touch(frame)
    for name in binder(node).bound - frame.module.declared.keys():
        frame.variables[name] = machine.assumed(name, Unknown(f"{name} is not known: {why}"))
    if frame is frame.module.frame:
        frame.variables["__partial__"] = True
    machine.heap.watch = watch


def ends_import(failed: Exception) -> bool:
    """Whether what was raised is meant to end the import of the module."""
    if not isinstance(failed, RaisedError):
        return False
    missing = isinstance(failed.value, Instance) and any(base.name == "ImportError" for base in failed.value.cls.mro)
    return missing or failed.is_meant


def names_outside_functions(node: cst.CSTNode) -> set[str]:
    """The names that a statement reads or binds itself."""
    return {part.value for part in walk(node, CLOSED) if isinstance(part, cst.Name)}


def lower_statement(node: cst.CSTNode, scope: Scope) -> Execute:
    """The closure that executes a statement."""
    lowering = STATEMENTS.get(type(node))
    if lowering is None:
        why = Unknown(f"{type(node).__name__} is not evaluated")
        return lambda frame: scope.machine.give_up(why)
    return lowering(node, scope)


def lower_simple_line(node: cst.SimpleStatementLine | cst.SimpleStatementSuite, scope: Scope) -> Execute:
    """small; small"""
    machine, before = scope.machine, scope.machine.lowered
    block, step = lower_block(node.body, scope), machine.step
    cost = len(node.body) + (machine.lowered - before) // GRAIN
    machine.lowered = before

    def run(frame: Frame) -> str | None:
        step(cost)
        return block(frame)

    return run


def lower_expression(node: cst.Expr, scope: Scope) -> Execute:
    """an expression for its effect"""
    if isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis)):
        return lambda frame: None
    value = lower(node.value, scope)

    def run(frame: Frame) -> None:
        value(frame)

    return run


def lower_assign(node: cst.Assign, scope: Scope) -> Execute:
    """target = target = value"""
    value = lower(node.value, scope)
    targets = [lower_target(target.target, scope) for target in node.targets]
    if len(targets) == 1:
        only = targets[0]
        return lambda frame: only(frame, value(frame))

    def run(frame: Frame) -> None:
        result = value(frame)
        for target in targets:
            target(frame, result)

    return run


def lower_annotated(node: cst.AnnAssign, scope: Scope) -> Execute:
    """target: annotation = value"""
    annotation = node.annotation.annotation
    note: Execute | None = None
    if scope.kind == "class" and isinstance(node.target, cst.Name):
        name, machine = node.target.value, scope.machine

        def note_field(frame: Frame) -> None:
            machine.note_field(frame, name, annotation, scope)

        note = note_field

    if node.value is None:
        return note or (lambda frame: None)
    value, target = lower(node.value, scope), lower_target(node.target, scope)

    def run(frame: Frame) -> None:
        target(frame, value(frame))
        if note is not None:
            note(frame)

    return run


def lower_augmented(node: cst.AugAssign, scope: Scope) -> Execute:
    """target += value"""
    machine = scope.machine
    operator = AUGMENTED[type(node.operator)]
    value = lower(node.value, scope)
    if isinstance(node.target, cst.Attribute):
        owner, name = lower(node.target.value, scope), mangle(node.target.attr.value, scope)

        def attribute(frame: Frame) -> None:
            at = owner(frame)
            machine.set_attribute(at, name, machine.augment(operator, machine.get_attribute(at, name), value(frame)))

        return attribute
    if isinstance(node.target, cst.Subscript):
        owner, index = lower(node.target.value, scope), lower_index(node.target, scope)

        def item(frame: Frame) -> None:
            at, key = owner(frame), index(frame)
            if isinstance(at, Tensor):
                machine.augment_item(operator, at, key, value(frame))
            else:
                machine.set_item(at, key, machine.augment(operator, machine.get_item(at, key), value(frame)))

        return item
    read, target = lower(node.target, scope), lower_target(node.target, scope)
    return lambda frame: target(frame, machine.augment(operator, read(frame), value(frame)))


AUGMENTED = {getattr(cst, f"{kind.__name__}Assign"): operator for kind, operator in BINARY.items()}


def lower_return(node: cst.Return, scope: Scope) -> Execute:
    """return value"""
    value = lower(node.value, scope) if node.value is not None else lambda frame: None

    def run(frame: Frame) -> str:
        frame.returned = value(frame)
        return "return"

    return run


def lower_raise(node: cst.Raise, scope: Scope) -> Execute:
    """raise exception"""
    value = lower(node.exc, scope) if node.exc is not None else None
    machine, is_meant = scope.machine, scope.kind == "module"
    kind = lower(node.exc.func, scope) if isinstance(node.exc, cst.Call) and not is_literal(node.exc) else None

    def run(frame: Frame) -> None:
        if value is None:
            machine.lose_construction()
            raise RaisedError(machine.handling[-1] if machine.handling else Unknown("a bare raise"))
        if kind is not None and not machine.tries and not machine.is_sure_to_run():
            # Ways that end so are left out where another goes on: nobody sees the words, which may take long to make.
            cls = kind(frame)
            if isinstance(cls, Class) and cls.module is None:
                raise RaisedError(Instance(cls, machine.heap.clock), is_meant)
        raised = value(frame)
        raise RaisedError(machine.call(raised, [], {}) if isinstance(raised, Class) else raised, is_meant)

    return run


def is_literal(call: cst.Call) -> bool:
    """Whether a call is given nothing but strings as they stand there."""
    return all(isinstance(arg.value, cst.SimpleString) for arg in call.args)


def lower_assert(node: cst.Assert, scope: Scope) -> Execute:
    """assert test, message"""
    test, machine = lower_test(node.test, scope), scope.machine
    message = lower(node.msg, scope) if node.msg is not None else None

    def run(frame: Frame) -> None:
        truth = test(frame)
        if isinstance(truth, Unknown):
            machine.may_raise(truth.why)
        elif not truth:
            error = machine.error("AssertionError", "", *([message(frame)] if message is not None else []))
            raised = RaisedError(error.value, scope.kind == "module")
            if str(raised) == "AssertionError":
                raised.args = (f"AssertionError: {scope.source.tree.code_for_node(node.test)}",)
            raise raised

    return run


def lower_delete(node: cst.Del, scope: Scope) -> Execute:
    """del target, target"""
    machine = scope.machine

    def one(target: cst.BaseExpression) -> Callable[[Frame], None]:
        if isinstance(target, cst.Name):
            name = target.value
            if name in scope.globals:
                return lambda frame: machine.delete_name(frame.module.frame, name)
            if name in scope.outer:
                return lambda frame: machine.give_up(Unknown(f"{name} of a function around is deleted"))
            return lambda frame: machine.delete_name(frame, name)
        if isinstance(target, cst.Attribute):
            owner, attribute = lower(target.value, scope), mangle(target.attr.value, scope)
            return lambda frame: machine.delete_attribute(owner(frame), attribute)
        if isinstance(target, cst.Subscript):
            owner, index = lower(target.value, scope), lower_index(target, scope)
            return lambda frame: machine.delete_item(owner(frame), index(frame))
        assert isinstance(target, (cst.Tuple, cst.List))
        deletions = [one(element.value) for element in target.elements]

        def run(frame: Frame) -> None:
            for delete in deletions:
                delete(frame)

        return run

    return one(node.target)


def lower_import(node: cst.Import, scope: Scope) -> Execute:
    """import a.b as c"""
    machine = scope.machine
    actions = []
    for alias in node.names:
        dotted = dotted_name(alias.name)
        name = alias.asname.name.value if alias.asname is not None else dotted.partition(".")[0]  # type: ignore[union-attr]
        actions.append((dotted, alias.asname is not None, lower_target(cst.Name(name), scope)))

    def run(frame: Frame) -> None:
        for dotted, renamed, assign in actions:
            assign(frame, machine.import_module(dotted, whole=renamed))

    return run


def lower_import_from(node: cst.ImportFrom, scope: Scope) -> Execute:
    """from ..a import b as c, from a import *"""
    machine = scope.machine
    dotted = dotted_name(node.module) if node.module is not None else ""
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        return lambda frame: machine.import_star(frame, level, dotted)
    actions = []
    for alias in node.names:
        imported = dotted_name(alias.name)
        name = alias.asname.name.value if alias.asname is not None else imported  # type: ignore[union-attr]
        actions.append((imported, lower_target(cst.Name(name), scope)))

    def run(frame: Frame) -> None:
        for name, assign in actions:
            assign(frame, machine.import_name(frame.module, level, dotted, name))

    return run


def lower_if(node: cst.If, scope: Scope) -> Execute:
    """if test: body elif ... else: orelse"""
    machine = scope.machine
    if scope.kind == "module" and is_main_test(node.test):
        body = lower_block(node.body, scope)
        machine.note_main(scope.source, node, body)
        return lower_block(node.orelse, scope) if node.orelse is not None else lambda frame: None
    test, body = lower_test(node.test, scope), lower_block(node.body, scope)
    orelse: Execute = lower_block([node.orelse], scope) if node.orelse is not None else lambda frame: None
    elif_cost = int(isinstance(node.orelse, cst.If))
    is_declared = scope.kind == "module" and is_for_checkers(node.test)
    if is_declared:
        orelse = lower_declared(node.body, orelse)

    def run(frame: Frame) -> str | None:
        truth = test(frame)
        if truth is True:
            return body(frame)
        if truth is False or is_declared:  # both ways, a module has the same names
            machine.step(elif_cost)
            return orelse(frame)

        def arm(holds: bool, chosen: Execute) -> str | None:
            narrow(frame, holds)
            return chosen(frame)

        return machine.fork(frame, truth.why, (lambda: arm(True, body), lambda: arm(False, orelse)))

    narrow = lower_narrowing(node.test, scope)
    return run


def lower_declared(body: cst.BaseSuite, then: Execute) -> Execute:
    """What only type checkers see: the imports are noted, not run."""
    names: dict[str, tuple[int, str, str]] = {}
    stars: list[tuple[int, str]] = []
    for node in walk(body, CLOSED):
        if isinstance(node, cst.ImportFrom):
            dotted = dotted_name(node.module) if node.module is not None else ""
            if isinstance(node.names, cst.ImportStar):
                stars.append((len(node.relative), dotted))
                continue
            for alias in node.names:
                imported = dotted_name(alias.name)
                bound = dotted_name(alias.asname.name) if alias.asname is not None else imported
                names[bound] = len(node.relative), dotted, imported

    def run(frame: Frame) -> str | None:
        frame.module.declared.update(names)
        frame.module.declared_stars.extend(stars)
        return then(frame)

    return run


def is_for_checkers(test: cst.BaseExpression) -> bool:
    """TYPE_CHECKING, or that `or` something else"""
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.Or):
        return is_for_checkers(test.left) or is_for_checkers(test.right)
    return dotted_name(test).rpartition(".")[2] == "TYPE_CHECKING"


def is_main_test(test: cst.BaseExpression) -> bool:
    """__name__ == "__main__", either way round"""
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return False
    sides = (test.left, test.comparisons[0].comparator)
    return isinstance(test.comparisons[0].operator, cst.Equal) and any(
        isinstance(one, cst.Name)
        and one.value == "__name__"
        and isinstance(other, cst.SimpleString)
        and other.evaluated_value == "__main__"
        for one, other in (sides, sides[::-1])
    )


def lower_else(node: cst.Else, scope: Scope) -> Execute:
    """else: body"""
    return lower_block(node.body, scope)


def lower_break(node: cst.Break, scope: Scope) -> Execute:
    """break"""
    signal = scope.breaks
    return lambda frame: signal


def lower_rounds(node: cst.For | cst.While, scope: Scope) -> tuple[Execute, str]:
    """The body of a loop, and how it ends with a break."""
    around, scope.breaks = scope.breaks, f"{scope.breaks} inside"
    body, ends = lower_block(node.body, scope), scope.breaks
    scope.breaks = around
    return body, ends


def lower_for(node: cst.For, scope: Scope) -> Execute:
    """for target in iter: body else: orelse"""
    machine = scope.machine
    iterable, assign = lower(node.iter, scope), lower_target(node.target, scope)
    body, ends = lower_rounds(node, scope)
    orelse: Execute = lower_block(node.orelse.body, scope) if node.orelse is not None else lambda frame: None
    breaks, maybe_else = has_break(node), perhaps_ended(node, scope, orelse)

    def over(frame: Frame, values: Value) -> str | None:
        suspended = machine.suspended
        try:
            return machine.bounded(frame, ends, partial(through, frame, values))
        finally:
            if machine.suspended is not suspended:
                machine.leave_off(suspended, values if is_made_by(values, node.iter) else None)

    def through(frame: Frame, values: Value) -> str | None:
        signal: str | None = None
        ended = orelse
        doubt: Any = None  # where those that are not known may have ended the loop
        for item in machine.in_time(values):
            machine.step()
            if type(item) is Rest or (breaks and doubt is not None):
                doubt = item.unknown if isinstance(item, Rest) else doubt
                signal = machine.repeat(frame, doubt.why, partial(unsure, frame, item))
                ended = partial(maybe_else, doubt.why)
            else:
                assign(frame, item)
                signal = machine.bounded(frame, "continue", partial(body, frame))
            if signal is not None:
                return signal
        return ended(frame)

    def unsure(frame: Frame, item: Value) -> str | None:
        assign(frame, item.unknown.part() if type(item) is Rest else item)
        return body(frame)

    def run(frame: Frame) -> str | None:
        values = machine.in_any_order(iterable(frame))
        if isinstance(values, Unknown) and values.options:
            return machine.fork(frame, values.why, [partial(over, frame, option) for option in values.options])
        return over(frame, values)

    return run


def is_made_by(value: Value, node: cst.BaseExpression) -> bool:
    """Whether a call is of the very function whose generator it gives, so that nobody else has that."""
    function = value.frame.function if isinstance(value, Stream) and value.frame is not None else None
    called = dotted_name(node.func).rpartition(".")[2] if isinstance(node, cst.Call) else ""
    return function is not None and function.name == called and not function.lowered.node.decorators


def lower_while(node: cst.While, scope: Scope) -> Execute:
    """while test: body else: orelse"""
    machine = scope.machine
    test = lower_test(node.test, scope)
    body, ends = lower_rounds(node, scope)
    orelse: Execute = lower_block(node.orelse.body, scope) if node.orelse is not None else lambda frame: None
    maybe_else = perhaps_ended(node, scope, orelse)

    def unsure(frame: Frame) -> str | None:
        signal = machine.bounded(frame, "continue", partial(body, frame))
        if signal is None:
            test(frame)
        return signal

    def rounds(frame: Frame) -> str | None:
        began = machine.pace()
        while True:
            machine.step()
            truth = test(frame)
            if truth is False:
                return orelse(frame)
            if truth is True and machine.is_tiring(began):
                truth = Unknown("a loop too long to follow")
            if truth is not True:
                signal = machine.repeat(frame, truth.why, lambda: unsure(frame))
                return maybe_else(truth.why, frame) if signal is None else signal
            signal = machine.bounded(frame, "continue", partial(body, frame))
            if signal is not None:
                return signal

    return lambda frame: machine.bounded(frame, ends, partial(rounds, frame))


def lower_with(node: cst.With, scope: Scope) -> Execute:
    """with item as target: body"""
    machine = scope.machine
    items = [
        (lower(item.item, scope), lower_target(item.asname.name, scope) if item.asname is not None else None)
        for item in node.items
    ]
    body = lower_block(node.body, scope)

    def surround(value: Evaluate, assign: Any, inner: Execute) -> Execute:
        def run(frame: Frame) -> str | None:
            manager = value(frame)
            given = machine.enter(manager)

            def within() -> str | None:
                if assign is not None:
                    assign(frame, given)
                return inner(frame)

            if not machine.may_swallow(manager):
                return within()
            level = len(machine.heap.trails)
            try:
                with machine.trying(True):
                    signal = within()
            except RaisedError as raised:
                if len(machine.heap.trails) == level:
                    return swallow(frame, manager, raised)
                outcomes = machine.heap.collect(level, "raise", raised)
            else:
                if len(machine.heap.trails) == level:
                    return end(frame, manager, signal, frame.returned)
                outcomes = machine.heap.collect(level, signal, frame.returned if signal == "return" else None)

            def go_on(outcome: Outcome) -> str | None:
                machine.heap.apply(outcome.delta)
                if outcome.signal == "raise":
                    return swallow(frame, manager, outcome.value)
                return end(frame, manager, outcome.signal, outcome.value)

            return machine.fork(frame, "a condition is not known", [partial(go_on, outcome) for outcome in outcomes])

        return run

    def end(frame: Frame, manager: Value, signal: str | None, returned: Value) -> str | None:
        machine.leave(manager, None)
        if signal == "return":
            frame.returned = returned
        return signal

    def swallow(frame: Frame, manager: Value, raised: RaisedError) -> str | None:
        swallows = machine.leave(manager, raised)
        if swallows is True:
            return None

        def go_on() -> str | None:
            raise raised

        return go_on() if swallows is False else machine.fork(frame, swallows.why, (lambda: None, go_on))

    for value, assign in reversed(items):
        body = surround(value, assign, body)
    return body


def lower_try(node: cst.Try | cst.TryStar, scope: Scope) -> Execute:
    """try: body except type as name: handler else: orelse finally: final"""
    machine, is_star = scope.machine, isinstance(node, cst.TryStar)
    body = lower_block(node.body, scope)
    handlers = []
    for handler in node.handlers:
        kind = lower(handler.type, scope) if handler.type is not None else None
        name = handler.name.name.value if handler.name is not None else ""  # type: ignore[union-attr]
        handlers.append((kind, name, lower_block(handler.body, scope)))
    orelse: Execute | None = lower_block(node.orelse.body, scope) if node.orelse is not None else None
    final: Execute | None = lower_block(node.finalbody.body, scope) if node.finalbody is not None else None

    def handle(frame: Frame, raised: RaisedError, index: int = 0) -> str | None:
        if is_star:
            machine.give_up(Unknown("an exception goes through except*"))
        for position, (kind, name, block) in enumerate(handlers[index:], index):
            matches = True if kind is None else machine.matches(raised.value, kind(frame))
            if matches is False:
                continue
            take = partial(enter, frame, raised, name, block)
            if matches is True:
                return take()
            return machine.fork(frame, matches.why, (take, partial(handle, frame, raised, position + 1)))
        raise raised

    def enter(frame: Frame, raised: RaisedError, name: str, block: Execute) -> str | None:
        home = frame.module.frame if name in scope.globals else frame
        if name:
            machine.store(home, name, raised.value)
        machine.handling.append(raised.value)
        try:
            return block(frame)
        finally:
            machine.handling.pop()
            if name in home.variables:
                machine.delete_name(home, name)

    def attempt(frame: Frame) -> str | None:
        level = len(machine.heap.trails)
        try:
            with machine.trying(bool(handlers)):
                signal = body(frame)
        except RaisedError as raised:
            if len(machine.heap.trails) == level:
                return handle(frame, raised)
            outcomes = machine.heap.collect(level, "raise", raised)
        else:
            if len(machine.heap.trails) == level:
                return orelse(frame) if signal is None and orelse is not None else signal
            outcomes = machine.heap.collect(level, signal, frame.returned if signal == "return" else None)

        def arm(outcome: Outcome) -> Callable[[], str | None]:
            def run_arm() -> str | None:
                machine.heap.apply(outcome.delta)
                if outcome.signal == "raise":
                    return handle(frame, outcome.value)
                if outcome.signal == "return":
                    frame.returned = outcome.value
                return orelse(frame) if outcome.signal is None and orelse is not None else outcome.signal

            return run_arm

        return machine.fork(frame, "a condition is not known", [arm(outcome) for outcome in outcomes])

    def finish(frame: Frame, signal: str | None, value: Value) -> str | None:
        assert final is not None
        over = final(frame)
        if over is not None:
            return over
        if signal == "raise":
            raise value
        if signal == "return":
            frame.returned = value
        return signal

    def run(frame: Frame) -> str | None:
        if final is None:
            return attempt(frame)
        level = len(machine.heap.trails)
        value: Value = None
        try:
            signal = attempt(frame)
            value = frame.returned if signal == "return" else None
        except RaisedError as raised:
            signal, value = "raise", raised
        if len(machine.heap.trails) == level:
            return finish(frame, signal, value)

        def end(outcome: Outcome) -> str | None:
            machine.heap.apply(outcome.delta)
            return finish(frame, outcome.signal, outcome.value)

        outcomes = machine.heap.collect(level, signal, value)
        return machine.fork(frame, "a condition is not known", [partial(end, outcome) for outcome in outcomes])

    return run


def lower_function(node: cst.FunctionDef, scope: Scope) -> Execute:
    """@decorator def name(parameters): body"""
    machine = scope.machine
    name = mangle(node.name.value, scope) if scope.kind == "class" else node.name.value
    lowered = LoweredFunction(node, scope)
    decorators = lower_decorators(node.decorators, scope)
    site = Site(scope.source, node, scope.qualified or "<module>")
    assign = lower_target(cst.Name(name), scope)
    qualified = scope.qualified_inside(node.name.value)

    def run(frame: Frame) -> None:
        wrappers = [decorator(frame) for decorator in decorators]
        machine.step(1 + len(lowered.parameters) // GRAIN)
        parameters = signature(lowered.parameters, frame)
        function = Function(
            node.name.value, qualified, parameters, lowered.run, frame, machine.heap.clock, lowered
        )  # fmt: skip
        function.site = site
        value: Value = function
        for wrapper in reversed(wrappers):
            value = machine.decorate(wrapper, value, site)
        assign(frame, value)
        if scope.kind == "module":
            machine.define(frame.module, function, value)

    return run


# Who names one of these may read parameters without naming them.
NAMING = frozenset({"super", "__class__", "locals", "vars", "dir", "eval", "exec", "inspect", "sys"})


class LoweredFunction:
    """A function's text: its parameters with their annotations, and its body, lowered when it is first called."""

    def __init__(self, node: cst.FunctionDef, around: Scope) -> None:
        self.node, self.around = node, around
        self.parameters = lower_parameters(node.params, around)

    def run(self, frame: Frame) -> Any:
        """Execute the body."""
        return self.body(frame)

    @cached_property
    def bindings(self) -> Bindings:
        """What the body binds, and whether it yields."""
        return binder(unfold(self.node))

    @cached_property
    def unused(self) -> frozenset[str]:
        """The parameters that the body, and what is defined in it, does not name."""
        named = {part.value for part in walk(unfold(self.node)) if isinstance(part, cst.Name)}
        own = {parameter[0] for parameter in self.parameters}
        return frozenset(own - named) if named.isdisjoint(NAMING) else frozenset()

    @cached_property
    def cleans_up(self) -> bool:
        """Whether a generator that is closed before its end does something then."""
        blocks = (part for part in walk(self.node.body, CLOSED) if isinstance(part, (cst.Try, cst.With)))
        return any(map(yields, blocks))

    @cached_property
    def body(self) -> Callable[[Frame], Any]:
        """The body as a closure over frames; of a generator, as a generator."""
        found = self.bindings
        names = frozenset(parameter[0] for parameter in self.parameters) | frozenset(found.bound)
        inner = self.around.inside(
            "function",
            self.node.name.value,
            names - frozenset(found.globals) - frozenset(found.nonlocals),
            outer=frozenset(found.nonlocals),
            globals=frozenset(found.globals),
        )
        return lower_lazily(self.node.body, inner) if found.has_yield else lower_block(self.node.body, inner)


def lower_decorators(nodes: Sequence[cst.Decorator], scope: Scope) -> list[Evaluate]:
    return [lower(decorator.decorator, scope) for decorator in nodes]


def lower_class(node: cst.ClassDef, scope: Scope) -> Execute:
    """@decorator class name(base, keyword=value): body"""
    machine, name = scope.machine, node.name.value
    found = binder(node.body)
    own_names = frozenset(found.bound - found.nonlocals)
    inner = scope.inside("class", name, own_names, outer=frozenset(found.nonlocals), globals=frozenset(found.globals))
    bases = [lower(arg.value, scope) for arg in node.bases if not arg.star]
    keywords = [(arg.keyword.value, lower(arg.value, scope)) for arg in node.keywords if arg.keyword is not None]
    decorators = lower_decorators(node.decorators, scope)
    if scope.kind == "function":
        body: Callable[[Frame], Any] = lower_block(node.body, inner)
    else:
        body = partial(define, machine, statements=lower_definitions(node.body, inner))
    site = Site(scope.source, node, scope.qualified or "<module>")
    assign = lower_target(cst.Name(name), scope)

    def run(frame: Frame) -> None:
        wrappers = [decorator(frame) for decorator in decorators]
        parents = [base(frame) for base in bases]
        options = {key: value(frame) for key, value in keywords}
        for kind in (options.get("metaclass"), *(parent.metaclass for parent in parents if isinstance(parent, Class))):
            if isinstance(kind, Class) and kind.find("__prepare__") is not ABSENT:
                machine.give_up(Unknown(f"the names that __prepare__ of the metaclass of {name} gives"))
        own = Frame(frame.module, frame, None, machine.heap.clock)
        own.variables["__annotations_in_order__"] = ()
        own.variables["__qualname__"] = inner.qualified
        body(own)
        if machine.tries and any(map(machine.is_enumeration, parents)) and may_bind_again(node.body):
            machine.may_raise(f"a name of {name}, which is bound twice")
        value: Value = machine.make_class(name, inner.qualified, parents, options, own, site, scope.kind == "function")
        for wrapper in reversed(wrappers):
            value = machine.decorate(wrapper, value, site)
        assign(frame, value)

    return run


def may_bind_again(body: cst.BaseSuite) -> bool:
    """Whether the body of a class may bind one name more than once, which an enumeration refuses."""
    parts = list(walk(body, CLOSED))
    targets = [name for part in parts if isinstance(part, BINDING) for name in binder(part).bound]
    return len(set(targets)) < len(targets) or any(isinstance(part, (cst.For, cst.While)) for part in parts)


BINDING = (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.FunctionDef, cst.ClassDef)


def lower_match(node: cst.Match, scope: Scope) -> Execute:
    """match subject: case pattern if guard: body"""
    machine = scope.machine
    subject = lower(node.subject, scope)
    cases = [
        (
            lower_pattern(case.pattern, scope),
            lower(case.guard, scope) if case.guard is not None else None,
            lower_block(case.body, scope),
        )
        for case in node.cases
    ]

    def from_case(frame: Frame, value: Value, index: int) -> str | None:
        while index < len(cases):
            pattern, guard, body = cases[index]
            index += 1
            machine.step()
            bound: dict[str, Value] = {}
            truth = pattern(frame, value, bound)
            if truth is False:
                continue

            def take() -> str | None:
                for name, captured in bound.items():
                    machine.store(frame.module.frame if name in scope.globals else frame, name, captured)
                return taken() if guard is None else guarded()

            def guarded() -> str | None:
                holds = machine.truth(guard(frame))  # type: ignore[misc]
                if isinstance(holds, Unknown):
                    return machine.fork(frame, holds.why, (taken, otherwise))
                return taken() if holds else otherwise()

            def taken() -> str | None:
                return body(frame)

            def otherwise() -> str | None:
                return from_case(frame, value, index)

            if isinstance(truth, Unknown):
                return machine.fork(frame, truth.why, (take, otherwise))
            return take()
        return None

    return lambda frame: from_case(frame, subject(frame), 0)


Matches = Callable[[Frame, Value, dict[str, Value]], "bool | Unknown"]


def lower_pattern(node: cst.MatchPattern, scope: Scope) -> Matches:
    """A pattern: says whether it matches, and gathers what its names stand for then."""
    names = sorted(binder(node).bound)
    matches = PATTERNS.get(type(node), lower_no_pattern)(node, scope)

    def run(frame: Frame, value: Value, bound: dict[str, Value]) -> bool | Unknown:
        truth = matches(frame, value, bound)
        if isinstance(truth, Unknown):
            for name in names:
                bound.setdefault(name, Unknown(truth.why))
        return truth

    return run


def lower_no_pattern(node: cst.MatchPattern, scope: Scope) -> Matches:
    """A pattern that is not evaluated"""
    why = Unknown("a pattern that is not evaluated")
    return lambda frame, value, bound: why


def lower_value_pattern(node: Any, scope: Scope) -> Matches:
    """1, 'a', Color.RED, None"""
    machine, expected = scope.machine, lower(node.value, scope)
    operator = "is" if isinstance(node, cst.MatchSingleton) else "=="
    return lambda frame, value, bound: machine.truth(machine.compare(operator, value, expected(frame)))


def lower_or_pattern(node: cst.MatchOr, scope: Scope) -> Matches:
    """first | second"""
    options = [lower_pattern(element.pattern, scope) for element in node.patterns]

    def any_of(frame: Frame, value: Value, bound: dict[str, Value]) -> bool | Unknown:
        doubt: Unknown | None = None
        for option in options:
            truth = option(frame, value, bound)
            if truth is True:
                return True if doubt is None else doubt
            doubt = truth if isinstance(truth, Unknown) and doubt is None else doubt
        return False if doubt is None else doubt

    return any_of


def lower_capture(node: cst.MatchAs, scope: Scope) -> Matches:
    """pattern as name, name, _"""
    inner = lower_pattern(node.pattern, scope) if node.pattern is not None else None
    name = node.name.value if node.name is not None else ""

    def capture(frame: Frame, value: Value, bound: dict[str, Value]) -> bool | Unknown:
        truth = inner(frame, value, bound) if inner is not None else True
        if truth is not False and name:
            bound[name] = value
        return truth

    return capture


def may_match(machine: Any, value: Value, kind: str) -> bool | Unknown:
    """Whether a pattern for what collections.abc has by a name may match a value that is none of Python's own."""
    if not isinstance(value, (Unknown, Instance)):
        return False
    unknown = Unknown("a pattern on an object")
    if isinstance(value, Unknown):
        return unknown
    is_one = machine.call(machine.builtins["isinstance"], [value, machine.resolve(f"collections.abc.{kind}")], {})
    return False if is_one is False else unknown


def lower_sequence_pattern(node: Any, scope: Scope) -> Matches:
    """[first, *others, last]"""
    machine = scope.machine
    star = next((i for i, element in enumerate(node.patterns) if isinstance(element, cst.MatchStar)), None)
    rest = node.patterns[star].name if star is not None else None
    before = [lower_pattern(element.value, scope) for element in node.patterns[:star]]
    after = [] if star is None else [lower_pattern(element.value, scope) for element in node.patterns[star + 1 :]]

    def sequence(frame: Frame, value: Value, bound: dict[str, Value]) -> bool | Unknown:
        if isinstance(value, Unknown):
            return value
        if isinstance(value, Instance) and isinstance(value.payload, (tuple, list)):
            value = value.payload
        if not isinstance(value, (tuple, list, range)):
            return may_match(machine, value, "Sequence")
        items = list(value)
        if any(type(item) is Rest for item in items):
            return Unknown("the length of what is matched is not known")
        end = len(items) - len(after)
        if len(items) < len(before) + len(after) or (star is None and end != len(before)):
            return False
        if rest is not None:
            bound[rest.value] = List(items[len(before) : end], machine.heap.clock)
        pairs = [*zip(before, items), *zip(after, items[end:])]
        return all_match([partial(part, frame, item, bound) for part, item in pairs])

    return sequence


def all_match(tests: Sequence[Callable[[], bool | Unknown]]) -> bool | Unknown:
    """Whether every part of a pattern matches: False where one surely does not."""
    doubt: Unknown | None = None
    for test in tests:
        truth = test()
        if truth is False:
            return False
        doubt = truth if isinstance(truth, Unknown) and doubt is None else doubt
    return True if doubt is None else doubt


def lower_mapping_pattern(node: cst.MatchMapping, scope: Scope) -> Matches:
    """{"key": pattern, **rest}"""
    machine = scope.machine
    parts = [(lower(element.key, scope), lower_pattern(element.pattern, scope)) for element in node.elements]
    rest = node.rest.value if node.rest is not None else ""

    def mapping(frame: Frame, value: Value, bound: dict[str, Value]) -> bool | Unknown:
        if isinstance(value, Instance) and isinstance(value.payload, Dict):
            value = value.payload
        if not isinstance(value, Dict):
            return may_match(machine, value, "Mapping")
        if not value.certain():
            return Unknown("a dict that is not known is matched")
        keys = [key(frame) for key, _ in parts]
        if any(key not in value for key in keys):
            return False
        if rest:
            bound[rest] = Dict({k: v for k, v in value.items() if k not in keys}, machine.heap.clock)
        return all_match([partial(part, frame, value[key], bound) for key, (_, part) in zip(keys, parts)])

    return mapping


SELF_MATCHING = ("bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple")


def lower_class_pattern(node: cst.MatchClass, scope: Scope) -> Matches:
    """Class(first, name=second)"""
    machine, kind = scope.machine, lower(node.cls, scope)
    places = [lower_pattern(element.value, scope) for element in node.patterns]
    named = [(element.key.value, lower_pattern(element.pattern, scope)) for element in node.kwds]

    def instance(frame: Frame, value: Value, bound: dict[str, Value]) -> bool | Unknown:
        cls = kind(frame)
        truth = machine.truth(machine.call(machine.builtins["isinstance"], [value, cls], {}))
        if truth is not True or not (places or named):
            return truth
        if isinstance(cls, Native) and cls.name in SELF_MATCHING and len(places) == 1 and not named:
            return places[0](frame, value, bound)
        order = machine.find_attribute(cls, "__match_args__") if places else ()
        if not isinstance(order, tuple):
            machine.may_raise("a class pattern by position")
            return Unknown("a class pattern by position")
        if len(order) < len(places):
            raise machine.error("TypeError", f"{cls.name} accepts {len(order)} positional sub-patterns")
        tests: list[Callable[[], bool | Unknown]] = []
        for name, part in (*zip(order, places), *named):
            held = machine.find_attribute(value, name)
            if held is ABSENT:
                return False
            tests.append(partial(part, frame, held, bound))
        return all_match(tests)

    return instance


PATTERNS: dict[type[cst.CSTNode], Callable[[Any, Scope], Matches]] = {
    cst.MatchValue: lower_value_pattern,
    cst.MatchSingleton: lower_value_pattern,
    cst.MatchOr: lower_or_pattern,
    cst.MatchAs: lower_capture,
    cst.MatchList: lower_sequence_pattern,
    cst.MatchTuple: lower_sequence_pattern,
    cst.MatchMapping: lower_mapping_pattern,
    cst.MatchClass: lower_class_pattern,
}


def lower_nothing(node: cst.CSTNode, scope: Scope) -> Execute:
    """pass, global, nonlocal, type"""
    return lambda frame: None


STATEMENTS: dict[type[cst.CSTNode], Callable[[Any, Scope], Execute]] = {
    cst.SimpleStatementLine: lower_simple_line,
    cst.SimpleStatementSuite: lower_simple_line,
    cst.IndentedBlock: lower_block,
    cst.Expr: lower_expression,
    cst.Assign: lower_assign,
    cst.AnnAssign: lower_annotated,
    cst.AugAssign: lower_augmented,
    cst.Return: lower_return,
    cst.Raise: lower_raise,
    cst.Assert: lower_assert,
    cst.Del: lower_delete,
    cst.Import: lower_import,
    cst.ImportFrom: lower_import_from,
    cst.Pass: lower_nothing,
    cst.Global: lower_nothing,
    cst.Nonlocal: lower_nothing,
    cst.Break: lower_break,
    cst.Continue: lambda node, scope: lambda frame: "continue",
    cst.If: lower_if,
    cst.Else: lower_else,
    cst.For: lower_for,
    cst.While: lower_while,
    cst.With: lower_with,
    cst.Try: lower_try,
    cst.TryStar: lower_try,
    cst.FunctionDef: lower_function,
    cst.ClassDef: lower_class,
    cst.Match: lower_match,
}
if hasattr(cst, "TypeAlias"):
    STATEMENTS[cst.TypeAlias] = lower_nothing
