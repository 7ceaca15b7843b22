"""What nnlint knows of a program is what Python makes of it: hand-written programs, and generated ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from differential import difference
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPRESSIONS = (FIXTURES / "expressions.txt").read_text(encoding="utf-8").splitlines()
PROGRAMS = (FIXTURES / "programs.txt").read_text(encoding="utf-8").split("###\n")
MODULES = ("math", "itertools", "functools", "collections", "operator", "copy")

EXAMPLES = int(os.environ.get("NNLINT_EXAMPLES", "200"))  # more than that are drawn anew in every run

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")


def known_share(programs: list[str]) -> float:
    """Asserts that nothing is wrong, and gives the share of variables that nnlint knows."""
    results = [(program, *difference(program)) for program in programs]
    assert [(wrong, program) for program, wrong, _, _ in results if wrong] == []
    return sum(known for *_, known in results) / sum(variables for _, _, variables, _ in results)


def test_expressions() -> None:
    header = "".join(f"import {module}\n" for module in MODULES)
    assert known_share([f"{header}result = {text}\n" for text in EXPRESSIONS]) > 0.85


def test_programs() -> None:
    assert known_share(PROGRAMS) > 0.9


class Writer:
    """Writes a program that mostly runs through, drawing every choice."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.names: dict[str, list[str]] = {"int": [], "str": [], "list": [], "dict": [], "call": []}
        self.fresh = 0
        self.depth = 0

    def pick(self, *choices: str) -> str:
        chosen: str = self.draw(st.sampled_from(choices))
        return chosen

    def number(self, low: int, high: int) -> int:
        drawn: int = self.draw(st.integers(low, high))
        return drawn

    def name(self, kind: str) -> str:
        self.fresh += 1
        made = f"{kind[0]}{self.fresh}"
        self.names[kind].append(made)
        return made

    def expression(self, kind: str, depth: int = 2) -> str:
        """An expression of a kind: int, str, list (of ints) or dict (of strings to ints)."""
        known = self.names[kind]
        if known and self.number(0, 2) == 0:
            return self.pick(*known)
        if depth <= 0:
            return LITERALS[kind][self.number(0, len(LITERALS[kind]) - 1)]
        template = self.pick(*TEMPLATES[kind])
        for part in ("int", "str", "list", "dict"):
            while f"<{part}>" in template:
                template = template.replace(f"<{part}>", f"({self.expression(part, depth - 1)})", 1)
        if "<call>" in template:
            if not self.names["call"]:
                return LITERALS[kind][0]
            template = template.replace("<call>", self.pick(*self.names["call"]))
        return template

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def block(self, count: int) -> None:
        """Statements one level deeper; names bound there may be unbound outside, and are forgotten."""
        kept = {kind: list(names) for kind, names in self.names.items()}
        self.depth += 1
        for _ in range(count):
            self.statement()
        self.depth -= 1
        self.names = kept

    def statement(self) -> None:
        kind = self.pick("int", "str", "list", "dict")
        what = self.pick(*STATEMENTS) if self.depth < 3 else "assign"
        needed = {"augment": "int", "mutate": "list", "store": "dict", "alias": "list"}.get(what)
        if what == "assign" or (needed and not self.names[needed]):
            value = self.expression(kind)
            self.line(f"{self.name(kind)} = {value}")
        elif what == "augment":
            self.line(f"{self.pick(*self.names['int'])} {self.pick('+=', '-=', '*=')} {self.expression('int', 1)}")
        elif what == "mutate":
            method = self.pick("append(<int>)", "extend(<list>)", "insert(0, <int>)", "reverse()", "sort()", "pop()")
            target = self.pick(*self.names["list"])
            self.line(f"{target}.{method}".replace("<int>", self.expression("int", 1)).replace(
                "<list>", f"({self.expression('list', 1)})[:3]"))  # fmt: skip
        elif what == "store":
            target = self.pick(*self.names["dict"])
            self.line(f"{target}[{self.expression('str', 1)}] = {self.expression('int', 1)}")
        elif what == "alias":
            source = self.pick(*self.names["list"])
            self.line(f"{self.name('list')} = {source}")
        elif what == "if":
            self.line(f"if {self.expression('int')} > {self.expression('int', 1)}:")
            self.block(self.number(1, 3))
            self.line("else:")
            self.block(1)
        elif what == "for":
            variable = self.name("int")
            self.lines.append("    " * self.depth + f"{variable} = 0")
            self.line(f"for {variable} in {self.pick('range(3)', '[2, 0, 1]', 'list(<list>)[:3]')}:".replace(
                "<list>", self.expression("list", 1)))  # fmt: skip
            self.block(self.number(1, 3))
            self.depth += 1
            self.line(f"if {variable} == {self.number(0, 2)}: {self.pick('break', 'continue', 'pass')}")
            self.depth -= 1
        elif what == "try":
            self.line("try:")
            self.block(self.number(1, 2))
            self.depth += 1
            self.line(self.pick("[][1]", "1 // 0", "{}['k']", "raise ValueError(1)", "int('x')", "pass"))
            self.depth -= 1
            self.line(f"except {self.pick('LookupError', 'ArithmeticError', '(ValueError, KeyError)', 'Exception')}:")
            self.block(1)
            self.line(self.pick("finally:", "else:"))
            self.block(1)
        elif what == "def":
            self.function()
        elif what == "class":
            self.cls()

    def function(self) -> None:
        made, outer = f"f{self.fresh}", {kind: list(names) for kind, names in self.names.items()}
        self.fresh += 1
        self.line(f"def {made}(a, b={self.expression('int', 1)}, *c, d={self.expression('list', 1)}):")
        self.names["int"] += ["a", "b"]
        self.names["list"] += ["d"]
        self.block(self.number(0, 2))
        self.depth += 1
        self.line(self.pick("d.append(a)", "b += 1", "pass", "a, b = b, a"))
        self.line(f"return ({self.expression('int')}) + len(c) + len(d)")
        self.depth -= 1
        self.names = outer
        self.names["call"].append(made)

    def cls(self) -> None:
        made = f"C{self.fresh}"
        self.fresh += 1
        base = self.pick("object", "dict", "Exception")
        self.line(f"class {made}({base}):")
        self.depth += 1
        self.line(f"shared = {self.expression('list', 1)}")
        self.line("def __init__(self, a=1, b=2):")
        self.line("    super().__init__()")
        self.line("    self.a, self.b = a, b")
        self.line("    self.shared.append(a)")
        self.line("@property")
        self.line("def both(self): return self.a + self.b")
        self.line("def __call__(self, a, b=3): self.a += a; return self.both + b")
        self.depth -= 1
        instance = f"o{self.fresh}"
        self.line(f"{instance} = {made}({self.expression('int', 1)})")
        value = f"{instance}({self.expression('int', 1)}) + len({made}.shared)"
        self.line(f"{self.name('int')} = {value}")
        self.names["call"].append(instance)


