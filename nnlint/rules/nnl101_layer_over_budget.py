"""NNL101 layer-over-budget."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nnlint.budget import Budget, first_limit
from nnlint.configuration import Configuration
from nnlint.construction import Analysis, Context, LayerSite
from nnlint.finding import Finding
from nnlint.pragma import LAYER, Pragmas
from nnlint.project import Project
from nnlint.rules import Example, Rule
from nnlint.rules.owner import analyse_owner
from nnlint.rules.wording import counted, is_same_file, layer_name, nearest_path


class Excess(NamedTuple):
    """A layer over its budget, in the context that builds it largest."""

    site: LayerSite
    context: Context
    limit: float

    @property
    def size(self) -> tuple[int, bool]:
        return self.context.at_least, self.context.parameters is not None


def check(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> Iterator[Finding]:
    """One finding per line and layer: the largest count, and the context that reaches it."""
    largest: dict[tuple[int, str], Excess] = {}
    for excess in find_excesses(analysis, configuration, pragmas):
        key = (excess.context.entry.place.line, excess.site.class_name or excess.site.layer)
        if key not in largest or excess.size > largest[key].size:
            largest[key] = excess
    for excess in largest.values():
        place = excess.context.entry.place
        yield Finding(analysis.path, place.line, place.column, RULE.code, say(excess, analysis.path))


def find_excesses(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> Iterator[Excess]:
    """Every context in which a layer that is built through this file is over its budget."""
    budgets = configuration.layer_budgets(analysis.path)
    for site in analysis.layers:
        yield from _excesses_at(site, pragmas, budgets)
    for site in (part for entered in analysis.entered for part in entered.by_entry()):
        if any(_excesses_at(site, pragmas, budgets)):
            yield from _excesses_for_caller(analysis.path, site, configuration, pragmas, budgets)


def _excesses_at(site: LayerSite, pragmas: Pragmas, budgets: Sequence[Budget]) -> Iterator[Excess]:
    for context in site.kept_contexts():
        limit = first_limit((*pragmas.budgets(LAYER, context.entry.place.line), *budgets), site.names)
        if context.at_least > limit:
            yield Excess(site, context, limit)


def _excesses_for_caller(
    path: str, site: LayerSite, configuration: Configuration, pragmas: Pragmas, budgets: Sequence[Budget]
) -> Iterator[Excess]:
    """Of a layer of another file: none where that file reports it itself; the pragmas there speak for callers too.

    A file of the search path is nobody's to lint: what it builds is reported in the caller.
    """
    owner, owner_pragmas = analyse_owner(site.path, configuration)
    own_budgets = configuration.layer_budgets(site.path)
    for own in owner.layers if Project(path).holds(site.path) else ():
        if (own.place, own.layer) == (site.place, site.layer) and any(_excesses_at(own, owner_pragmas, own_budgets)):
            return
    yield from _excesses_at(site, pragmas, (*owner_pragmas.budgets(LAYER, site.place.line), *budgets))


def say(excess: Excess, path: str) -> str:
    """The message for a layer over its budget."""
    site, context, limit = excess
    where = "" if is_same_file(site.path, path) else f" at {nearest_path(site.path)}:{site.place.line}"
    count = counted(context.at_least, context.parameters)
    arithmetic = f" ({context.arithmetic})" if context.arithmetic else ""
    built_by = f", when built by {context.entry.built_by}" if context.entry.built_by else ""
    return f"{layer_name(site)}{where} has {count}{arithmetic}, over the budget of {limit:,}{built_by}"


RULE = Rule(
    code="NNL101",
    name="layer-over-budget",
    summary="A layer has more parameters than its budget.",
    page="""\
What it does
  Counts the parameters of each layer that the file constructs and reports a layer with more than
  --max-layer-params allows. The finding stands on the first line of the layer's own call, or, for a layer of another
  file of the project, on the call that enters that file.

Why is this bad
  One layer often holds most of a model: a wrong size there costs memory, time and money, and nobody sees it before the
  model is built. To allow one layer on purpose, raise its budget where a reviewer sees it:
  # nnlint: max-layer-params=120M
""",
    bad=(
        Example(
            "from torch import nn\n\nclassifier = nn.Linear(25088, 4096)\n",
            ("--max-layer-params=10M",),
            ((3, 14, "Linear has 102,764,544 parameters (25088×4096 + 4096), over the budget of 10,000,000"),),
        ),
    ),
    good=(
        Example("from torch import nn\n\nclassifier = nn.Linear(512, 1000)\n", ("--max-layer-params=10M",)),
        Example(
            "from torch import nn\n\nclassifier = nn.Linear(25088, 4096)  # nnlint: max-layer-params=120M\n",
            ("--max-layer-params=10M",),
        ),
    ),
    check=check,
)
