"""Expressions: one table from LibCST's node types to functions that lower a node to a closure over frames.

A node is lowered once; its closure is called each time the expression is evaluated. What has no entry is Unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from nnlint.evaluate.effects import EVALUATING
from nnlint.evaluate.kinds import is_object_of
from nnlint.evaluate.scope import Scope, Site, binder
from nnlint.signature import REQUIRED, Parameter, Rest, Signature
from nnlint.source import walk
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    Class,
    Dict,
    Frame,
    Function,
    Instance,
    List,
    RaisedError,
    Set,
    Stream,
    Value,
    has_rest,
    may_be_absent,
    type_name,
)

Evaluate = Callable[[Frame], Value]


GRAIN = 16  # parts of an expression that cost a step: shorter ones come with that of their statement


def lower(node: cst.CSTNode, scope: Scope) -> Evaluate:
    """The closure that evaluates an expression."""
    lowering = EXPRESSIONS.get(type(node))
    if lowering is None:
        unknown = Unknown(f"{type(node).__name__} is not evaluated")
        return lambda frame: unknown
    machine = scope.machine
    before = machine.lowered
    evaluate = lowering(node, scope)
    machine.lowered += 1
    cost = (machine.lowered - before) // GRAIN
    if not cost:
        return evaluate
    machine.lowered = before  # what is around pays for the rest of its parts only
    step = machine.step

    def charged(frame: Frame) -> Value:
        step(cost)
        return evaluate(frame)

    return charged


def constant(value: Value) -> Evaluate:
    return lambda frame: value


def lower_number(node: Any, scope: Scope) -> Evaluate:
    """0x10, 1_000, 2.5, 1j"""
    if isinstance(node, cst.Integer):
        return constant(int(node.value, 0))
    return constant(node.evaluated_value)


def string_value(node: cst.SimpleString) -> Any:
    """A string literal's value, without Python's parser where it says itself."""
    text = node.value
    if "\\" in text or text[0] not in "'\"":
        return node.evaluated_value
    quotes = 3 if text[:3] in ("'''", '"""') else 1
    return text[quotes:-quotes]


def lower_string(node: Any, scope: Scope) -> Evaluate:
    """'a' or 'a' 'b'; a concatenation with f-strings is evaluated in parts"""
    if isinstance(node, cst.ConcatenatedString) and not isinstance(node.evaluated_value, (str, bytes)):
        left, right = lower(node.left, scope), lower(node.right, scope)
        return lambda frame: scope.machine.binary("+", left(frame), right(frame))
    if isinstance(node, cst.SimpleString):
        return constant(string_value(node))
    return constant(node.evaluated_value)


def lower_formatted_string(node: cst.FormattedString, scope: Scope) -> Evaluate:
    """f'{a}b{c!r:>{width}}'"""
    machine = scope.machine

    def part(item: cst.BaseFormattedStringContent) -> Evaluate:
        if isinstance(item, cst.FormattedStringText):
            raw = item.value.replace("{{", "{").replace("}}", "}")
            if "r" not in node.prefix.lower() and "\\" in raw:
                return constant(unescaped(raw))
            return constant(raw)
        assert isinstance(item, cst.FormattedStringExpression)
        value = lower(item.expression, scope)
        spec = [part(inner) for inner in item.format_spec or ()]
        prefix = ""
        if item.equal is not None:
            code = scope.source.tree.code_for_node
            around = code(item.whitespace_before_expression), code(item.equal), code(item.whitespace_after_expression)
            prefix = f"{around[0]}{code(item.expression)}{around[2]}{around[1]}"
        conversion = item.conversion or ("r" if item.equal is not None and not spec else "")
        return lambda frame: machine.format(
            prefix, value(frame), conversion, machine.concatenate([one(frame) for one in spec])
        )

    parts = [part(item) for item in node.parts]
    return lambda frame: machine.concatenate([one(frame) for one in parts])


