"""eval(text) and exec(text): a text of the program, evaluated as the rest of the program is: nothing of it is run."""

from __future__ import annotations

import ast
from typing import Any

import libcst as cst

from nnlint.evaluate.control import RunTimeCodeError
from nnlint.evaluate.expressions import Evaluate, lower, lower_target
from nnlint.evaluate.scope import Scope, Site
from nnlint.source import parse_expression, walk
from nnlint.values import Dict, Frame, List, Value, may_be_absent

LONGEST = 1_000  # characters
PARSING, PARSED = 50, 4  # steps that a text takes, and characters that are parsed in another
# What has no names of its own: a comprehension or a lambda sees other names from one release of Python to the next.
PLAIN = (
    cst.Arg, cst.Attribute, cst.BinaryOperation, cst.BooleanOperation, cst.Call, cst.Comparison, cst.ComparisonTarget,
    cst.ConcatenatedString, cst.Dict, cst.DictElement, cst.Element, cst.Float, cst.IfExp, cst.Index, cst.Integer,
    cst.List, cst.Name, cst.Set, cst.SimpleString, cst.Slice, cst.StarredDictElement, cst.StarredElement, cst.Subscript,
    cst.SubscriptElement, cst.Tuple, cst.UnaryOperation,
)  # fmt: skip
# What looks at the names around, which are not those of the text alone.
LOOKING_AROUND = frozenset(
    {"__class__", "__import__", "compile", "dir", "eval", "exec", "globals", "locals", "super", "vars"}
)


def evaluate_text(machine: Any, frame: Frame, name: str, text: Value, site: Site) -> Value:
    """What eval(text) or exec(text), as the name says, gives where it stands at a site and sees the names of a frame.
    Raises RunTimeCodeError for what is not followed."""
    if text is None or isinstance(text, (int, float, tuple, List, Dict)):
        raise machine.error("TypeError", f"{name}() arg 1 must be a string, bytes or code object")
    is_short = isinstance(text, str) and len(text) <= LONGEST and text.isascii() and text.isprintable()
    if not is_short or _keeps_names(machine, frame):
        raise RunTimeCodeError
    machine.step(PARSING + len(text) // PARSED)
    known: dict[str, Evaluate] = machine.written.setdefault(site, {})
    if text not in known:
        known[text] = _lowered(machine, text.strip(), Scope(machine, site.source, "text", site.scope, site=site), name)
    if frame is frame.module.frame:
        return known[text](frame)
    names = Frame(frame.module, frame.parent, frame.function, machine.heap.clock)
    names.variables.update(frame.variables)  # as they are now, whatever the text calls
    return known[text](names)


def _keeps_names(machine: Any, frame: Frame) -> bool:
    """Whether the function speaks of locals() or vars(): some releases of Python write to what these gave before,
    whenever a text is evaluated."""
    site = frame.function.site if frame.function is not None else None
    return site is not None and not machine.effects.text(site).names.isdisjoint(("locals", "vars"))


def _lowered(machine: Any, text: str, scope: Scope, name: str) -> Evaluate:
    """The text as a closure: an expression, or for exec() one that is evaluated, or assigned to what belongs to an
    object, as in `self.first = nn.Linear(3, 4)`."""
    try:
        tree: Any = ast.parse(text, mode=name)
    except SyntaxError:
        raise machine.error("SyntaxError", "invalid syntax") from None
    except Exception:
        raise RunTimeCodeError from None
    statement = tree if name == "eval" else tree.body[0] if len(tree.body) == 1 else None
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if not isinstance(statement, (ast.Expression, ast.Expr, ast.Assign)) or not all(map(_is_part, targets)):
        raise RunTimeCodeError
    written = statement.body if isinstance(statement, ast.Expression) else statement.value
    value = lower(_plain(ast.get_source_segment(text, written)), scope)
    if name == "eval":
        return value
    assign = [lower_target(_plain(ast.get_source_segment(text, target)), scope) for target in targets]

    def run(frame: Frame) -> None:
        given = value(frame)
        for target in assign:
            target(frame, given)

    return run


def _is_part(target: ast.expr) -> bool:
    """Whether a target of an assignment is no name: that would be bound, or not, where exec() stands."""
    return isinstance(target, (ast.Attribute, ast.Subscript))


def _plain(text: str | None) -> cst.BaseExpression:
    """The tree of an expression that has no names of its own. Raises RunTimeCodeError for any other."""
    node = parse_expression(text or "")
    parts = list(walk(node)) if node is not None else []
    names = {part.value for part in parts if isinstance(part, cst.Name)}
    if node is None or not all(isinstance(part, PLAIN) for part in parts) or names & LOOKING_AROUND:
        raise RunTimeCodeError
    return node


def look_up_written(machine: Any, frame: Frame, name: str) -> Value:
    """A name in a text: of the frame itself, of the module, of Python. What a function around binds is among the names
    of the frame only where the function itself speaks of it."""
    if name in frame.variables and not may_be_absent(frame.variables[name]):
        return machine.read(frame.variables[name])
    around: Frame | None = frame
    while around is not None and around is not frame.module.frame:
        if name in around.variables and (around is frame or not machine.is_class_frame(around)):
            raise RunTimeCodeError
        around = around.parent
    return machine.look_up_global(frame, name)
