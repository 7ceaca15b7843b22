"""Programs that nobody wrote, through the plugin and the report: `python tests/fuzz.py --inputs 10000 [FOLDER...]`.

Each input is a function of its kind, the seed and its number, so that whatever fails can be made again. Kinds: "tokens"
(a piece of a real file with tokens deleted, doubled, swapped and replaced), "splices" (expressions and statements of
real files put in each other's places: always Python) and "grammar" (hypothesmith's, whole programs from Python's
grammar). Folders hold real files besides those of fixtures/. A worker process that dies is a failure like any other.
"""

from __future__ import annotations

import argparse
import ast
import copy
import io
import json
import multiprocessing
import random
import re
import sys
import tempfile
import time
import tokenize
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from nnlint import analyse
from nnlint.configuration import Configuration, parse_configuration
from nnlint.evaluate.control import STEPS, Control
from nnlint.report.contract import report_json
from nnlint.report.gather import Request, read_file
from nnlint.report.listing import list_files, report_text
from nnlint.report.terminal import render

FIXTURES = Path(__file__).parent.parent / "fixtures"
LINES = 120  # the longest piece of a file that is mutated
# The reasons that nnlint may give for not analysing a file that Python parses.
REASONS = ("nested more than",)
MOST_STEPS = STEPS + 10_000  # one operation may be charged for all of a long value at once
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def is_python(text: str) -> bool:
    try:
        compile(text, "fuzz.py", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


class Corpus:
    """Real files, as pieces of text and as trees."""

    def __init__(self, folders: list[str]) -> None:
        self.pieces: list[str] = []
        self.expressions: list[ast.expr] = []
        self.statements: list[ast.stmt] = []
        self.heads: dict[str, str] = {}
        for folder in [str(FIXTURES), *folders]:
            for path in sorted(Path(folder).rglob("*.py")):
                self._add(path.read_text(encoding="utf-8", errors="replace"))

    def _add(self, text: str) -> None:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return
        lines = text.splitlines(keepends=True)
        imports = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        head = "".join("".join(lines[n.lineno - 1 : n.end_lineno]) for n in imports)
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                body = "".join(lines[node.lineno - 1 : node.end_lineno])
                if body.count("\n") <= LINES and is_python(head + body):
                    self.pieces.append(head + body)
        if len(lines) <= LINES:
            self.pieces.append(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.expr) and replaceable(node, "") and not isinstance(node, (ast.Name, ast.Constant)):
                self.expressions.append(node)
            elif isinstance(node, ast.stmt) and (node.end_lineno or 0) - node.lineno < 20:
                self.statements.append(node)


@cache
def corpus(*folders: str) -> Corpus:
    return Corpus(list(folders))


def tokens(choose: random.Random, real: Corpus) -> str:
    """A piece of a real file with some tokens deleted, doubled, swapped, or replaced by another file's."""
    piece, other = choose.choice(real.pieces), choose.choice(real.pieces)
    words = split(piece)
    strange = split(other)
    for _ in range(choose.choice((1, 1, 1, 2, 3, 6))):
        at, there = choose.randrange(len(words)), choose.randrange(len(words))
        match choose.randrange(5):
            case 0:
                del words[at]
            case 1:
                words.insert(at, words[at])
            case 2:
                words[at], words[there] = words[there], words[at]
            case 3:
                words[at] = choose.choice(strange)
            case 4:
                words[at] = choose.choice(ODD)
        if not words:
            break
    return "".join(words)


ODD = (
    "9**9**9", "-1", "0", "None", "self", "x", "10**18", "1.5", "'a'", "[]", "()", "*", "**", "lambda: 0", "nn.Linear",
    "nn.Module", "super()", "yield", "await", "range", "torch", "{}", "...", "not", "\n", "\x1b[31m", "\u202e", "é",
    "\x00", "\\\n", "\t", "if u:", "while u:", "del", "import", "from . import", "global self", "@", ":=",
)  # fmt: skip


def split(text: str) -> list[str]:
    """A text's tokens, with the space before each."""
    words: list[str] = []
    lines = text.splitlines(keepends=True)
    line, column = 1, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            between = ""
            while line < token.end[0]:
                between += lines[line - 1][column:]
                line, column = line + 1, 0
            between += lines[line - 1][column : token.end[1]] if line <= len(lines) else ""
            column = max(column, token.end[1])
            words.append(between)
    except (tokenize.TokenError, SyntaxError):
        pass
    return [word for word in words if word] or [text]


def splices(choose: random.Random, real: Corpus) -> str:
    """A piece of a real file in which expressions and statements give way to those of other places."""
    while True:
        with suppress(ValueError):  # a string that only a newer Python can write inside of an f-string
            return ast.unparse(ast.fix_missing_locations(spliced(choose, real))) + "\n"


def spliced(choose: random.Random, real: Corpus) -> ast.AST:
    """The tree of such a piece."""
    tree: ast.AST = ast.parse(choose.choice(real.pieces))
    for _ in range(choose.choice((1, 2, 3, 5, 8))):
        places = list(slots(tree))
        if not places:
            break
        holder, index, node = choose.choice(places)
        local = [other for _, _, other in places if isinstance(other, ast.expr) is isinstance(node, ast.expr)]
        if isinstance(node, ast.expr):
            new: ast.AST = choose.choice((choose.choice(local), choose.choice(real.expressions), odd(choose)))
        else:
            new = choose.choice((choose.choice(local), choose.choice(real.statements)))
        holder[index] = copied(new)
    return tree


def slots(tree: ast.AST) -> Iterator[tuple[Any, Any, ast.AST]]:
    """Where an expression or statement may be replaced: the list or namespace that holds it, its place, itself."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.JoinedStr, ast.pattern)):
            continue  # what stands in them is no expression like others
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and replaceable(value, name):
                yield vars(node), name, value
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.stmt) or (isinstance(item, ast.expr) and replaceable(item, name)):
                        yield value, index, item


def replaceable(node: ast.expr, field: str) -> bool:
    if isinstance(node, ast.Starred) or any(isinstance(part, ast.Slice) for part in ast.walk(node)):
        return False
    return field not in ("targets", "target", "type_params", "format_spec") and not isinstance(
        getattr(node, "ctx", None), (ast.Store, ast.Del)
    )


def copied(node: ast.AST) -> ast.AST:
    return copy.deepcopy(node)


def odd(choose: random.Random) -> ast.expr:
    """An expression that strains an evaluator."""
    return ast.parse(choose.choice(STRANGE), mode="eval").body


STRANGE = (
    "9**9**9", "1 << 10**9", "[0] * 10**12", "'a' * 10**9", "range(10**18)", "None", "unknown", "unknown()", "-1", "0",
    "2.5", "float('nan')", "float('inf')", "()", "[]", "{}", "set()", "(lambda *a, **k: a)", "self", "self.missing",
    "[unknown for unknown in unknown]", "{**unknown}", "[*unknown]", "(yield)", "print", "type", "object", "super()",
    "type(self)", "self.__class__", "self.__dict__", "locals()", "globals()", "vars(self)", "getattr(self, unknown)",
    "setattr(self, unknown, 1)", "iter([1, 2])", "next(iter(()))", "zip([1], unknown)", "map(type, [1])",
    "sorted([unknown, 1])", "max(())", "nn.Linear(unknown, 2)", "nn.Sequential(*unknown)", "nn.ModuleList(unknown)",
    "nn.Parameter(torch.zeros(unknown))", "nn.Linear", "nn.Module()", "copy.deepcopy(self)", "'%s' % unknown",
    "f'{unknown:{unknown}}'", "'{}'.format(unknown)", "slice(None)", "...", "NotImplemented", "True", "1j", "b'a'",
    "int('9' * 5000)", "'a'.join(unknown)", "dict(a=1)", "dict(unknown)", "isinstance(unknown, int)", "1 / 0",
    "[][0]", "{}[0]", "unknown[unknown]", "unknown if unknown else 1", "unknown and 1", "not unknown", "1 in unknown",
    "(x := unknown)", "[x := 1]", "torch.Size([1, 2])", "torch.zeros(2, 3)", "torch.zeros(unknown).shape[0]",
    "eval('nn.Linear(3, 4)')", "eval(unknown)", "eval('self.' * 300)", "exec('self.x = nn.Linear(2, 2)')", "eval(')')",
    "math.sqrt(-1)", "math.inf", "int(math.nan)", "divmod(1, 0)", "pow(2, -1)", "[1, 2][::0]", "range(0, 5, 0)",
)  # fmt: skip


def grammar(choose: random.Random, real: Corpus) -> str:
    """A program from Python's grammar, under an import, so that it is evaluated."""
    import hypothesmith
    from hypothesis import HealthCheck, Phase, given, seed, settings

    found: list[str] = []

    @seed(choose.randrange(2**32))
    @settings(max_examples=1, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(hypothesmith.from_grammar() if choose.random() < 0.5 else hypothesmith.from_node())
    def note(text: str) -> None:
        found.append(text)

    note()
    return "from torch import nn\n" + found[-1]


KINDS: dict[str, Callable[[random.Random, Corpus], str]] = {"tokens": tokens, "splices": splices, "grammar": grammar}


def make(kind: str, seed: int, number: int, real: Corpus) -> str:
    """One input."""
    return KINDS[kind](random.Random(f"{kind} {seed} {number}"), real)


CONFIGURATION: Configuration = parse_configuration(
    {"max_layer_params": "1", "max_model_params": "1", "nnlint_report_unknown": True}
)


@contextmanager
def counted_steps() -> Iterator[list[int]]:
    """The steps of each root that is evaluated meanwhile; the last is still running."""
    spent: list[int] = []
    start = Control.start

    def note(self: Control) -> None:
        spent.append(self.steps)
        start(self)

    Control.start = note  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        Control.start = start  # type: ignore[method-assign]


def check(path: str, text: str, configuration: Configuration = CONFIGURATION) -> str | None:
    """Lint and report one text; what is wrong with what comes out, or None."""
    with counted_steps() as spent:
        told = read_file(Request(path), text, configuration)
    if any(steps > MOST_STEPS for steps in spent):
        return f"a root took {max(spent)} steps"
    if is_python(text):
        wrong = [e.message for e in told.analysis.errors if not e.message.startswith(REASONS)]
        if wrong:
            return f"valid Python: {wrong[0]}"
    lines = len(text.splitlines()) + 1
    for finding in (*told.findings, *told.silenced):
        if UNSAFE.search(finding.message):
            return f"unsafe text: {finding.message!r}"
        if not (1 <= finding.line <= lines and finding.column >= 1):
            return f"no such place: {finding}"
    shown = render(report_text(list_files([told])))
    if UNSAFE.search(shown.replace("\n", "")) or "::" in shown:
        return f"unsafe text in the report: {shown!r}"
    json.loads(report_json([told.analysis], configuration.formula))
    return None


def failure(path: str, text: str) -> str | None:
    """What is wrong with what nnlint makes of a text, exceptions too."""
    try:
        return check(path, text)
    except Exception:
        return traceback.format_exc()


def work(kind: str, seed: int, numbers: range, folders: list[str], progress: Any, parsed: Any, results: Any) -> None:
    """A worker: every input of its numbers."""
    real = corpus(*folders)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "fuzz.py")
        for number in numbers:
            progress.value = number
            if number % 100 == 0:
                analyse._kept.forget()
            text = make(kind, seed, number, real)
            parsed.value += is_python(text)
            begun = time.process_time()
            wrong = failure(path, text)
            took = time.process_time() - begun
            if wrong is None and took > 10:
                wrong = f"took {took:.1f} s of CPU"
            if wrong is not None:
                results.put((number, wrong, text))


def run(kind: str, seed: int, inputs: int, start: int, folders: list[str], save: Path | None) -> int:
    """All inputs of one kind in worker processes, each begun again behind an input that kills it; the failures."""
    failures, next_number, end = 0, start, start + inputs
    results: Any = multiprocessing.Queue()
    progress: Any = multiprocessing.Value("q", start)
    parsed: Any = multiprocessing.Value("q", 0)
    begun = time.time()
    while next_number < end:
        upto = min(end, next_number + 1000)
        worker = multiprocessing.Process(
            target=work, args=(kind, seed, range(next_number, upto), folders, progress, parsed, results)
        )
        worker.start()
        while worker.is_alive() or not results.empty():
            worker.join(0.5)
            while not results.empty():
                number, wrong, text = results.get()
                failures += 1
                report(kind, seed, number, wrong, text, save)
        next_number = upto
        if worker.exitcode != 0:
            failures += 1
            number = progress.value
            report(kind, seed, number, f"the process ended with {worker.exitcode}", "", save)
            next_number = number + 1
        told = f"{next_number - start} inputs, {parsed.value} of them Python, {failures} failures"
        print(f"{kind} seed {seed}: {told}, {time.time() - begun:.0f} s", flush=True)
    return failures


def report(kind: str, seed: int, number: int, wrong: str, text: str, save: Path | None) -> None:
    print(f"{kind} {seed} {number}: {wrong}", flush=True)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        content = f"{wrong}\n{'-' * 20}\n{text}"
        (save / f"{kind}_{seed}_{number}.txt").write_text(content, encoding="utf-8", errors="replace")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", help="folders of real files")
    parser.add_argument("--kind", choices=[*KINDS, "all"], default="all")
    parser.add_argument("--inputs", type=int, default=1000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the number of the first input")
    parser.add_argument("--save", type=Path, help="a folder for the inputs that fail")
    options = parser.parse_args()
    kinds = list(KINDS) if options.kind == "all" else [options.kind]
    failures = sum(run(k, options.seed, options.inputs, options.start, options.folders, options.save) for k in kinds)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
