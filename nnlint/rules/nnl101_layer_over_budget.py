"""NNL101 layer-over-budget."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from nnlint.budget import first_limit
from nnlint.configuration import Configuration
from nnlint.construction import Analysis, Context, LayerSite
from nnlint.finding import Finding
from nnlint.pragma import LAYER, Pragmas
from nnlint.rules import Example, Rule


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
    of_file = configuration.layer_budgets(analysis.path)
    for site in (*analysis.layers, *analysis.entered):
        for context in site.kept_contexts():
            in_code = pragmas.budgets(LAYER, context.entry.place.line)
            limit = first_limit((*in_code, *of_file), site.names)
            if context.at_least > limit:
                yield Excess(site, context, limit)


def say(excess: Excess, path: str) -> str:
    """The message for a layer over its budget."""
    site, context, limit = excess
    name = (site.class_name or site.layer).rpartition(".")[2]
    where = "" if is_same_file(site.path, path) else f" at {nearest_path(site.path)}:{site.place.line}"
    bound = "" if context.parameters is not None else "at least "
    arithmetic = f" ({context.arithmetic})" if context.arithmetic else ""
    built_by = f", when built by {context.entry.built_by}" if context.entry.built_by else ""
    return (
        f"{name}{where} has {bound}{context.at_least:,} parameters{arithmetic}, over the budget of {limit:,}{built_by}"
    )


def is_same_file(path: str, other: str) -> bool:
    return os.path.abspath(path) == os.path.abspath(other)


def nearest_path(path: str) -> str:
    """The path from the current folder, where it is in it."""
    absolute = os.path.abspath(path)
    here = os.path.join(os.getcwd(), "")
    return absolute[len(here) :] if absolute.startswith(here) else path


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
            (
                (3, 14, "Linear has 102,764,544 parameters (25088×4096 + 4096), over the budget of 10,000,000"),
            ),
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
