"""From a file and the name of one model in it, perhaps with arguments, to what is known of that model alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnlint.analyse import Settings, machine_for
from nnlint.binding import binding_place
from nnlint.construction import Analysis, Failure, Place
from nnlint.defaults import assumption
from nnlint.evaluate.nn_module import is_module
from nnlint.gathering import Gathered, Root
from nnlint.roots import Roots, is_perhaps_module
from nnlint.signature import REQUIRED, BindError
from nnlint.stack import on_deep_stack
from nnlint.unknown import Unknown
from nnlint.unreached import is_module_class
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Class,
    Descriptor,
    Dict,
    Function,
    Instance,
    List,
    Module,
    Native,
    Partial,
    RaisedError,
    Set,
    Value,
)
from nnlint.wanted import Wanted, WantedError, near


def analyse_model(path: str, text: str, wanted: Wanted, settings: Settings) -> Analysis:
    """The analysis of what one model builds, with its tree. Raises WantedError where the file has no such model, is not
    analysed, or where the model does not take these arguments."""
    return on_deep_stack(lambda: _analyse(path, text, wanted, settings))


def _analyse(path: str, text: str, wanted: Wanted, settings: Settings) -> Analysis:
    machine = machine_for(path, settings)
    source = machine.source(path, text)
    if isinstance(source, Failure):
        raise WantedError(f"{path}:{source.line}:{source.column}: {source.message}")
    return OneModel(machine, source, path, trees=True).build(wanted)


class OneModel(Roots):
    """One root, as the user asks for it; what it does not say is as for the file's own roots.

    outside: the class of what was built, where its base is not known; is_script: the body of
    `if __name__ == "__main__":` has run; unended: why it did not come to its end.
    """

    outside: Class | None = None
    is_script = False
    unended: str | None = None

    def build(self, wanted: Wanted) -> Analysis:
        """The analysis of this root alone."""
        module = self._module()
        heap = self.machine.heap
        level = len(heap.trails)
        heap.open()
        try:
            return self._build(module, wanted)
        finally:
            heap.undo_to(level)

    def _build(self, module: Module, wanted: Wanted) -> Analysis:
        callee = self._find(module, wanted)
        place, kind = self._place(module, callee, wanted.name)
        if is_model(callee):
            self.gathered.keep_built_at(place)
        else:
            self.gathered = Gathered(self.source, self.path)
        run, generic, assumed = self._call_of(module, callee, wanted)
        title = f"{wanted.text if '(' in wanted.text or is_model(callee) else wanted.text + '()'}{assumed}"
        root = Root(f"{title} at line {place.line}", generic, assumed)
        value, total, why = self._root(root, lambda: self._as_module(run()))
        if self.raised is not None:
            raise WantedError(f"{title} cannot be built: {self.raised}")
        if self.unended is not None:
            total, why, self.tree = None, self.unended, None
        if self.outside is not None:
            why = why or (self.outside.unknown_base.why if self.outside.unknown_base is not None else None)
            self.tree = self.tree and self.tree._replace(kind=self.outside.name)
        if why is None and is_known(value) and not is_model(value):
            what = f"{wanted.name} is" if isinstance(callee, Class) else f"{title} returns"
            raise WantedError(f"{what} no Module")
        self._model(place, wanted.name, kind, title, total, why)
        gathered, refused = self.gathered, self.refusals.refused()
        return Analysis(self.path, gathered.layers(), gathered.entered(), self.models, refusals=refused)

    def _as_module(self, made: Value) -> Value:
        """What was built; of an object of an unknown base that looks like a Module, the modules that it holds."""
        if is_module(made) or not is_model(made) or isinstance(made, Unknown):
            return made
        self.outside = made.cls
        return self._held(made)

    def _find(self, module: Module, wanted: Wanted) -> Value:
        """What a dotted name stands for in the module, or else in the script that it is."""
        try:
            return self._named(module, wanted)
        except WantedError:
            bodies = self.machine.mains.get(id(self.source), {}).values()
            if not bodies:
                raise
        self.is_script = True
        _, _, why = self._root(Root(), lambda: [body(module.frame) for body in bodies] and None, keep=True)
        if self.raised is None:
            self.unended = why
        elif not str(self.raised).startswith("SystemExit"):
            self.unended = f"the script raises {self.raised}"
        return self._named(module, wanted)

    def _named(self, module: Module, wanted: Wanted) -> Value:
        """What a dotted name stands for: a model, or what may give one when it is called."""
        first, *rest = wanted.name.split(".")
        value = module.frame.variables.get(first, ABSENT)
        try:
            for name in rest:
                if isinstance(value, Class) and isinstance(value.find(name), (Function, Native)):
                    raise WantedError(f"{wanted.name} is a method: it needs an object")
                value = value if value is ABSENT else self.machine.get_attribute(value, name)
        except RaisedError:
            value = ABSENT
        if value is ABSENT:
            models = [name for name, value in module.frame.variables.items() if self._may_be_model(value)]
            raise WantedError(f"{self.path} has no model {wanted.name!r}{near(wanted.name, models)}")
        if is_model(value) and "(" in wanted.text:
            raise WantedError(f"{wanted.name} is a model already: it takes no arguments here")
        if not is_model(value) and not may_be_called(value):
            raise WantedError(f"{wanted.name} is no model")
        return value

    def _may_be_model(self, value: Value) -> bool:
        if isinstance(value, Class):
            return value.module is not None and (is_module_class(value) or is_perhaps_module(value))
        return isinstance(value, Function) or is_model(value)

    def _place(self, module: Module, callee: Value, name: str) -> tuple[Place, str]:
        """Where the model is written (a class, a function, what gives a variable its value), and its kind."""
        kind = "class" if isinstance(callee, Class) else "call" if is_model(callee) else "function"
        callee = callee.function if isinstance(callee, BoundMethod) else callee
        if not isinstance(callee, Class):
            callee = self._signature_of(module, callee)[0] or callee
        is_here = isinstance(callee, (Class, Function)) and callee.site is not None
        if is_here and callee.site.source is self.source:
            place = callee.site.source.place(callee.site.node)
        else:
            place = binding_place(self.source, name.partition(".")[0], self.is_script)
        return place or Place(1, 1, 1, 1), kind

    def _call_of(self, module: Module, callee: Value, wanted: Wanted) -> tuple[Callable[[], Value], bool, str]:
        """The call, whether an argument is Unknown, and what it assumes: arguments that are not given and have no
        default are as for the file's own roots. A model that is there already is not called."""
        if is_model(callee):
            return lambda: callee, False, ""
        function, skip = self._signature_of(module, callee)
        args = [self._value(arg) for arg in wanted.args]
        kwargs = {name: self._value(value) for name, value in wanted.kwargs.items()}
        lacking: dict[str, Value] = {}
        generic = False
        if function is not None:
            lacks = _lacking(function, skip, wanted)
            given, _ = self.defaults.arguments(function, callee if isinstance(callee, Class) else None, skip)
            lacking = {name: given[name] for name in lacks[0]}
            generic = any(isinstance(value, Unknown) for value in lacking.values())

        def call() -> Value:
            return self.machine.call(callee, args, {**kwargs, **self.defaults.made(lacking)})

        return call, generic, assumption(lacking)

    def _signature_of(self, module: Module, callee: Value) -> tuple[Function | None, int]:
        """The function that says which arguments there are, and how many it gets by itself."""
        if isinstance(callee, Class):
            init = callee.find("__init__")
            return (init, 1) if isinstance(init, Function) else (None, 0)
        own = (function for function, decorated in module.functions.values() if decorated is callee)
        function = next(own, callee)
        return (function, 0) if isinstance(function, Function) else (None, 0)

    def _value(self, literal: Any) -> Value:
        """A Python literal as the machine's value."""
        clock = self.machine.heap.clock
        if isinstance(literal, tuple):
            return tuple(self._value(item) for item in literal)
        if isinstance(literal, list):
            return List([self._value(item) for item in literal], clock)
        if isinstance(literal, dict):
            return Dict({key: self._value(item) for key, item in literal.items()}, clock)
        if isinstance(literal, set):
            return Set(literal, clock)
        return literal


