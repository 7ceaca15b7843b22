"""From a file to its Analysis: the one door through which the plugin and the command line enter."""

import ast
import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from nnlint.construction import Analysis, Failure, Refusal
from nnlint.stack import on_deep_stack

if TYPE_CHECKING:
    from nnlint.evaluate.machine import Machine
    from nnlint.project import Project
    from nnlint.source import Source


@dataclass(frozen=True)
class Settings:
    """What evaluation is told by the configuration.

    formula: "framework" or "textbook"; assume: values for what would be Unknown, by name ("vocab_size",
    "args.hidden"); layers: the team's own layers, full name to framework layer; search_path: folders outside the
    project whose modules may be read.
    """

    formula: str = "framework"
    assume: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    search_path: Sequence[str] = ()


def analyse(path: str, text: str | None = None, settings: Settings = Settings(), trees: bool = False) -> Analysis:
    """Analyse the file at `path` (its text, where given, stands for the file's content). Never raises.

    trees: whether the models have theirs, which takes time.
    """
    from nnlint.text import read

    content = read(path) if text is None else text
    if isinstance(content, Failure):
        return Analysis(path, errors=[content])
    try:
        return on_deep_stack(partial(evaluate, path, content, settings, trees))
    except Exception as error:
        _kept.forget()  # what it left half done is nothing to go on from
        return Analysis(path, errors=[Failure(1, 1, f"nnlint failed: {type(error).__name__}: {error}")])


def evaluate(path: str, text: str, settings: Settings, trees: bool) -> Analysis:
    """Parse and evaluate a file, if it may construct layers; it recurses as deeply as the file is nested."""
    if not may_construct(path, text, settings):
        return Analysis(path)
    from nnlint.evaluate.journal import StaleError

    _kept.make_room()
    with collector_off():
        try:
            return evaluate_with(path, text, settings, trees)
        except StaleError:
            _kept.begin_anew()
            return evaluate_with(path, text, settings, trees)


def evaluate_with(path: str, text: str, settings: Settings, trees: bool) -> Analysis:
    """Evaluate a file with the evaluators that are kept. Raises StaleError where what they have read does not fit."""
    from nnlint.roots import Roots

    machine = machine_for(path, settings)
    source = machine.source(path, text)
    if isinstance(source, Failure):
        return Analysis(path, errors=[source])
    analysis = Roots(machine, source, path, trees).run()
    if analysis.refusals:
        analysis.refusals = look_again(path, text, settings)
    return analysis


