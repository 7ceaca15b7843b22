"""What LibCST's native parser would not survive, measured on Python's own tree before it is called.

It ends the process where the stack ends, and takes time that grows with the cube of some kinds of nesting, and doubles
with each level of a pattern in a `case`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from typing import Any

# The deepest of 25,000 public files has 569 levels.
DEEPEST = 600
TOO_DEEP = f"nested more than {DEEPEST} levels deep"
LONGEST = 2_000  # strings or operands in a row: LibCST nests them, Python does not
WORK = 5_000_000  # the sum of all nodes' levels, with which time grows; the largest public file has 1.2 million
PATTERNS = 200_000  # two to the power of each case's depth, in all


def obstacle(text: str, tree: ast.AST) -> str | None:
    """What LibCST's parser would not survive, or not end within seconds; None where there is nothing of the kind."""
    level, work, layer = 0, 0, [tree]
    strings: list[Any] = []
    has_patterns = False
    while layer:
        level, work = level + 1, work + (level + 1) * len(layer)
        for node in layer:
            if isinstance(node, ast.BoolOp) and len(node.values) > LONGEST:
                return f"more than {LONGEST} operands in a row"
            if isinstance(node, (ast.Constant, ast.JoinedStr)):
                strings.append(node)
            elif isinstance(node, ast.Match):
                has_patterns = True
            elif isinstance(node, (ast.alias, ast.ImportFrom)) and dots(node) > DEEPEST:
                level = DEEPEST + 1
        if level > DEEPEST:
            return TOO_DEEP
        if work > WORK:
            return "too large to parse"
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
    if text.count("'") + text.count('"') > 2 * LONGEST and strings_in_a_row(text, strings) > LONGEST:
        return f"more than {LONGEST} strings in a row"
    if has_patterns and pattern_cost(text) > PATTERNS:
        return "patterns nested too deeply"
    return None


def dots(node: ast.alias | ast.ImportFrom) -> int:
    """The dots in an imported name: LibCST nests what stands between them."""
    return ((node.name if isinstance(node, ast.alias) else node.module) or "").count(".")


def strings_in_a_row(text: str, strings: Iterable[Any]) -> int:
    """The most string literals that follow each other without an operator, in one of the string constants."""
    data = text.encode("utf-8", "surrogatepass")
    starts = [0, *(match.end() for match in re.finditer(b"\n", data))]
    most = 0
    for node in strings:
        literal = data[starts[node.lineno - 1] + node.col_offset : starts[node.end_lineno - 1] + node.end_col_offset]
        if literal.count(b"'") + literal.count(b'"') > 2 * LONGEST:
            kinds = [tokenize.tok_name[token.type] for token in tokens(f"({literal.decode(errors='replace')})")]
            most = max(most, sum(kind in ("STRING", "FSTRING_START") for kind in kinds))
    return most


def pattern_cost(text: str) -> int:
    """What LibCST's parser spends on the patterns of all cases: twice as much for each level of brackets, four times
    for each mapping."""
    cost, depth, deepest = 0, 0, 0
    starts_line, in_case = True, False
    for token in tokens(text):
        if starts_line and token.string == "case":
            depth, deepest, in_case = 0, 0, True
        elif in_case and token.string in OPEN:
            depth += OPEN[token.string]
            deepest = max(deepest, depth)
        elif in_case and token.string in CLOSE:
            depth -= CLOSE[token.string]
        elif in_case and token.string == ":" and not depth:
            cost, in_case = cost + 2**deepest, False
        starts_line = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL)
    return cost


OPEN, CLOSE = {"(": 1, "[": 1, "{": 2}, {")": 1, "]": 1, "}": 2}


def tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Python's tokens, as far as they go."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError):
        return
