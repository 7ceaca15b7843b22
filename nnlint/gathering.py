"""From what the roots of a file construct to the layers and models that are known of it."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import libcst as cst

from nnlint.construction import Context, Entry, LayerSite, Model, Node, Place
from nnlint.count import Count
from nnlint.evaluate.machine import Machine
from nnlint.evaluate.nn_module import is_module
from nnlint.evaluate.notes import Stack
from nnlint.evaluate.scope import Site
from nnlint.source import Source
from nnlint.tree import tree
from nnlint.unknown import Unknown
from nnlint.values import Class, Value

Largest = tuple[str, str, int, int] | None
Said = tuple[int | None, int, str | None, bool, Place]  # of a context: its counts and why, and what leads to it
LONGEST = 60  # characters of a call that a message shows whole


class Root(NamedTuple):
    """What a root is called by, for messages: see Entry.built_by; assumed: " with Config defaults", or ""; generic: a
    required argument is Unknown."""

    built_by: str = ""
    generic: bool = False
    assumed: str = ""


class Call(NamedTuple):
    """An outermost construction of one of the project's Modules in one context; returned: by the root itself; tree:
    what became of it by the end of the root, where trees are asked for; is_given: what the call gives is it."""

    total: Count
    root: Root
    largest: Largest
    returned: bool
    tree: Node | None
    is_given: bool


class Gathered:
    """What a file's roots have constructed so far."""

    def __init__(self, source: Source, path: str, trees: bool = False) -> None:
        self.source, self.path, self.trees = source, path, trees
        self.contexts: dict[tuple[Site, Class], dict[Said, Context]] = {}
        self.calls: dict[tuple[Site, Class], list[Call]] = {}
        self.classes: dict[object, Class] = {}
        self.functions: Container[str] = ()  # the module-level ones

    def owns(self, site: Site) -> bool:
        """Whether a call, function or class stands in this file."""
        return site.source is self.source and self.source.place(site.node) is not None

    def entry(self, stack: tuple[Site, ...]) -> Site | None:
        """The innermost call in this file."""
        return next((site for site in reversed(stack) if self.owns(site)), None)

    def gather(self, machine: Machine, root: Root, value: Value) -> Largest:
        """Note what a root has constructed, that gave `value`; the largest layer in it."""
        module_call = cache(self._module_call)  # one builds many layers
        for site, cls, total, stack in machine.layers_made():
            entry = self.entry(stack)
            place = self.source.place(entry.node) if entry is not None else None
            if place is not None:
                outermost = entry if root.built_by else next(call for call in stack if self.owns(call))
                built_by = root.built_by or (module_call(outermost) if outermost is not entry else "")
                entered = Entry(place, built_by, bool(root.assumed))
                self._note(site, cls, total, entered, root.generic)
        results = [value, *(value.options if isinstance(value, Unknown) else ())]
        largest = cache(partial(self._largest, machine))  # one call builds many models
        gives_model = any(map(is_module, results))  # which is listed itself
        for built in machine.built:
            if built.total is None or not (built.is_own or (built.total.at_least and not gives_model)):
                continue
            returned = any(built.instance is result for result in results)
            parts = tree(built.instance) if self.trees else None
            call = Call(built.total, root, largest(built.listed), returned, parts, built.is_given)
            self.calls.setdefault((built.listed[-1], self._as_written(built.instance.cls)), []).append(call)
        return largest(())

    def _module_call(self, call: Site) -> str:
        """A call of the module's own code, in words; "" for any other."""
        place = self.source.place(call.node)
        if call.scope != "<module>" or place is None:
            return ""
        return f"{call_text(self.source, call.node)} at line {place.line}"

    def _as_written(self, cls: Class) -> Class:
        """The first of the classes that one `class` statement has made: a module may have been executed twice."""
        key = cls.site, tuple(base.full_name for base in cls.mro)
        return cls if cls.site is None else self.classes.setdefault(key, cls)

    def _note(self, site: Site, cls: Class, total: Count, entry: Entry, generic: bool) -> None:
        known = self.contexts.setdefault((site, self._as_written(cls)), {})
        context = Context(total.parameters, total.at_least, total.arithmetic, total.unknown, entry, generic)
        said = total.parameters, total.at_least, total.unknown, generic, entry.place
        if said not in known or (known[said].entry.is_assumed and not entry.is_assumed):
            known[said] = context

    def keep_built_at(self, place: Place) -> None:
        """Keep what a call of module-level code has built, through whatever other calls."""
        at_line = f" at line {place.line}"
        kept: dict[tuple[Site, Class], dict[Said, Context]] = {}
        for key, known in self.contexts.items():
            for said, context in known.items():
                if _is_within(context.entry.place, place) or context.entry.built_by.endswith(at_line):
                    kept.setdefault(key, {})[said] = context
        self.contexts = kept

    def _largest(self, machine: Machine, inside: Stack) -> Largest:
        """The largest layer that a root has constructed, or the last of some calls in it."""
        largest: Largest = None
        for site, cls, total, stack in machine.layers_made():
            if total.at_least <= (largest[3] if largest else 0) or stack[: len(inside)] != inside:
                continue
            where = site.source.place(site.node)
            if where is not None and self.entry(stack) is not None:
                path = self.path if site.source is self.source else site.source.path
                largest = _layer_of(cls).rpartition(".")[2], path, where.line, total.at_least
        return largest

    # -- what comes out ----------------------------------------------------------------------------------------

    def layers(self) -> list[LayerSite]:
        """The layers that this file's own calls construct."""
        return [site for site in self._sites() if site.path == self.path]

    def entered(self) -> list[LayerSite]:
        """The layers of other files that this file leads to."""
        return [site for site in self._sites() if site.path != self.path]

    def _sites(self) -> list[LayerSite]:
        found: list[LayerSite] = []
        for (site, cls), known in self.contexts.items():
            contexts = list(known.values())
            place = site.source.place(site.node)
            if place is None:
                continue
            if _which_root_says_nothing(contexts):
                contexts = [replace(c, entry=c.entry._replace(built_by="")) for c in contexts]
            path = self.path if site.source is self.source else site.source.path
            own = cls.qualified if cls.module is not None else None
            found.append(LayerSite(path, place, _layer_of(cls), own, budget_names(cls), site.scope, contexts))
        return sorted(found, key=lambda s: (s.path, s.place, s.layer, s.class_name or ""))

    def is_listed(self, site: Site) -> bool:
        """Whether a call is one of module-level code or of the module-level functions, for which models are listed."""
        is_of_function = site.scope.partition(".")[0] in self.functions
        return self.owns(site) and (is_of_function or site.scope == "<module>")

    def models(self) -> list[Model]:
        """The models that calls construct, themselves or through others: but what is a part of what a function gives is
        listed with that."""
        placed = {key: place for key in self.calls if (place := self.source.place(key[0].node)) is not None}
        given = [place for key, place in placed.items() if all(call.is_given for call in self.calls[key])]
        return [
            self._model(site, cls, place)
            for (site, cls), place in sorted(placed.items(), key=lambda item: item[1])
            if not any(_is_inside(place, other) for other in given)
        ]

    def _model(self, site: Site, cls: Class, place: Place) -> Model:
        """What a call builds, largest of the roots that reach it."""
        calls = self.calls[site, cls]
        calls = [call for call in calls if not call.root.generic] or calls
        best = max(calls, key=lambda call: (call.total.at_least, call.total.parameters is not None))
        unsure = next((call.total.unknown for call in calls if call.total.parameters is None), None)
        within = "" if all(call.is_given for call in calls) else f"{cls.name}() in "
        title = f"{within}{call_text(self.source, site.node)}{best.root.assumed}"
        parameters = best.total.parameters if unsure is None else None
        returned = all(call.returned for call in calls)
        is_unchanged = best.tree is not None and (best.tree.total, best.tree.unknown) == best.total[1:3]
        parts = best.tree if is_unchanged else None
        return Model(
            place, cls.name, "call", title, parameters, best.total.at_least, unsure, best.largest, returned, parts
        )  # fmt: skip


