"""NNL902 unanalysed-file."""

from collections.abc import Iterator

from nnlint.configuration import Configuration
from nnlint.construction import Analysis
from nnlint.finding import Finding
from nnlint.pragma import Pragmas
from nnlint.rules import Example, Rule


def check(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> Iterator[Finding]:
    """One finding per file: the first thing that could not be analysed, else the first pragma not understood."""
    for failure in analysis.errors[:1]:
        message = f"not analysed: {failure.message}"
        yield Finding(analysis.path, failure.line, failure.column, RULE.code, message)
    for error in pragmas.errors[:1] if not analysis.errors else ():
        yield Finding(analysis.path, error.line, error.column, RULE.code, error.message)


RULE = Rule(
    code="NNL902",
    name="unanalysed-file",
    summary="A file, or a pragma in it, could not be analysed.",
    page="""\
What it does
  Says, once per file, that nnlint could not analyse a file that may construct layers, or that it does not understand a
  pragma in it, and why. A file that Python itself cannot parse is left to flake8's E999.

Why is this bad
  Nothing in such a file is held to a budget, and silence would look like approval.
""",
    bad=(
        Example(
            "from torch import nn\n\nlayer = nn.Linear(16, 16)  # nnlint: max-layer-params=lots\n",
            (),
            (
                (
                    3,
                    28,
                    "pragma not understood: max-layer-params: 'lots' is not a number of parameters "
                    "(such as 500k, 10M, 1e6, 1_000_000 or none)",
                ),
            ),
        ),
    ),
    good=(Example("from torch import nn\n\nlayer = nn.Linear(16, 16)  # nnlint: max-layer-params=1k\n", ()),),
    check=check,
)