STATEMENTS = ("assign", "augment", "mutate", "store", "alias", "if", "for", "try", "def", "class", "assign")
LITERALS = {
    "int": ["0", "1", "3", "-7", "64", "True"],
    "str": ["'a'", "''", "'key'", "'x-y'"],
    "list": ["[]", "[1, 2, 3]", "[5, 0]"],
    "dict": ["{}", "{'a': 1}", "{'a': 1, 'key': 2}"],
}
TEMPLATES = {
    "int": (
        "<int> + <int>", "<int> - <int>", "<int> * 3", "<int> // 2", "<int> % 5", "-<int>", "len(<list>)",
        "sum(<list>)",
        "max(<list>, default=4)", "min(<int>, <int>)", "<int> if <int> else <int>", "<int> or <int>", "<int> and <int>",
        "int(<str> == <str>)", "<dict>.get(<str>, <int>)", "len(<str>)", "abs(<int>)", "int(<int> / 3)", "<int> & 7",
        "(lambda x, y=<int>: x + y)(<int>)", "int(<int> in <list>)", "<call>(<int>)", "<call>(<int>, <int>)",
        "sum(x for x in <list> if x % 2)", "next(iter(<list>), <int>)", "len({*<list>})", "(w := <int>) + w",
        "next((i for i, x in enumerate(<list>) if x > 1), 9)", "round(<int> / 4)", "divmod(<int>, 3)[1]",
        "functools.reduce(lambda x, y: x + y, <list>, 1)", "[*<list>, <int>][0]", "dict(zip('ab', <list>)).get('a', 2)",
    ),
    "str": (
        "<str> + <str>", "(lambda i, s: f'{i}{s!r:>4}{{}}')(<int>, <str>)", "<str>.upper()",
        "'%d-%s' % (<int>, <str>)", "'-'.join(map(str, <list>))",
        "<str>[::-1]", "<str>.replace('a', 'bb')", "<str> * 2", "'{:>4}'.format(<int>)", "str(<int>)", "<str>[:1]",
        "(lambda v: f'{v:03d}{v=}{v:>{4}}')(<int>)", "''.join(sorted(<str>))",
    ),
    "list": (
        "<list> + <list>", "[x * 2 for x in <list>]", "<list>[1:]", "<list>[::-1]", "sorted(<list>)",
        "list(range(<int> % 5))",
        "[x + y for x in <list> for y in (1, 2)][:4]", "list(<dict>.values())", "[<int>, <int>]", "[*<list>, <int>]",
        "list(map(lambda x: x + <int>, <list>))", "[v for k, v in <dict>.items() if v]", "[len(k) for k in <dict>]",
        "list(itertools.accumulate(<list>))", "[i for i, x in enumerate(<list>) if x]", "list(filter(None, <list>))",
        "copy.copy(<list>)", "[a - b for a, b in zip(<list>, <list>)]", "[<int>] * 2",
        "list(itertools.chain(<list>, (1,)))",
        "list(dict.fromkeys(<list>))",
    ),
    "dict": (
        "{<str>: <int>}", "{**<dict>, 'k': <int>}", "{k: v + 1 for k, v in <dict>.items()}", "dict(<dict>, z=<int>)",
        "<dict> | <dict>", "dict(zip('ab', <list>))", "{str(x): x for x in <list>}", "copy.deepcopy(<dict>)",
        "collections.Counter(<str>)", "collections.OrderedDict(<dict>)", "dict(sorted(<dict>.items()))",
    ),
}  # fmt: skip