def _which_root_says_nothing(contexts: list[Context]) -> bool:
    """Whether every root builds the same, at least one of them assuming nothing."""
    kept = [context for context in contexts if not context.generic] or contexts
    counts = {(context.parameters, context.at_least) for context in contexts}
    return len(counts) == 1 and not all(context.entry.is_assumed for context in kept)


def _is_inside(place: Place, other: Place) -> bool:
    """Whether a call is part of another."""
    return place != other and _is_within(place, other)


def _is_within(place: Place, other: Place) -> bool:
    starts_later = (place.line, place.column) >= (other.line, other.column)
    return starts_later and (place.end_line, place.end_column) <= (other.end_line, other.end_column)


def _layer_of(cls: Class) -> str:
    assert cls.layer is not None
    return cls.layer.name


def budget_names(cls: Class) -> tuple[str, ...]:
    """The names by which a budget may mean a layer's class, the nearest first: the user's own classes, the team's own
    layers, the framework's layer."""
    assert cls.layer is not None
    own = [(*imported_as(base), base.qualified, base.name) for base in cls.mro if base.module is not None]
    team = [(base.full_name, base.name) for base in cls.mro if base.module is None and _is_team_layer(base)]
    names = [*own, *team, (cls.layer.name, cls.layer.short_name)]
    return tuple(dict.fromkeys(name for group in names for name in group))


def imported_as(cls: Class) -> Iterator[str]:
    """The full name of a class of the project, and those under which the packages around its module may have it."""
    assert cls.module is not None
    parts = cls.module.name.split(".")
    return (".".join([*parts[:end], cls.qualified]) for end in range(len(parts), 0, -1))


def _is_team_layer(cls: Class) -> bool:
    """Whether a class from outside counts as a layer of the framework by the configuration alone."""
    return cls.layer is not None and cls.full_name != cls.layer.name


def call_text(source: Source, node: cst.CSTNode) -> str:
    """A call as written, in one line; without its arguments where they are long. Decorators are called where the
    function or class stands that they are for."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        decorators = " ".join(f"@{call_text(source, each.decorator)}" for each in node.decorators)
        return decorators or node.name.value
    text = " ".join(source.tree.code_for_node(node.with_changes(lpar=(), rpar=())).split())
    if len(text) <= LONGEST:
        return text
    return f"{source.tree.code_for_node(node.func)}(...)" if isinstance(node, cst.Call) else f"{text[:LONGEST]}..."