@contextmanager
def collector_off() -> Iterator[None]:
    """Python's cyclic garbage collector looks at all that is kept again and again, which took half of the time: off
    while a file is evaluated, and what is then kept it looks at no more (Kept.begin_anew)."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


class Kept:
    """What is kept in a process from one file to the next: the evaluators of projects, and the files that they have
    parsed, by path. A large code base would fill the memory: from time to time all begins anew."""

    def __init__(self) -> None:
        self.machines: dict[object, Machine] = {}
        self.sources: dict[str, Source] = {}
        self.files = 0  # that were evaluated
        self.left = 0  # how often what was kept has become garbage that nobody has collected

    def forget(self) -> None:
        """Keep nothing of what was."""
        self.sources = {}
        self.files = 0
        self.begin_anew(LEFT)

    def begin_anew(self, left: int = 1) -> None:
        """Read the modules of projects anew, and let no write of theirs stand; what is parsed stays. To collect what is
        left takes as long as some files: it waits until it is worth it."""
        while self.machines:
            self.machines.popitem()[1].journal.begin()
        self.left += left
        if self.left >= LEFT:
            self.left = 0
            gc.unfreeze()
            gc.collect()

    def make_room(self) -> None:
        """Begin anew where much is kept, but not so often that it takes much time to read again what all files need."""
        if self.files >= KEPT_FILES and sum(len(source.text) for source in self.sources.values()) > KEPT_TEXT:
            self.forget()
        self.files += 1


KEPT_FILES = 20
LEFT = 3  # times
KEPT_TEXT = 8_000_000  # characters, of which each takes 30 to 100 bytes with all that is made of it
_kept = Kept()


def look_again(path: str, text: str, settings: Settings) -> list[Refusal]:
    """What raises also in contexts behind a call that raises, and where nothing is assumed of what users may give."""
    from nnlint.roots import Roots

    def look(wary: bool) -> list[Refusal]:
        machine = machine_for(path, settings, goes_on=True, wary=wary)
        source = machine.source(path, text)
        return [] if isinstance(source, Failure) else Roots(machine, source, path).run().refusals

    certain = {refusal._replace(built_by="") for refusal in look(wary=True)}
    return [refusal for refusal in look(wary=False) if refusal._replace(built_by="") in certain] if certain else []


def machine_for(path: str, settings: Settings, goes_on: bool = False, wary: bool = False) -> "Machine":
    """The evaluator of a file's project: files that share their import folders share what is loaded, unless one of them
    has made it forget what its modules hold."""
    from nnlint.evaluate.machine import Machine
    from nnlint.project import Project

    project = Project(path, settings.search_path)
    told = (settings.formula, repr(sorted(settings.assume.items())), repr(sorted(settings.layers.items())))
    key = (tuple(project.roots), tuple(project.allowed), told, goes_on, wary)
    if key in _kept.machines and _kept.machines[key].journal.is_spoiled:
        _kept.begin_anew()
    if key not in _kept.machines:
        textbook = settings.formula == "textbook"
        assume, layers = dict(settings.assume), dict(settings.layers)
        _kept.machines[key] = Machine(project, assume, layers, textbook, goes_on, wary, _kept.sources)
    return _kept.machines[key]


_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^()]*\)|[^\n]*)|import[ \t]+([^\n]*))", re.MULTILINE
)


def may_construct(path: str, text: str, settings: Settings) -> bool:
    """Whether a file can construct a layer at all: it imports a framework, or a file of the project that does.

    A look that is cheap, so that a file that cannot is never parsed by LibCST.
    """
    from nnlint.project import Project

    words = ("torch", *(name.partition(".")[0] for name in settings.layers))
    project = Project(path, settings.search_path)
    key = (tuple(project.roots), tuple(project.allowed), words)
    return _reaches.setdefault(key, Reach(project, words)).leads_to_framework(path, text)


class Reach:
    """What files of a project import, and which of them lead to no framework; each file is read once in a process."""

    def __init__(self, project: "Project", words: Sequence[str]) -> None:
        self.project, self.words = project, words
        self.imports: dict[str, list[str] | None] = {}  # None for a file that imports a framework
        self.fruitless: set[str] = set()

    def leads_to_framework(self, path: str, text: str) -> bool:
        """Whether a file with this text imports a framework, or a file that leads to one."""
        pending = self.files_imported(path, text)
        seen: set[str] = set()
        while pending:
            file = pending.pop()
            if file in seen or file in self.fruitless:
                continue
            seen.add(file)
            if file not in self.imports:
                self.imports[file] = self.files_imported(file, None)
            found = self.imports[file]
            if found is None:
                return True
            pending += found
        self.fruitless |= seen
        return pending is None

    def files_imported(self, path: str, text: str | None) -> list[str] | None:
        """The project's files that a file may import; None where it imports a framework itself."""
        if text is None:
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read()
            except OSError:
                return []
        if imports_any(self.words, text):
            return None
        names = imported_names(self.project.module_name(path), path.endswith("__init__.py"), text)
        return [found for found in map(self.project.find, set(names)) if found is not None and found.endswith(".py")]


_reaches: dict[object, Reach] = {}
BY_NAME = frozenset({"__import__", "import_module"})  # what imports a module by the text of its name


def imports_any(words: Sequence[str], text: str) -> bool:
    """Whether a file imports a package with one of these words in its name, by a statement or by the name's text.

    A file that does not parse counts too: whoever analyses it says why not.
    """
    if not any(word in text for word in words):
        return False
    plain = re.search(rf"^(?:import|from)[ \t]+\w*(?:{'|'.join(map(re.escape, words))})", text, re.MULTILINE)
    if plain is not None and not any(text.count(quotes, 0, plain.start()) % 2 for quotes in ('"""', "'''")):
        return True  # as nearly all that do, and needs no parser
    try:
        nodes = list(ast.walk(ast.parse(text.removeprefix("\ufeff"))))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return True
    packages = (package for node in nodes for package in packages_imported(node))
    if any(word in package for package in packages for word in words):
        return True
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    is_named = any(value.partition(".")[0] in words for value in texts)
    return is_named and any(getattr(node, "id", getattr(node, "attr", "")) in BY_NAME for node in nodes)


def packages_imported(node: ast.AST) -> Iterator[str]:
    """The packages of an import statement, without those that are relative to the file's own."""
    if isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
        yield node.module.partition(".")[0]
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)


def imported_names(module: str, is_package: bool, text: str) -> Iterator[str]:
    """The absolute names that a file's import statements may load."""
    from nnlint.project import absolute_name

    for dots, dotted, names, plain in _IMPORT.findall(text):
        if plain:
            yield from (part.split()[0] for part in plain.partition("#")[0].split(",") if part.split())
            continue
        base = absolute_name(module, is_package, len(dots), dotted)
        yield base
        for name in re.findall(r"\b(\w+)\b(?:\s+as\s+\w+)?\s*(?:,|\)|$|#)", names):
            yield f"{base}.{name}" if base else name
