"""NNL901 unknown-count."""

from collections.abc import Iterator

from nnlint.configuration import Configuration
from nnlint.construction import Analysis
from nnlint.finding import Finding
from nnlint.pragma import Pragmas
from nnlint.rules import Example, Rule
from nnlint.rules.wording import layer_name


def check(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> Iterator[Finding]:
    """One finding per site of this file whose count is not exact."""
    for site in analysis.layers if configuration.report_unknown else ():
        if site.parameters is None:
            bound = f"at least {site.at_least:,}, " if site.at_least else ""
            reason = site.unknown or "no call reaches it"
            message = f"{layer_name(site)} has a number of parameters that is not statically known: {bound}{reason}"
            yield Finding(analysis.path, site.place.line, site.place.column, RULE.code, message)


RULE = Rule(
    code="NNL901",
    name="unknown-count",
    summary="The number of a layer's parameters is not statically known (with --nnlint-report-unknown).",
    page="""\
What it does
  With --nnlint-report-unknown, names each layer whose number of parameters nnlint cannot tell from the source, and why.

Why is this bad
  A layer without a count is in no budget. A value that only the caller knows can be given with --nnlint-assume.
""",
    bad=(
        Example(
            "from torch import nn\n\nlayer = nn.Linear(16, int(input()))\n",
            ("--nnlint-report-unknown",),
            (
                (
                    3,
                    9,
                    "Linear has a number of parameters that is not statically known: "
                    "input() is known only when the program runs",
                ),
            ),
        ),
    ),
    good=(
        Example("from torch import nn\n\nlayer = nn.Linear(16, 16)\n", ("--nnlint-report-unknown",)),
        Example("from torch import nn\n\nlayer = nn.Linear(16, int(input()))\n", ()),
    ),
    check=check,
)
