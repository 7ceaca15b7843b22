"""NNL203 wrong-arguments."""

from nnlint.rules import Example, Rule
from nnlint.rules.refusals import check_for

RULE = Rule(
    code="NNL203",
    name="wrong-arguments",
    summary="The arguments do not fit the layer's signature.",
    page="""\
What it does
  Reports a layer that is given arguments that its constructor does not take: one is missing, unknown, given twice, or
  there are too many. A finding means that the call raises in every context that is known to reach it. Under try, and
  where a test expects the exception, nothing is reported. Signatures are those of torch 2.13.

Why is this bad
  Python raises TypeError when the layer is constructed, which may be long after the job was started.
""",
    bad=(
        Example(
            "from torch import nn\n\nlayer = nn.Linear(16, 16, biass=False)\n",
            (),
            ((3, 9, "Linear cannot be built: got an unexpected keyword argument 'biass'"),),
        ),
        Example(
            "from torch import nn\n\nlayer = nn.Conv2d(3, 64)\n",
            (),
            ((3, 9, "Conv2d cannot be built: missing a required argument: 'kernel_size'"),),
        ),
    ),
    good=(
        Example(
            "from torch import nn\n\nlayer = nn.Linear(16, 16, bias=False)\n",
            (),
        ),
        Example(
            "from torch import nn\n\nlayer = nn.Linear(*map(int, input().split()))\n",
            (),
        ),
    ),
    check=check_for("NNL203"),
)
