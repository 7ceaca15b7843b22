"""What evaluation finds in a file: layers with their contexts, and models; what rules and reports read."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple


class Place(NamedTuple):
    """Where a node stands: lines and columns (characters) from 1, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Entry(NamedTuple):
    """The innermost call in the linted file that leads to a construction, and the root that reaches it.

    place: that call; it is the layer's own call where this is in the linted file.
    built_by: the root in words, "resnet50() at line 412" or "VGG() with VGGConfig defaults at line 3", or the call of
    module-level code that leads there, "Net(10_000) at line 12"; "" where the site's own surroundings say it all (it
    stands in module-level code, or is evaluated in place). is_assumed: the root's arguments are default instances of
    the classes that annotate them.
    """

    place: Place
    built_by: str
    is_assumed: bool = False


@dataclass(frozen=True)
class Context:
    """One layer built at a site in one context; counts are elements, not bytes.

    parameters: the exact count, or None; at_least: a lower bound (equal to an exact count);
    arithmetic: "512×3×3×512 + 512"; unknown: why there is no exact count; generic: a required argument of the root
    was Unknown.
    """

    parameters: int | None
    at_least: int
    arithmetic: str
    unknown: str | None
    entry: Entry
    generic: bool = False


@dataclass
class LayerSite:
    """A call that constructs a layer, with the contexts that reach it.

    layer: the framework's public name ("torch.nn.Linear"); class_name: a user's subclass that the call constructs,
    qualified, or None; names: every name under which a budget may name it, best first (subclass qualified and short
    name, bases, layer's full and short name); scope: "VGG.__init__" or "<module>".
    """

    path: str
    place: Place
    layer: str
    class_name: str | None
    names: tuple[str, ...]
    scope: str
    contexts: list[Context] = field(default_factory=list)

    def kept_contexts(self) -> list[Context]:
        """The contexts that count: generic ones are dropped where a concrete one reaches the site."""
        return [context for context in self.contexts if not context.generic] or self.contexts

    def by_entry(self) -> "list[LayerSite]":
        """The site as each of the calls that enter its file leads to it."""
        places = dict.fromkeys(context.entry.place for context in self.contexts)
        return [replace(self, contexts=[c for c in self.contexts if c.entry.place == place]) for place in places]

    @property
    def counts(self) -> list[int]:
        """All distinct exact counts, ascending."""
        return sorted({c.parameters for c in self.kept_contexts() if c.parameters is not None})

    @property
    def parameters(self) -> int | None:
        """The largest count, or None where a context has no exact count."""
        contexts = self.kept_contexts()
        return max(self.counts) if contexts and all(c.parameters is not None for c in contexts) else None

    @property
    def at_least(self) -> int:
        """The largest of the contexts' lower bounds."""
        return max((c.at_least for c in self.kept_contexts()), default=0)

    @property
    def unknown(self) -> str | None:
        """Why a context has no exact count, or None."""
        return next((c.unknown for c in self.kept_contexts() if c.parameters is None), None)


class Node(NamedTuple):
    """A module of a model, or a Parameter of a module that is no layer; counts are elements, not bytes.

    name: the attribute's, "0–11" where equal neighbours are folded; kind: the class, or "Parameter"; own: without the
    modules below; total: with them, of one where it is folded; both are lower bounds where `unknown`, here or below,
    says why; tied: the path in the model of what it shares its parameters with, which count there; times: how many are
    folded.
    """

    name: str
    kind: str
    own: int
    total: int
    unknown: str | None = None
    tied: str | None = None
    is_parameter: bool = False
    times: int = 1
    children: "tuple[Node, ...]" = ()

    @property
    def is_exact(self) -> bool:
        return self.unknown is None and all(child.is_exact for child in self.children)


@dataclass(frozen=True)
class Model:
    """What a root builds. kind: "class", "function" or "call"; place: of the class or def line, or of the call.

    title: for messages, "vgg16()" or "Net(10)"; largest: the largest layer in it: (short layer name, path, line,
    count), or None; returned: the function around a call returns what it builds, and is listed itself; tree: where its
    parameters are, if that was asked for.
    """

    place: Place
    name: str
    kind: str
    title: str
    parameters: int | None
    at_least: int
    unknown: str | None
    largest: tuple[str, str, int, int] | None = None
    returned: bool = False
    tree: Node | None = None


@dataclass(frozen=True)
class Failure:
    """Why a file, or a part of it, could not be analysed."""

    line: int
    column: int
    message: str


class Refusal(NamedTuple):
    """A call that raises in the framework whenever it runs, or a model that no input can pass.

    place: of the innermost call in this file that leads to it; code: of the rule; message: "Conv2d cannot be built:
    groups=3 does not divide in_channels=64"; scope: "VGG.__init__" or "<module>"; path, line: of the call itself, in
    this file or another; built_by: the root in words, where not every root comes to the same message.
    """

    place: Place
    code: str
    message: str
    scope: str
    path: str
    line: int
    built_by: str = ""


@dataclass
class Analysis:
    """All that is known of one file. layers: its own sites; entered: layers of other files that are built through this
    file (each context's entry stands in this file)."""

    path: str
    layers: list[LayerSite] = field(default_factory=list)
    entered: list[LayerSite] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    errors: list[Failure] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
