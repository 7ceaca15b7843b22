"""The modules of a project: where they are found, how they are executed, and what an import statement gives."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

import libcst as cst

from nnlint.construction import Failure
from nnlint.evaluate.attributes import is_not_in_python
from nnlint.evaluate.classes import Classes
from nnlint.evaluate.control import IMPORT_STEPS, OF_A_ROOT, LimitError
from nnlint.evaluate.journal import Change, Journal, StaleError
from nnlint.evaluate.statements import Execute
from nnlint.evaluate.torch_functions import FUNCTIONS
from nnlint.evaluate.torch_names import NAMES
from nnlint.project import Project, absolute_name
from nnlint.source import Source, parse
from nnlint.text import read
from nnlint.unknown import Unknown, UnknownValueError
from nnlint.values import ABSENT, Class, External, Folder, Frame, Function, List, Module, RaisedError, Value

# Packages that tables know, where the search path has them.
KNOWN_PACKAGES = frozenset({"attr", "attrs", "pydantic", "pydantic_settings", "click", "typer"})
# Those whose own files are never read.
FRAMEWORKS = frozenset(
    {"torch", "numpy", "math", "functools", "itertools", "collections", "typing", "copy", "operator"}
)


# Modules of Python's own of which `import *` binds what they list, and what others bind that is named as a builtin.
OF_PYTHON = frozenset(
    {"abc", "collections", "contextlib", "copy", "dataclasses", "enum", "functools", "itertools", "operator", "typing"}
)
SHADOWING = {
    "torch": ("abs", "all", "any", "bool", "compile", "complex", "float", "int", "max", "min", "pow", "range", "round",
              "sum"),
    "numpy": ("abs", "all", "any", "bool", "divmod", "max", "min", "pow", "round", "sum"),
}  # fmt: skip
# How a module may have names that its text lacks, but for those that it imports with all others of a module.
UNWRITTEN = ("__getattr__", "__dict__", "globals", "vars(", "locals(", "setattr(", "exec(")
WRITTEN = re.compile(r"""globals\(\)\[(['"])\w+\1\]""")  # a name in full
STAR = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*\*", re.MULTILINE)
ANY_STAR = re.compile(r"\bimport\s*\*")
LISTED = re.compile(r"""^__all__[ \t]*(?::[^=\n]*)?=[ \t]*[\[(][\s\w'",]*[\])][ \t]*$""", re.MULTILINE)


class Text(NamedTuple):
    """A file that was looked into: its text, and the modules of which it hands on all names (the dots, and the name
    behind them); None where it may hand on further names that its text lacks."""

    text: str
    stars: list[tuple[int, str]] | None

    @classmethod
    def of(cls, text: str) -> Text:
        """What a text tells. One with a list of all that it hands on hands on nothing else."""
        if text.count("__all__") == 1 and LISTED.search(text):
            return cls(text, [])
        stars = [(len(dots), dotted) for dots, dotted in STAR.findall(text)]
        plain = WRITTEN.sub("", text)
        is_open = any(word in plain for word in UNWRITTEN) or len(ANY_STAR.findall(text)) > len(stars)
        return cls(text, None if is_open else stars)


def starred(dotted: str) -> Iterable[str]:
    """What is known of the names that `from dotted import *` binds, for a module of Python's own, numpy or torch."""
    if dotted not in OF_PYTHON:
        return SHADOWING.get(dotted, ())
    python = importlib.import_module(dotted)
    listed: Iterable[str] = getattr(python, "__all__", [name for name in vars(python) if not name.startswith("_")])
    return (name for name in listed if name != "property")  # enum's does what Python's own does


class Imports(Classes):
    """The part of the machine that keeps the modules it has loaded."""

    project: Project
    torch: dict[str, Class]
    sources: dict[str, Source]

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal(self.heap)
        self.mains: dict[int, dict[cst.If, Execute]] = {}
        self.modules: dict[str, Module] = {}
        self.texts: dict[str, Text | Failure] = {}  # of files that were looked into, by path

    def run_statements(self, module: Module) -> None:
        raise NotImplementedError  # the machine as a whole runs the module

    def module(self, dotted: str) -> Value:
        """A module of the project by its absolute name, executed at its first import; ABSENT outside the project.
        Raises, in the program, what its import ends with."""
        self.import_parents(dotted)
        found = self.modules.get(dotted)
        if found is None:
            found = self._find_module(dotted)
        if isinstance(found, Module):
            self.follow(found)
            if found.failure is not None:
                raise RaisedError(found.failure.value)
        return found

    def follow(self, module: Module) -> None:
        """An import leads to a module: what its import writes to what is older stands there from now on."""
        for change in self.journal.follow(module):
            if self.journal.files > 1:
                raise StaleError
            self.journal.is_spoiled = True  # not all of it is taken back
            if isinstance(change, Module):
                self._forget_module(change)
            else:
                self._forget_change(change)

    def _forget_module(self, module: Module) -> None:
        """What a module holds and writes that would have read something else is not known."""
        why = f"what was imported before {module.name} differs"
        self.heap.touch(module.frame)
        module.frame.variables.update({name: Unknown(why) for name in module.frame.variables if name != "*"})
        for entry in module.log:
            if isinstance(entry, Change):
                self._forget_change(entry)

    def _forget_change(self, change: Change, why: str = "more than one import writes to it") -> None:
        """What an import has written is not known, as where another has written to the same."""
        if not isinstance(change.item, Frame):
            self.havoc(change.item, why)
        else:
            change.item.variables.update(dict.fromkeys(change.after, Unknown(why)))

    def import_any(self, *packages: Source) -> None:
        """While a module is imported, one is imported by a name that is not known, as in a package that imports all
        that lies in its folder: any of the package, or of those that these or the code that asks for it lie in. What
        such modules would write to what is older is not known."""
        if not self.executing:
            return
        imported = self.executing[-1:] if self.executing[-1].package else ()
        sources = (*packages, *(module.source for module in imported), *(site.source for site in self.stack))
        names = [name for path in {source.path: None for source in sources} for name in self.project.beside(path)]
        pending = [self.modules[name] if name in self.modules else self._find_module(name) for name in names]
        seen = set(self.journal.active)
        for module in pending:
            if not isinstance(module, Module) or module in seen:
                continue
            seen.add(module)
            pending += (entry for entry in module.log if isinstance(entry, Module))
            for change in (entry for entry in module.log if isinstance(entry, Change)):
                self.heap.touch(change.item)
                self._forget_change(change, "an import by a name that is not known may write to it")

    def import_parents(self, dotted: str) -> None:
        """Load the packages around a module, outermost first, as Python does: where packages import themselves in
        circles, the order decides what is there."""
        parent = dotted.rpartition(".")[0]
        if parent:
            with suppress(RaisedError):
                self.module(parent)

    def _find_module(self, dotted: str) -> Value:
        if dotted.partition(".")[0] in FRAMEWORKS:
            return ABSENT
        path = self.project.find(dotted)
        if path is None or (dotted.partition(".")[0] in KNOWN_PACKAGES and not self.project.holds(path)):
            return ABSENT
        return self.load_path(path, dotted)

    def load_path(self, path: str, dotted: str) -> Value:
        """Read, parse and execute a file of the project as a module."""
        source: Source | Failure
        if path.endswith(".py"):
            source = self.source(path, None)
        else:
            source = parse(path, "")
        if isinstance(source, Failure):
            self.modules[dotted] = External(dotted)  # type: ignore[assignment]
            return self.modules[dotted]
        module = self.load(source, dotted)
        self.modules[dotted] = module
        self.execute_apart(module)
        return module

    def execute_apart(self, module: Module) -> None:
        """Run module-level code with steps of its own: what an import costs depends on no root that asks for it."""
        self.look_ups.lose()
        self.lose_construction()
        kept = {name: getattr(self, name) for name in (*OF_A_ROOT, "stack")}
        self.journal.pause()
        try:
            with self.heap.apart():
                self.start()
                self.limit, self.stack = IMPORT_STEPS, []
                self.execute(module)
        except (LimitError, UnknownValueError):
            pass  # the module says that it is partial
        finally:
            vars(self).update(kept)
            self.journal.resume()

    def source(self, path: str, text: str | None) -> Source | Failure:
        """A file, read and parsed once; `text` stands for its content where given."""
        real = os.path.realpath(path)
        known = self.sources.get(real)
        if known is not None and (text is None or known.text == text):
            return known
        content = read(path) if text is None else text
        source = content if isinstance(content, Failure) else parse(path, content)
        if isinstance(source, Source):
            self.sources[real] = source
        return source

    def import_module(self, dotted: str, whole: bool) -> Value:
        """import a.b as c (whole), or import a.b, which binds a."""
        first = dotted.partition(".")[0]
        top = self.module(first)
        if top is ABSENT or not isinstance(top, Module):
            self.doubt_torch(dotted, dotted in NAMES)
            return self.resolve(dotted if whole else first)
        value: Value = top
        for name in dotted.split(".")[1:]:
            found = self.find_attribute(value, name)
            if found is ABSENT and isinstance(value, Module):
                # A package may hold what is no Python file: an import succeeds, and what it brings is not known.
                found = External(f"{value.name}.{name}")
                self.store(value.frame, name, found)
            value = found
        return value if whole else top

    def import_name(self, importer: Module, level: int, dotted: str, name: str) -> Value:
        """from dotted import name"""
        absolute = absolute_name(importer.name, importer.package, level, dotted)
        module = self.module(absolute) if absolute else ABSENT
        if isinstance(module, Module):
            found = self.find_attribute(module, name)
            is_own = bool(self.executing) and self.executing[-1] is module  # from . import name
            if found is ABSENT and not module.ready and not is_own:
                return Unknown(f"{name} of {absolute} is imported in a circle")
            if found is ABSENT and module.package and self.project.holds_other(module.source.path, name):
                self.may_raise(f"whether {absolute} has {name}")
                return External(f"{absolute}.{name}")
            if found is ABSENT:
                raise self.error("ImportError", f"cannot import name '{name}' from '{absolute}'")
            return found
        if level:
            return Unknown(f"{name} is imported from another file")
        found = self.resolve(f"{dotted}.{name}")
        self.doubt_torch(f"{dotted}.{name}", not isinstance(found, External) or found.name in NAMES)
        if is_not_in_python(dotted, name):
            self.may_raise(f"{dotted} may have no {name}")
        return found

    def doubt_torch(self, dotted: str, is_known: bool) -> None:
        """An import of what torch, of which the release is known, may lack."""
        if dotted.startswith("torch.") and not is_known:
            self.may_raise(f"torch may have no {dotted.removeprefix('torch.')}")

    def declared(self, module: Module, name: str) -> Value:
        """What a module says under `if TYPE_CHECKING:` that a name of it is, or ABSENT."""
        if name in module.declared:
            level, dotted, imported = module.declared[name]
            return self.import_name(module, level, dotted, imported)
        for level, dotted in module.declared_stars:
            absolute = absolute_name(module.name, module.package, level, dotted)
            given = self.module(absolute) if self._may_have(absolute, name, set()) else ABSENT
            if not isinstance(given, Module):
                continue
            # One that says itself what it has, and then puts something else into its place, has nothing beyond that.
            says_itself = name not in given.frame.variables and (given.declared or given.declared_stars)
            try:
                found = self.declared(given, name) if says_itself else self.find_attribute(given, name)
            except RaisedError as raised:
                if self.matches(raised.value, self.classes["AttributeError"]) is not True:
                    raise
                continue
            if found is not ABSENT:
                return found
        return ABSENT

    def _may_have(self, dotted: str, name: str, asked: set[str]) -> bool:
        """Whether `import *` of a module may bind a name, as its text says and those of which it hands on all names: it
        need not be loaded to see that it does not. asked: the modules that were asked before."""
        if dotted in asked:
            return False
        asked.add(dotted)
        module = self.modules.get(dotted)
        path = module.source.path if isinstance(module, Module) else self.project.find(dotted)
        if path is None or not path.endswith(".py"):
            return True
        if isinstance(module, Module) and name in module.frame.variables:
            return True
        if path not in self.texts:
            content = read(path)
            self.texts[path] = content if isinstance(content, Failure) else Text.of(content)
        text = self.texts[path]
        if isinstance(text, Failure) or text.stars is None or name in text.text:
            return True
        is_package = path.endswith("__init__.py")
        targets = (absolute_name(dotted, is_package, level, target) for level, target in text.stars)
        return any(self._may_have(target, name, asked) for target in targets)

    def replace_module(self, dotted: Value, given: Value) -> None:
        """sys.modules[dotted] = given: the names of the module are what type checkers are told, else not known."""
        if given is None:
            self.give_up(Unknown("sys.modules has None in place of a module"))  # whoever imports it is refused
        module = self.modules.get(dotted) if isinstance(dotted, str) else None
        if isinstance(module, Module):
            self.heap.touch(module.frame)
            module.frame.variables["*"] = True
            module.is_replaced = True

    def import_star(self, frame: Frame, level: int, dotted: str) -> None:
        """from dotted import *"""
        self.heap.touch(frame)
        absolute = absolute_name(frame.module.name, frame.module.package, level, dotted)
        module = self.module(absolute) if absolute else ABSENT
        if isinstance(module, Module):
            variables = module.frame.variables
            listed = variables.get("__all__")
            names = [n for n in variables if not n.startswith("_")]
            if isinstance(listed, (list, tuple)) and all(isinstance(n, str) for n in listed):
                names = list(listed)
            elif listed is not None or not module.ready or "*" in variables:
                if listed is not None:
                    self.import_any(module.source)
                frame.variables["*"] = True
            for name in names:
                if name != "*":
                    found = self.find_attribute(module, name)
                    if found is not ABSENT:
                        frame.variables[name] = found
            return
        if not level and dotted in ("torch.nn", "torch.nn.modules"):
            for name, cls in self.torch.items():
                if name.count(".") == 2 and name.startswith("torch.nn."):
                    frame.variables[cls.name] = cls
            frame.variables["Parameter"] = FUNCTIONS["torch.nn.Parameter"]
        elif not level and dotted == "math":
            for name, value in FUNCTIONS.items():
                if name.startswith("math."):
                    frame.variables[name[5:]] = value
        else:
            self.doubt_torch(dotted, dotted in NAMES)
            frame.variables["*"] = True
            for name in () if level else starred(dotted):
                frame.variables[name] = self.resolve(f"{dotted}.{name}")

    def loaded(self, dotted: str) -> Value:
        """sys.modules[dotted]"""
        module = self.modules.get(dotted)
        return module if isinstance(module, Module) else Unknown(f"the module {dotted}")

    def submodule(self, module: Module, name: str) -> Value:
        """A module inside a package, as an attribute of the package."""
        try:
            return self.module(f"{module.name}.{name}") if module.package else ABSENT
        except RaisedError:
            return ABSENT

    def define(self, module: Module, function: Function, value: Value) -> None:
        """A module-level function, as written and as its decorators leave it: a root of its file."""
        module.functions[function.name] = (function, value)

    def note_main(self, source: Source, node: cst.If, body: Execute) -> None:
        """The body of `if __name__ == "__main__":` is a root of its own, however often its file is executed."""
        self.mains.setdefault(id(source), {})[node] = body

    def load(self, source: Source, name: str) -> Module:
        """A file as a module that is not executed yet."""
        module = Module(name, source, self.heap.clock)
        module.frame.variables["__name__"] = name
        module.package = not source.path.endswith(".py") or source.path.endswith("__init__.py")
        if source.path.endswith("__init__.py"):
            folder = os.path.dirname(os.path.realpath(source.path))
            module.frame.variables["__path__"] = List([Folder(folder)], self.heap.clock)
        return module

    def execute_again(self, module: Module) -> None:
        """Run module-level code once more, on the names that it has left."""
        if not self.executing or not module.ready or module in self.executing:
            self.havoc(module.frame, "a module is executed anew")
            return
        self.look_ups.lose()
        tries, self.tries = self.tries, 0
        self.executing.append(module)
        try:
            self.run_statements(module)
        finally:
            self.executing.pop()
            self.tries = tries

    def is_imported(self, dotted: str) -> bool | Unknown:
        """dotted in sys.modules: known of what lies in a package whose own import runs"""
        self.look_ups.lose()
        self.lose_construction()
        return self.journal.is_imported(dotted, self.modules.get(dotted))

    def execute(self, module: Module) -> None:
        """Run module-level code. What it writes to what is older is in its log, and counts where it is followed."""
        self.executing.append(module)
        self.journal.open(module)
        try:
            self.run_statements(module)
            module.ready = True
        except RaisedError as raised:
            self._break_off(module)
            module.failure = raised.with_traceback(None)
        except (LimitError, UnknownValueError):
            self._break_off(module)
            raise
        finally:
            self.journal.close()
            self.executing.pop()

    def _break_off(self, module: Module) -> None:
        self.heap.touch(module.frame)
        module.frame.variables["__partial__"] = True