def is_model(value: Value) -> bool:
    """Whether a value is a Module, or looks like one, surely or in one of the ways the program can have run."""
    if isinstance(value, Unknown):
        return any(map(is_model, value.options))
    return isinstance(value, Instance) and (is_module(value) or is_perhaps_module(value.cls))


def is_known(value: Value) -> bool:
    """Whether a value surely is no Module, if it does not look like one."""
    return not isinstance(value, Unknown) or value.plain


def may_be_called(value: Value) -> bool:
    """Whether a call of a value may give anything."""
    if isinstance(value, Instance):
        return value.cls.find("__call__") is not ABSENT or value.cls.unknown_base is not None or value.open is not None
    if isinstance(value, Unknown):
        return not value.plain
    return isinstance(value, (BoundMethod, Class, Descriptor, Function, Native, Partial))


def _lacking(function: Function, skip: int, wanted: Wanted) -> tuple[list[str], list[str]]:
    """The names of parameters that must be given and are not, and of those that are. Raises WantedError."""
    signature = function.signature
    try:
        bound = signature.bind((None,) * skip + wanted.args, wanted.kwargs, unknown_keywords=_NOT_GIVEN)
    except BindError as error:
        named = [p.name for p in signature.parameters[skip:] if p.kind in ("both", "keyword")]
        wrong = next((name for name in wanted.kwargs if name not in named), "")
        hint = near(wrong, named) if wrong and "unexpected" in str(error) else ""
        raise WantedError(f"{wanted.name}() {error}{hint}") from None
    free = [p for p in signature.parameters if bound[p.name] is _NOT_GIVEN]
    lacks = [p.name for p in free if p.default is REQUIRED]
    return lacks, [name for name in bound if name not in lacks]


_NOT_GIVEN = Unknown("not given")