def unescaped(text: str) -> str | Unknown:
    """The text between an f-string's expressions, with its escapes as Python reads them."""
    quoted = re.sub(r"(?s)\\.|\\$|'", lambda found: found[0] if len(found[0]) > 1 else f"\\{found[0]}", text)
    try:
        return str(ast.literal_eval(f"'''{quoted}'''"))
    except (SyntaxError, ValueError):
        return Unknown("an escape in an f-string", plain=True)


def lower_name(node: cst.Name, scope: Scope) -> Evaluate:
    """a name: local, else of the functions around, else global, else builtin"""
    machine, name = scope.machine, mangle(node.value, scope) if scope.kind == "class" else node.value
    constants = {"True": True, "False": False, "None": None}
    if name in constants:
        return constant(constants[name])
    if scope.kind == "text":
        return lambda frame: machine.look_up_written(frame, name)
    if scope.kind == "function" and name in scope.local:
        unbound = f"{name} is not bound here"

        def local(frame: Frame) -> Value:
            value = frame.variables.get(name, unbound)
            if value is unbound:
                raise machine.error("UnboundLocalError", f"local variable '{name}' is not bound")
            return value if type(value) is not Unknown else machine.read(value)

        return local
    if name in scope.globals:
        return lambda frame: machine.look_up_global(frame, name)
    if scope.kind == "class" and name in scope.local:

        def of_class(frame: Frame) -> Value:
            """A name that a class's body binds is none of the functions around it; a comprehension in it sees those."""
            is_global = name not in frame.variables and machine.is_class_frame(frame)
            return machine.look_up_global(frame, name) if is_global else machine.look_up(frame, name)

        return of_class
    around = scope.parent
    while around is not None and not (around.kind == "function" and (name in around.local or name in around.globals)):
        around = around.parent
    if around is not None and name in around.globals:
        return lambda frame: machine.look_up_global(frame, name)
    if around is not None:
        return lambda frame: machine.look_up(frame, name, True)
    return lambda frame: machine.look_up(frame, name)


def lower_attribute(node: cst.Attribute, scope: Scope) -> Evaluate:
    """value.name"""
    value, name, get = lower(node.value, scope), mangle(node.attr.value, scope), scope.machine.get_attribute
    if isinstance(node.value, (cst.Name, cst.Attribute)):
        path = dotted_name(node)
        assumed = scope.machine.assume
        if path in assumed:

            def attribute(frame: Frame) -> Value:
                found = get(value(frame), name)
                return assumed[path] if isinstance(found, Unknown) else found

            return attribute
    return lambda frame: get(value(frame), name)


