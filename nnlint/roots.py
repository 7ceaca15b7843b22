"""Where evaluation starts in a file: module-level code, functions and classes with their defaults, sites in place."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import libcst as cst

from nnlint.constructing import Constructing
from nnlint.construction import Analysis, Model, Node, Place
from nnlint.count import Count, count
from nnlint.defaults import Defaults, assumption
from nnlint.evaluate import metaclasses
from nnlint.evaluate.calls import lacks_methods
from nnlint.evaluate.commands import command_function, defaults_of
from nnlint.evaluate.constructions import Run
from nnlint.evaluate.control import LimitError
from nnlint.evaluate.expressions import lower
from nnlint.evaluate.machine import Machine
from nnlint.evaluate.nn_module import is_module
from nnlint.evaluate.scope import Scope
from nnlint.gathering import Gathered, Root
from nnlint.refusals import Judgement, Refusals, is_placeholder, is_settled
from nnlint.signature import REQUIRED
from nnlint.source import Source
from nnlint.tree import tree
from nnlint.unknown import Unknown, UnknownValueError
from nnlint.unreached import WITHOUT_PARAMETERS, Unreached, is_module_class, names_in
from nnlint.values import ABSENT, Class, Descriptor, Frame, Function, Instance, Module, RaisedError, Tensor, Value

FILE_STEPS = 6_000_000  # of all roots of a file together: twice what the largest files of models take
GENERIC_STEPS = 100_000  # of a root with an argument that is not known: it tells little more, however long it runs
LEAST_STEPS = 500  # of each root even then: what stands there in plain numbers is still counted
COLLECTED_AFTER = 20_000  # steps
ON_CLASSES = ("__new__", "__init_subclass__", "__class_getitem__")  # methods whose first argument is a class


class Roots:
    """Evaluates a file from all its roots and gathers what they construct."""

    def __init__(self, machine: Machine, source: Source, path: str, trees: bool = False) -> None:
        self.machine, self.source, self.path = machine, source, path
        self.trees = trees
        self.tree: Node | None = None
        self.raised: RaisedError | None = None  # what the last root ended with
        self.gathered = Gathered(source, path, trees)
        self.refusals = Refusals(source, path)
        self.models: list[Model] = []
        self.defaults = Defaults(machine)
        self.constructing = Constructing(machine)
        self.spent = 0  # steps
        self.collected = 0  # of them, before Python's garbage was last collected
        self.constructed: set[Class] = set()  # by a root of their own
        self.ended: dict[str, str] = {}  # why a function or class, by its qualified name, did not come to its end

    def run(self) -> Analysis:
        """The file's Analysis."""
        machine = self.machine
        machine.evaluated = set()  # what other files' roots have reached says nothing of this file's own
        machine.is_listed = self.gathered.is_listed
        module = self._module()
        gc.freeze()  # the modules that it has loaded are kept: see analyse.collector_off
        for body in machine.mains.pop(id(self.source), {}).values():
            self._root(Root(), partial(body, module.frame))
        variables = dict(module.frame.variables)
        for function, value in list(module.functions.values()):
            if self.gathered.owns(function.site):
                self._function(module, function, value)
        for value in variables.values():
            if (
                isinstance(value, Class)
                and value.site is not None
                and self.gathered.owns(value.site)
                and (is_module_class(value) or is_perhaps_module(value))
            ):
                self._class(module, value)
                self.constructed.add(value)
        unreached = Unreached(machine, module)
        self._methods(unreached, variables)
        self._in_place(unreached)
        gathered = self.gathered
        models = [*self.models, *gathered.models()]
        return Analysis(
            self.path, gathered.layers(), gathered.entered(), models, refusals=self.refusals.refused()
        )  # fmt: skip

    def _module(self) -> Module:
        """The file as a module of its project, in the place where an import would find it."""
        machine = self.machine
        name = machine.project.module_name(self.path)
        machine.constructions.forget()
        machine.journal.begin()
        if name not in machine.modules:
            machine.import_parents(name)
        known = machine.modules.get(name)
        if isinstance(known, Module) and known.source is self.source:
            self.gathered.functions = known.functions
            run = partial(self._root, Root(), lambda: machine.execute(machine.load(self.source, name)))
            machine.journal.rewind((known, run))  # what its packages import after it is not there yet
            machine.import_parents(name)
            self._follow(known)
            return known
        module = machine.load(self.source, name)
        module.package = self.path.endswith("__init__.py")
        machine.modules[name] = module
        self.gathered.functions = module.functions
        with machine.heap.apart():  # as an import, so that what it imports and what that writes to it are of one time
            self._root(Root(), lambda: machine.execute(module), keep=True)
        self._follow(module)
        return module

    def _follow(self, module: Module) -> None:
        self.machine.start()  # forgetting what imports contest takes steps, and those of the last root may be spent
        self.machine.follow(module)

    # -- one root ----------------------------------------------------------------------------------------------

    def _root(
        self, root: Root, run: Callable[[], Value], keep: bool = False, are_judged: bool = True
    ) -> tuple[Value, Count | None, str | None]:
        """Run a root from a copy of the state; its value, count, and why it did not end."""
        machine = self.machine
        machine.start()
        most = min(machine.limit, GENERIC_STEPS) if root.generic else machine.limit
        machine.limit = min(most, max(FILE_STEPS - self.spent, LEAST_STEPS))
        machine.stack = []
        level = len(machine.heap.trails)
        machine.heap.begin_root()
        if not keep:
            machine.heap.open()
        machine.ground = len(machine.heap.trails)
        value: Value = None
        total: Count | None = None
        why: str | None = None
        self.tree = self.raised = None
        try:
            value = run()
            if is_module(value) or isinstance(value, Unknown):
                total = count(value)
                self.tree = tree(value) if self.trees else None
        except RaisedError as raised:
            why, self.raised = f"it raises {raised}", raised
        except LimitError as limit:
            why = str(limit)
        except UnknownValueError as unknown:
            why = unknown.unknown.why
        except RecursionError:
            why = "evaluation limit reached"
        self.largest = self.gathered.gather(machine, root, value)
        if are_judged:
            self._judge(root)
        machine.heap.undo_to(level)
        if keep:
            machine.constructions.forget()  # what it has written stands from here on
        machine.constructions.end_root()
        self.spent += machine.steps
        if self.spent > self.collected + COLLECTED_AFTER:
            self.collected = self.spent
            gc.collect(1)  # the cycles that roots have left, among what they made; see analyse.collector_off
        return value, total, why

    def _judge(self, root: Root) -> None:
        """What became of the constructor calls that this file leads to."""
        self.machine.judge_sequentials()
        for verdict in self.machine.verdicts:
            entry = self.gathered.entry(verdict.stack)
            if entry is not None:
                self.refusals.gather(entry, Judgement(verdict, root.built_by, root.generic))

    def _function(self, module: Module, function: Function, decorated: Value) -> None:
        place = self.source.place(function.site.node)
        assert place is not None
        decorated = command_function(decorated)
        given, generic = self.defaults.arguments(function, given=self._from_command_line(function))
        assumed = assumption(given)
        if not assumed and not self.constructing.can(function, decorated, *given.values()):
            return
        root = Root(f"{function.name}(){assumed} at line {place.line}", generic, assumed)
        value, total, why = self._root(root, lambda: self._call(function, decorated, self.defaults.made(given)))
        if why is not None:
            self.ended[function.qualified] = why
        if is_module(value) or (isinstance(value, Unknown) and any(is_module(o) for o in value.options)):
            self._model(place, function.name, "function", f"{function.name}(){assumed}", total, why)

    def _from_command_line(self, function: Function) -> dict[str, Value]:
        """What the options of a click or typer command state as defaults."""
        if self.machine.wary:
            return {}
        heap = self.machine.heap
        level = len(heap.trails)
        self.machine.start()
        heap.open()
        try:
            return defaults_of(self.machine, function)
        except (RaisedError, LimitError, UnknownValueError):
            return {}
        finally:
            heap.undo_to(level)

    def _call(self, function: Function, decorated: Value, given: dict[str, Value]) -> Value:
        """Call a function as its decorators left it: what has a default is left to it."""
        if decorated is function:
            return self.machine.run_root(function, given, None)
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        for parameter in function.signature.parameters:
            if parameter.kind in ("*", "**") or given[parameter.name] is parameter.default:
                continue
            if parameter.kind == "positional":
                args.append(given[parameter.name])
            else:
                kwargs[parameter.name] = given[parameter.name]
        return self.machine.call(decorated, args, kwargs, self.machine.given_besides(function))

    def _class(self, module: Module, cls: Class) -> None:
        place = self.source.place(cls.site.node)
        assert place is not None
        init = cls.find("__init__")
        given: dict[str, Value] = {}
        generic = False
        machine = self.machine
        if isinstance(init, Function) and received(init, None):
            given, generic = self.defaults.arguments(init, cls, skip=1)

            def build() -> Value:
                machine.constructing = True
                bound = self.defaults.made(given)
                required = {n: v for n, v in bound.items() if n not in received(init, None) and n in required_of(init)}
                if metaclasses.says_what_calls_give(cls):
                    return machine.instantiate(cls, [], required, None)
                made = machine.allocate(cls, [], required)
                if isinstance(made, Unknown):
                    return made.part()
                if not isinstance(made, Instance) or not made.cls.is_subclass(cls):
                    return made
                if made.cls is not cls:
                    machine.call(machine.get_attribute(made, "__init__"), [], required)
                    return made
                if machine.wary:
                    made.attributes.update(class_placeholders(cls))
                machine.run_root(init, {**bound, **received(init, made)}, made)
                return made

        else:

            def build() -> Value:
                return machine.instantiate(cls, [], {}, None)

        assumed = assumption(given)
        root = Root(f"{cls.name}(){assumed} at line {place.line}", generic, assumed)
        if is_module_class(cls):
            _, total, why = self._root(root, build)
        else:
            _, total, why = self._root(root, lambda: self._held(build()))
            total = Count(None, total.at_least if total is not None else 0, None, "")
            why = why or (cls.unknown_base.why if cls.unknown_base is not None else None)
        if why is not None:
            self.ended[cls.qualified] = why
        if is_abstract(cls):
            return  # only its subclasses are built
        self._model(place, cls.name, "class", f"{cls.name}(){assumed}", total, why)

    def _held(self, made: Value) -> Value:
        """The modules and parameters that an object of an unknown base has as attributes, in a Module of their own."""
        machine = self.machine
        holder = machine.instantiate(machine.torch_class("torch.nn.Module"), [], {}, None)
        for name, value in made.attributes.items() if isinstance(made, Instance) else ():
            if is_module(value) or (isinstance(value, Tensor) and value.is_parameter):
                machine.set_attribute(holder, name, value)
        return holder

    def _model(self, place: Place, name: str, kind: str, title: str, total: Count | None, why: str | None) -> None:
        parameters = total.parameters if total is not None and why is None else None
        at_least = total.at_least if total is not None else 0
        unknown = why or (total.unknown if total is not None else "nothing is known of it")
        self.models.append(
            Model(
                place,
                name,
                kind,
                title,
                parameters,
                at_least,
                None if parameters is not None else unknown,
                self.largest,
                tree=self.tree,
            )
        )

    # -- what no root reaches ----------------------------------------------------------------------------------

    def _methods(self, unreached: Unreached, variables: dict[str, Value]) -> None:
        """Methods with sites that no root has reached, on an object as its defaults build it."""
        machine = self.machine
        for cls in variables.values():
            if not isinstance(cls, Class) or cls.site is None or not self.gathered.owns(cls.site):
                continue
            for value in list(cls.attributes.values()):
                method = value.getter if isinstance(value, Descriptor) else value
                if not isinstance(method, Function) or (method.name == "__init__" and cls in self.constructed):
                    continue
                if not any(unreached.may_construct(own.lowered.node) for own in self._written_here(method)):
                    continue
                bound_to_class = method.name in ON_CLASSES or (
                    isinstance(value, Descriptor) and value.kind == "classmethod"
                )

                fill = self._filling(cls, as_class=bound_to_class)
                arguments = self.defaults.arguments(method, cls)[0]

                def call(method: Function = method, fill: Run = fill, arguments: dict[str, Value] = arguments) -> Value:
                    given = self.defaults.made(arguments)
                    receiver = fill()
                    if not (isinstance(value, Descriptor) and value.kind == "staticmethod"):
                        given.update(received(method, receiver))
                    return machine.run_root(method, given, receiver)

                self._root(Root(generic=True), call)

    def _written_here(self, method: Function) -> Iterator[Function]:
        """A function of this file; of one that a decorator from elsewhere has made, those that it has hold of."""
        pending, seen = [method], {method}
        while pending:
            function = pending.pop()
            if self.gathered.owns(function.site):
                if function.lowered is not None:
                    yield function
                continue
            around: Frame | None = function.parent
            while around is not None and around is not function.module.frame:
                held = [value for value in around.variables.values() if isinstance(value, Function)]
                pending += [value for value in held if value not in seen]
                seen.update(held)
                around = around.parent

    def _filling(self, cls: Class, as_class: bool) -> Run:
        """What gives a method its first argument: the class, or an object as its defaults construct it, as far as that
        goes. All methods of a class begin with the same object."""
        machine, init = self.machine, cls.find("__init__")
        if as_class:
            return lambda: cls
        if not isinstance(init, Function) or not received(init, None):
            return lambda: self._open(Instance(cls, machine.heap.clock))
        arguments = self.defaults.arguments(init, cls, skip=1)[0]

        def fill() -> Value:
            given = self.defaults.made(arguments)

            def run() -> Value:
                made = Instance(cls, machine.heap.clock)
                if machine.wary:
                    made.attributes.update(class_placeholders(cls))
                try:
                    machine.run_root(init, {**given, **received(init, made)}, made)
                except (RaisedError, LimitError):
                    return self._open(made)
                return made

            make = partial(machine.constructions.make, machine, cls, list(given.values()), {}, run, at_once=True)
            return make() if machine.is_repeatable() else run()

        return fill

    def _open(self, made: Instance) -> Instance:
        made.open = Unknown("an object that is not known")
        return made

    def _in_place(self, unreached: Unreached) -> None:
        """Every other site: its call evaluated on its own, names of functions being unknown."""
        machine, module = self.machine, unreached.module
        for node, bound in unreached.calls(self.source.tree):
            if self.source.place(node) is None:
                continue
            site = machine.sites.get(node)
            scope = Scope(machine, self.source, "comprehension", site.scope if site is not None else "<module>")
            why = next((self.ended[name] for name in prefixes(scope.qualified) if name in self.ended), None)

            def evaluate(
                node: cst.Call = node, scope: Scope = scope, bound: frozenset[str] = bound, why: str | None = why
            ) -> Value:
                callee = node.func
                frame = Frame(module, module.frame, None, machine.heap.clock)
                for name in names_in(node):
                    called = why is not None and isinstance(module.frame.variables.get(name), Function)
                    if called or name in bound or (name not in module.frame.variables and name not in machine.builtins):
                        frame.variables[name] = Unknown(why or f"{name} is not known here", foreign=True)
                try:
                    target = lower(callee, scope)(frame)
                except RaisedError:
                    return None
                if not isinstance(target, Class):
                    return None
                if target.layer is None and target.full_name not in WITHOUT_PARAMETERS:
                    return None
                return lower(node, scope)(frame)

            are_judged = is_settled(names_in(node), module.frame.variables)
            self._root(Root(generic=True), evaluate, are_judged=are_judged)