@st.composite
def programs(draw: Any) -> str:
    writer = Writer(draw)
    for _ in range(writer.number(2, 8)):
        writer.statement()
    header = [f"import {module}" for module in MODULES]
    return "\n".join([*header, *writer.lines]) + "\n"


def test_generated_programs() -> None:
    compared: list[tuple[int, int]] = []

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 200, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(programs())
    def run(program: str) -> None:
        assume(len(program) < 20_000)
        wrong, variables, known = difference(program)
        assert not wrong, f"{wrong}\n{program}"
        compared.append((variables, known))

    run()
    assert sum(known for _, known in compared) > 0.8 * sum(variables for variables, _ in compared) > 100


KINDS = (
    *(f"collections.abc.{name}" for name in (
        "Callable", "Collection", "Container", "Hashable", "Iterable", "Iterator", "Mapping", "MutableMapping",
        "MutableSequence", "MutableSet", "Reversible", "Sequence", "Set", "Sized", "ValuesView", "Generator",
    )),
    *(f"numbers.{name}" for name in ("Complex", "Integral", "Number", "Rational", "Real")),
    *(f"typing.{name}" for name in ("Callable", "Dict", "FrozenSet", "List", "Mapping", "Sequence", "Set", "Tuple")),
    *(f"types.{name}" for name in (
        "BuiltinFunctionType", "FunctionType", "GeneratorType", "LambdaType", "MethodType", "ModuleType",
        "SimpleNamespace",
    )),
    "type(None)", "object", "int", "list", "type", "argparse.Namespace", "decimal.Decimal", "enum.Enum",
)  # fmt: skip
OF_SOME_KIND = (
    "None", "True", "1", "1.5", "1j", "'a'", "b'a'", "[1]", "(1,)", "{1: 2}", "{1}", "frozenset([1])", "range(3)",
    "slice(1)", "{}.keys()", "{}.values()", "iter([1])", "zip()", "(i for i in [1])", "f", "Called", "Called()",
    "Plain()", "Items()", "Named()", "Listed()", "Coloured.RED", "len", "int", "'a'.upper", "Called().method",
    "functools.partial(f)", "collections.deque()", "collections.OrderedDict()", "collections.Counter()", "types",
    "lambda: 1",
)  # fmt: skip


def test_isinstance() -> None:
    header = """\
import argparse, collections, collections.abc, decimal, enum, functools, numbers, types, typing
class Plain: pass
class Listed(list): pass
class Called:
    def __call__(self): pass
    def method(self): pass
class Items:
    def __iter__(self): return iter(())
    def __len__(self): return 0
class Named(typing.NamedTuple):
    size: int = 1
class Coloured(enum.Enum):
    RED = 1
def f(): pass
"""
    programs = [
        header + f"value = {value}\n" + "".join(f"k{i} = isinstance(value, {kind})\n" for i, kind in enumerate(KINDS))
        for value in OF_SOME_KIND
    ]
    assert known_share(programs) > 0.8