def mangle(name: str, scope: Scope) -> str:
    """__name inside a class is _Class__name."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    around: Scope | None = scope
    while around is not None and around.kind != "class":
        around = around.parent
    return f"_{around.qualified.rpartition('.')[2].lstrip('_')}{name}" if around is not None else name


def dotted_name(node: cst.CSTNode) -> str:
    """a.b.c as text, or "" for anything else."""
    if type(node) is cst.Name:
        return node.value
    if type(node) is cst.Attribute:
        before = dotted_name(node.value)
        return f"{before}.{node.attr.value}" if before else ""
    return ""


# Builtins to which the order of what they are given is nothing.
ORDERLESS = frozenset({"all", "any", "frozenset", "set", "sorted"})


def lower_call(node: cst.Call, scope: Scope) -> Evaluate:
    """callee(a, *b, c=d, **e)"""
    machine = scope.machine
    callee = lower(node.func, scope)
    site = scope.site or Site(scope.source, node, scope.qualified or "<module>")
    machine.sites[node] = site
    parts = [(arg.star, arg.keyword.value if arg.keyword else "", lower(arg.value, scope)) for arg in node.args]
    call = machine.call_at
    if isinstance(node.func, cst.Name) and node.func.value in ("super", "locals", "globals", "vars") and not node.args:
        which = node.func.value
        return lambda frame: machine.call_with_frame(which, frame, callee(frame), site)
    if isinstance(node.func, cst.Name) and node.func.value in EVALUATING and [part[:2] for part in parts] == [("", "")]:
        name, text = node.func.value, parts[0][2]
        evaluated = machine.builtins[name]
        return lambda frame: (
            machine.evaluate_text(frame, name, text(frame), site)
            if (target := callee(frame)) is evaluated
            else call(site, target, [text(frame)], {}, None)
        )
    if isinstance(node.func, cst.Name) and node.func.value in ORDERLESS and len(node.args) == 1:
        given = node.args[0]
        if isinstance(given.value, cst.GeneratorExp) and not given.star:
            parts = [("", "", lower_comprehension(given.value, scope, is_ordered=False))]
    if all(not star and not name for star, name, _ in parts):
        if isinstance(node.func, cst.Name) and node.func.value == "isinstance" and len(parts) == 2:
            return _lower_isinstance(callee, parts[0][2], parts[1][2], site, scope)
        values = [value for _, _, value in parts]
        return lambda frame: call(site, callee(frame), [value(frame) for value in values], {}, None)

    has_mappings = any(star == "**" for star, _, _ in parts)

    def evaluate(frame: Frame) -> Value:
        target = callee(frame)
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        unknown_kwargs: Unknown | None = None
        for star, name, value in parts:
            given = value(frame)
            if name:
                machine.add_keyword(kwargs, name, given)
            elif star == "*":
                args.extend(machine.items(given))
            elif star == "**":
                more = machine.merge_keywords(kwargs, given)
                unknown_kwargs = first(unknown_kwargs, more)
            else:
                args.append(given)
        if has_mappings and any(map(may_be_absent, kwargs.values())):
            unknown_kwargs = first(unknown_kwargs, machine.settle_keywords(target, args, kwargs))
        return call(site, target, args, kwargs, unknown_kwargs)

    return evaluate


def _lower_isinstance(callee: Evaluate, value: Evaluate, kind: Evaluate, site: Site, scope: Scope) -> Evaluate:
    """isinstance(value, kind), the most frequent of all calls: answered here for an object and a class."""
    machine, builtin = scope.machine, scope.machine.builtins["isinstance"]

    def evaluate(frame: Frame) -> Value:
        target, given, one = callee(frame), value(frame), kind(frame)
        if target is builtin and type(given) is Instance and type(one) is Class and machine.look_ups.reading is None:
            machine.step()
            return is_object_of(given, one)
        return machine.call_at(site, target, [given, one], {}, None)

    return evaluate


def lower_subscript(node: cst.Subscript, scope: Scope) -> Evaluate:
    """value[index] or value[start:stop:step]"""
    value, index, get = lower(node.value, scope), lower_index(node, scope), scope.machine.get_item
    return lambda frame: get(value(frame), index(frame))


def lower_index(node: cst.Subscript, scope: Scope) -> Evaluate:
    """What stands between the brackets."""

    def one(item: cst.BaseSlice) -> Evaluate:
        if isinstance(item, cst.Index):
            value = lower(item.value, scope)
            if item.star is not None:
                unknown = Unknown("a starred index")
                return constant(unknown)
            return value
        assert isinstance(item, cst.Slice)
        ends = [lower(end, scope) if end is not None else constant(None) for end in (item.lower, item.upper, item.step)]
        return lambda frame: scope.machine.make_slice(*(end(frame) for end in ends))

    parts = [one(element.slice) for element in node.slice]
    if len(parts) == 1 and isinstance(node.slice[0].comma, cst.MaybeSentinel):
        return parts[0]
    return lambda frame: tuple([part(frame) for part in parts])


BINARY = {
    cst.Add: "+", cst.Subtract: "-", cst.Multiply: "*", cst.Divide: "/", cst.FloorDivide: "//", cst.Modulo: "%",
    cst.Power: "**", cst.LeftShift: "<<", cst.RightShift: ">>", cst.BitAnd: "&", cst.BitOr: "|", cst.BitXor: "^",
    cst.MatrixMultiply: "@",
}  # fmt: skip
COMPARE = {
    cst.Equal: "==", cst.NotEqual: "!=", cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=", cst.In: "in", cst.NotIn: "not in", cst.Is: "is", cst.IsNot: "is not",
}  # fmt: skip
UNARY = {cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~", cst.Not: "not"}


def lower_binary(node: cst.BinaryOperation, scope: Scope) -> Evaluate:
    """left + right; a chain a + b + c leans left and may be thousands long, so it is flattened"""
    steps: list[tuple[str, Evaluate]] = []
    first: cst.BaseExpression = node
    while isinstance(first, cst.BinaryOperation):
        steps.append((BINARY[type(first.operator)], lower(first.right, scope)))
        first = first.left
    start, binary = lower(first, scope), scope.machine.binary
    steps.reverse()
    if len(steps) == 1:
        operator, right = steps[0]
        return lambda frame: binary(operator, start(frame), right(frame))

    def evaluate(frame: Frame) -> Value:
        value = start(frame)
        for operator, operand in steps:
            value = binary(operator, value, operand(frame))
        return value

    return evaluate


def lower_unary(node: cst.UnaryOperation, scope: Scope) -> Evaluate:
    """-value, not value"""
    operator, value, unary = UNARY[type(node.operator)], lower(node.expression, scope), scope.machine.unary
    return lambda frame: unary(operator, value(frame))


def lower_boolean(node: cst.BooleanOperation, scope: Scope) -> Evaluate:
    """left and right, left or right; chains are flattened as for lower_binary"""
    stops_on = isinstance(node.operator, cst.Or)
    operands = [lower(part, scope) for part in operands_of(node)]
    machine = scope.machine

    def evaluate_from(frame: Frame, index: int) -> Value:
        value = operands[index](frame)
        while index + 1 < len(operands):
            truth = machine.truth(value)
            if truth is stops_on:
                return value
            index += 1
            if isinstance(truth, Unknown):
                stopped, later = machine.narrow(value, stops_on), index
                return machine.either(truth, lambda: stopped, lambda: evaluate_from(frame, later))
            value = operands[index](frame)
        return value

    return lambda frame: evaluate_from(frame, 0)


def operands_of(node: cst.BooleanOperation) -> list[cst.BaseExpression]:
    """The parts of a chain of one operator, from left to right"""
    found: list[cst.BaseExpression] = []
    rest: cst.BaseExpression = node
    kind = type(node.operator)
    while isinstance(rest, cst.BooleanOperation) and type(rest.operator) is kind and not (found and rest.lpar):
        found.append(rest.right)
        rest = rest.left
    return [rest, *reversed(found)]


def lower_test(node: cst.BaseExpression, scope: Scope) -> Callable[[Frame], bool | Unknown]:
    """A condition: its truth is known more often than its value, as in `unknown or True`"""
    machine = scope.machine
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        inner = lower_test(node.expression, scope)

        def negated(frame: Frame) -> bool | Unknown:
            truth = inner(frame)
            return truth if isinstance(truth, Unknown) else not truth

        return negated
    if not isinstance(node, cst.BooleanOperation):
        value = lower(node, scope)
        return lambda frame: machine.truth(value(frame))
    stops_on = isinstance(node.operator, cst.Or)
    tests = [lower_test(part, scope) for part in operands_of(node)]
    cost = len(tests) // 4

    def from_test(frame: Frame, index: int) -> bool | Unknown:
        truth = tests[index](frame)
        if truth is stops_on or index + 1 == len(tests):
            return truth
        if isinstance(truth, Unknown):
            whole = machine.either(truth, lambda: stops_on, lambda: from_test(frame, index + 1))
            return whole if isinstance(whole, bool) else truth
        return from_test(frame, index + 1)

    def from_first(frame: Frame) -> bool | Unknown:
        machine.step(cost)
        return from_test(frame, 0)

    return from_first


def lower_comparison(node: cst.Comparison, scope: Scope) -> Evaluate:
    """left < middle <= right"""
    machine = scope.machine
    left = lower(node.left, scope)
    steps = [(COMPARE[type(step.operator)], lower(step.comparator, scope)) for step in node.comparisons]
    if len(steps) == 1:
        operator, right = steps[0]
        return lambda frame: machine.compare(operator, left(frame), right(frame))

    def evaluate_from(frame: Frame, before: Value, index: int) -> Value:
        operator, operand = steps[index]
        after = operand(frame)
        result = machine.compare(operator, before, after)
        if index + 1 == len(steps):
            return result
        truth = machine.truth(result)
        if isinstance(truth, Unknown):
            return machine.either(truth, lambda: result, lambda: evaluate_from(frame, after, index + 1))
        return evaluate_from(frame, after, index + 1) if truth else result

    return lambda frame: evaluate_from(frame, left(frame), 0)


def lower_conditional(node: cst.IfExp, scope: Scope) -> Evaluate:
    """body if test else orelse"""
    machine = scope.machine
    test, body, orelse = lower_test(node.test, scope), lower(node.body, scope), lower(node.orelse, scope)

    def evaluate(frame: Frame) -> Value:
        truth = test(frame)
        if truth is True:
            return body(frame)
        if truth is False:
            return orelse(frame)

        def arm(holds: bool, chosen: Evaluate) -> Value:
            narrow(frame, holds)
            return chosen(frame)

        return machine.either(truth, lambda: arm(True, body), lambda: arm(False, orelse))

    narrow = lower_narrowing(node.test, scope)
    return evaluate


NARROWING = frozenset(
    {cst.Name, cst.Comparison, cst.ComparisonTarget, cst.UnaryOperation, cst.Integer, cst.SimpleString, cst.Not,
     cst.Equal, cst.NotEqual, cst.Is, cst.IsNot, cst.Attribute, cst.Call, cst.Arg}
)  # fmt: skip


def lower_narrowing(test: cst.BaseExpression, scope: Scope) -> Callable[[Frame, bool], None]:
    """What an arm of a condition knows of the names in it: a value that is one of several is none of those for which
    the condition would not hold. It is lowered when it is first asked for: most conditions are known."""
    narrow: list[Callable[[Frame, bool], None]] = []

    def run(frame: Frame, wanted: bool) -> None:
        if not narrow:
            narrow.append(_lower_narrowing(test, scope))
        narrow[0](frame, wanted)

    return run


def _lower_narrowing(test: cst.BaseExpression, scope: Scope) -> Callable[[Frame, bool], None]:
    parts = list(walk(test))
    calls = [part.func for part in parts if type(part) is cst.Call]
    is_plain_test = all(type(part) in NARROWING for part in parts) and all(
        isinstance(func, cst.Name) and func.value in ("isinstance", "issubclass", "callable") for func in calls
    )
    names = list(dict.fromkeys(part.value for part in parts if type(part) is cst.Name)) if is_plain_test else []
    holds, machine = lower_test(test, scope), scope.machine

    def possible(frame: Frame, name: str, option: Value, wanted: bool) -> bool:
        held = frame.variables[name]
        frame.variables[name] = option
        try:
            return holds(frame) is not (not wanted)
        except RaisedError:
            return True
        finally:
            frame.variables[name] = held

    def narrow(frame: Frame, wanted: bool) -> None:
        values = {name: frame.variables[name] for name in names if name in frame.variables}
        if machine.tries or any(isinstance(value, Instance) for value in values.values()):
            return  # a look at the condition could do more than look
        for name, value in values.items():
            if type(value) is not Unknown or any(
                isinstance(o, (Unknown, Instance)) or o is ABSENT for o in value.options
            ):
                continue
            kept = [option for option in value.options if possible(frame, name, option, wanted)]
            if 0 < len(kept) < len(value.options):
                machine.heap.touch(frame)
                frame.variables[name] = kept[0] if len(kept) == 1 else Unknown(value.why, tuple(kept), value.plain)

    return narrow


def lower_elements(node: Any, scope: Scope) -> Callable[[Frame], list[Value]]:
    """The items of a display: a, *b"""
    parts = [(isinstance(e, cst.StarredElement), lower(e.value, scope)) for e in node.elements]
    if not any(starred for starred, _ in parts):
        values = [value for _, value in parts]
        return lambda frame: [value(frame) for value in values]

    def evaluate(frame: Frame) -> list[Value]:
        items: list[Value] = []
        for starred, value in parts:
            if starred:
                items.extend(scope.machine.items(value(frame)))
            else:
                items.append(value(frame))
        return items

    return evaluate


def lower_tuple(node: cst.Tuple, scope: Scope) -> Evaluate:
    """(a, *b)"""
    elements = lower_elements(node, scope)
    return lambda frame: tuple(elements(frame))


def lower_list(node: cst.List, scope: Scope) -> Evaluate:
    """[a, *b]"""
    elements, heap = lower_elements(node, scope), scope.machine.heap
    return lambda frame: List(elements(frame), heap.clock)


def lower_set(node: cst.Set, scope: Scope) -> Evaluate:
    """{a, *b}"""
    elements = lower_elements(node, scope)
    return lambda frame: scope.machine.make_set(elements(frame))


def lower_dict(node: cst.Dict, scope: Scope) -> Evaluate:
    """{a: b, **c}"""
    machine = scope.machine
    parts = [
        (lower(e.key, scope) if isinstance(e, cst.DictElement) else None, lower(e.value, scope)) for e in node.elements
    ]

    def evaluate(frame: Frame) -> Value:
        made = Dict((), machine.heap.clock)
        for key, value in parts:
            if key is None:
                given = value(frame)
                if given is None or isinstance(given, (list, tuple, str, int, float, set, frozenset, range, Stream)):
                    raise machine.error("TypeError", f"'{type_name(given)}' object is not a mapping")
                machine.update_dict(made, given)
            else:
                at = key(frame)
                machine.set_item(made, at, value(frame))
        return made

    return evaluate


def lower_comprehension(node: Any, scope: Scope, is_ordered: bool = True) -> Evaluate:
    """[elt for target in iter if condition], {...}, (...) and {key: value ...}"""
    machine = scope.machine
    is_ordered = is_ordered and not isinstance(node, cst.SetComp)
    inner = Scope(machine, scope.source, "comprehension", scope.qualified, scope)
    keyed = isinstance(node, cst.DictComp)
    key = lower(node.key, inner) if keyed else None
    element = lower(node.value if keyed else node.elt, inner)
    loops = []
    part, around = node.for_in, scope
    while part is not None:
        loops.append(
            (lower(part.iter, around), lower_target(part.target, inner), [lower_test(c.test, inner) for c in part.ifs])
        )
        part, around = part.inner_for_in, inner

    iterate = machine.in_time if is_ordered else machine.unordered

    def produce(frame: Frame, index: int, source: Value, items: Iterator[Value]) -> Iterator[Value]:
        _, assign, tests = loops[index]
        for item in items:
            machine.step()
            if type(item) is Rest:
                yield from maybe(frame, index, item)
                continue
            assign(frame, item)
            truth: bool | Unknown = True
            for test in tests:
                truth = test(frame)
                if truth is not True:
                    break
            if truth is False:
                continue
            if isinstance(truth, Unknown):
                # A filter that is not known: what it lets through may be there or not.
                through: list[Value] = []
                machine.forget_after(lambda: through.extend(deeper(frame, index)), truth.why)
                machine.alias((source,))
                yield machine.some_of(through, truth.why)
            else:
                yield from deeper(frame, index)

    def deeper(frame: Frame, index: int) -> Iterator[Value]:
        if index + 1 < len(loops):
            source = loops[index + 1][0](frame)
            yield from produce(frame, index + 1, source, iterate(source))
        elif key is not None:
            yield (key(frame), element(frame))
        else:
            yield element(frame)

    def maybe(frame: Frame, index: int, rest: Rest) -> Iterator[Value]:
        _, assign, tests = loops[index]

        def once() -> None:
            assign(frame, rest.unknown.part())
            for test in tests:
                if test(frame) is False:
                    return
            through.extend(deeper(frame, index))

        through: list[Value] = []
        began = machine.heap.clock
        machine.forget_after(once, rest.unknown.why)
        yield machine.some_of(through, rest.unknown.why, began)

    def evaluate(frame: Frame) -> Value:
        outermost = loops[0][0](frame)
        is_at_once = is_ordered and not isinstance(node, cst.GeneratorExp)
        ways = machine.in_any_order(outermost) if is_at_once else outermost
        return build(frame, ways) if ways is outermost else machine.each_option(ways, lambda way: build(frame, way))

    def build(frame: Frame, outermost: Value) -> Value:
        if not is_ordered:
            machine.heap.clock += 1
        own = Frame(frame.module, frame, frame.function, machine.heap.clock)
        own.first_argument = frame.first_argument
        items = produce(own, 0, outermost, iterate(outermost))
        if not is_ordered and isinstance(outermost, (Set, frozenset)):
            items = iter(machine.apart_from_order(items, own.birth))
        if isinstance(node, cst.GeneratorExp):
            return Stream(items, machine.heap.clock)
        if isinstance(node, cst.ListComp):
            return List(items, machine.heap.clock)
        if isinstance(node, cst.SetComp):
            return machine.make_set(list(items))
        made = Dict((), machine.heap.clock)
        for item in items:
            if type(item) is Rest:
                machine.update_dict(made, item.unknown.part())
            else:
                machine.set_item(made, item[0], item[1])
        return made

    return evaluate


def lower_target(node: cst.CSTNode, scope: Scope) -> Callable[[Frame, Value], None]:
    """What stands left of `=`: a name, an attribute, an item, or a sequence of these with at most one star."""
    machine = scope.machine
    machine.lowered += 1
    if isinstance(node, cst.Name):
        name = mangle(node.value, scope) if scope.kind == "class" else node.value
        if name in scope.globals:
            return lambda frame, value: machine.store(frame.module.frame, name, value)
        if name in scope.outer:
            return lambda frame, value: machine.store_outer(frame, name, value)
        return lambda frame, value: machine.store(frame, name, value)
    if isinstance(node, cst.Attribute):
        owner, attribute = lower(node.value, scope), mangle(node.attr.value, scope)
        return lambda frame, value: machine.set_attribute(owner(frame), attribute, value)
    if isinstance(node, cst.Subscript):
        owner, index = lower(node.value, scope), lower_index(node, scope)
        return lambda frame, value: machine.set_item(owner(frame), index(frame), value)
    if isinstance(node, (cst.Tuple, cst.List)):
        stars = [i for i, e in enumerate(node.elements) if isinstance(e, cst.StarredElement)]
        targets = [lower_target(e.value, scope) for e in node.elements]
        star = stars[0] if stars else None

        def unpack(frame: Frame, value: Value) -> None:
            for target, item in zip(targets, machine.unpack(value, len(targets), star)):
                target(frame, item)

        return unpack
    if isinstance(node, cst.StarredElement):
        return lower_target(node.value, scope)
    return lambda frame, value: None


def lower_walrus(node: cst.NamedExpr, scope: Scope) -> Evaluate:
    """(name := value)"""
    value = lower(node.value, scope)
    home = scope
    while home.kind == "comprehension" and home.parent is not None:
        home = home.parent
    assign = lower_target(node.target, home)
    levels = 0
    inner: Scope | None = scope
    while inner is not None and inner is not home:
        levels, inner = levels + 1, inner.parent

    def evaluate(frame: Frame) -> Value:
        result = value(frame)
        target = frame
        for _ in range(levels):
            assert target.parent is not None
            target = target.parent
        assign(target, result)
        return result

    return evaluate


def lower_lambda(node: cst.Lambda, scope: Scope) -> Evaluate:
    """lambda parameters: body"""
    parameters = lower_parameters(node.params, scope)
    machine, site = scope.machine, Site(scope.source, node, scope.qualified)
    names = frozenset(name for name, _, _, _ in parameters)
    found = binder(node.body)
    inner = scope.inside("function", "<lambda>", names | found.bound)
    body: list[Evaluate] = []

    def run(frame: Frame) -> Value:
        if not body:
            body.append(lower(node.body, inner))
        frame.returned = body[0](frame)
        return "return"

    def evaluate(frame: Frame) -> Value:
        function = Function("<lambda>", inner.qualified, signature(parameters, frame), run, frame, machine.heap.clock)
        function.site = site
        return function

    return evaluate


LoweredParameter = tuple[str, str, "Evaluate | None", "cst.BaseExpression | None"]


def lower_parameters(node: cst.Parameters, scope: Scope) -> list[LoweredParameter]:
    """(name, kind, default, annotation) of each parameter, in order."""
    found: list[LoweredParameter] = []

    def add(parameter: cst.Param, kind: str) -> None:
        default = lower(parameter.default, scope) if parameter.default is not None else None
        annotation = parameter.annotation.annotation if parameter.annotation is not None else None
        found.append((parameter.name.value, kind, default, annotation))

    for parameter in node.posonly_params:
        add(parameter, "positional")
    for parameter in node.params:
        add(parameter, "both")
    if isinstance(node.star_arg, cst.Param):
        add(node.star_arg, "*")
    for parameter in node.kwonly_params:
        add(parameter, "keyword")
    if node.star_kwarg is not None:
        add(node.star_kwarg, "**")
    return found


def signature(parameters: list[LoweredParameter], frame: Frame) -> Signature:
    """The signature, with the defaults evaluated now."""
    return Signature(
        tuple(
            Parameter(name, REQUIRED if default is None else default(frame), kind)
            for name, kind, default, _ in parameters
        )
    )


def lower_await(node: cst.Await, scope: Scope) -> Evaluate:
    """await value"""
    value, unknown = lower(node.expression, scope), Unknown("the result of an await")

    def evaluate(frame: Frame) -> Value:
        value(frame)
        return unknown

    return evaluate


def lower_yield(node: cst.Yield, scope: Scope) -> Evaluate:
    """a yield inside an expression, or in a generator that nobody asks any more; all others are statements of their own
    (see evaluate/generators.py)"""
    machine, why = scope.machine, Unknown("a generator that cannot be followed")
    is_from = isinstance(node.value, cst.From)
    given = node.value.item if isinstance(node.value, cst.From) else node.value
    value = lower(given, scope) if given is not None else lambda frame: None

    def evaluate(frame: Frame) -> Value:
        if frame.is_asked:
            machine.give_up(why)
        items = value(frame)
        for _ in machine.iterate(items) if is_from else ():
            machine.step()
        return Unknown("what is sent to a generator")

    return evaluate


EXPRESSIONS: dict[type[cst.CSTNode], Callable[[Any, Scope], Evaluate]] = {
    cst.Integer: lower_number,
    cst.Float: lower_number,
    cst.Imaginary: lower_number,
    cst.SimpleString: lower_string,
    cst.ConcatenatedString: lower_string,
    cst.FormattedString: lower_formatted_string,
    cst.Ellipsis: lambda node, scope: constant(...),
    cst.Name: lower_name,
    cst.Attribute: lower_attribute,
    cst.Call: lower_call,
    cst.Subscript: lower_subscript,
    cst.BinaryOperation: lower_binary,
    cst.UnaryOperation: lower_unary,
    cst.BooleanOperation: lower_boolean,
    cst.Comparison: lower_comparison,
    cst.IfExp: lower_conditional,
    cst.Tuple: lower_tuple,
    cst.List: lower_list,
    cst.Set: lower_set,
    cst.Dict: lower_dict,
    cst.ListComp: lower_comprehension,
    cst.SetComp: lower_comprehension,
    cst.GeneratorExp: lower_comprehension,
    cst.DictComp: lower_comprehension,
    cst.NamedExpr: lower_walrus,
    cst.Lambda: lower_lambda,
    cst.Await: lower_await,
    cst.Yield: lower_yield,
}

__all__ = ["EXPRESSIONS", "RaisedError", "Set", "has_rest", "lower"]