def prefixes(qualified: str) -> Iterator[str]:
    """a.b.c, a.b and a"""
    parts = qualified.split(".")
    return (".".join(parts[:end]) for end in range(len(parts), 0, -1))


def is_perhaps_module(cls: Class) -> bool:
    """Whether a class of an unknown base looks like a Module: it has a forward method and a constructor of its own."""
    own = (cls.attributes.get("forward"), cls.find("__init__"))
    return cls.unknown_base is not None and all(isinstance(method, Function) for method in own)


def is_abstract(cls: Class) -> bool:
    """Whether a class has abstract methods of which Python minds that they are missing."""
    if cls.find("__:register__") is ABSENT:
        return False
    return lacks_methods(cls)


def class_placeholders(cls: Class) -> dict[str, Value]:
    """Unknown for each attribute of a class that subclasses are to replace."""
    own = [base.attributes for base in reversed(cls.mro) if base.module is not None]
    return {name: Unknown(f"{name} has a placeholder") for held in own for name in held if is_placeholder(held[name])}


def received(method: Function, receiver: Value) -> dict[str, Value]:
    """How a method's parameters take the object that it is called on; nothing where they cannot."""
    for first in method.signature.parameters[:1]:
        if first.kind in ("positional", "both", "*"):
            return {first.name: (receiver,) if first.kind == "*" else receiver}
    return {}


def required_of(function: Function) -> list[str]:
    """The parameters without a default."""
    parameters = function.signature.parameters
    return [p.name for p in parameters if p.default is REQUIRED and p.kind not in ("*", "**")]


__all__ = ["Any", "Roots"]
