"""NNL202 impossible-size."""

from nnlint.rules import Example, Rule
from nnlint.rules.refusals import check_for

RULE = Rule(
    code="NNL202",
    name="impossible-size",
    summary="A size is negative, zero where torch needs more, or not an integer.",
    page="""\
What it does
  Reports a layer one of whose sizes torch refuses: a negative one, zero where torch refuses it (Linear(0, 5) is legal,
  LSTM(0, 5) is not), or one that is no integer, like 64 / 4. A finding means that the call raises in every context that
  is known to reach it. Under try, and where a test expects the exception, nothing is reported.

Why is this bad
  torch raises when the layer is constructed, which may be long after the job was started.
""",
    bad=(
        Example(
            "from torch import nn\n\nplanes = 64\nsqueeze = nn.Conv2d(planes, planes / 4, 1)\n",
            (),
            ((4, 11, "Conv2d cannot be built: out_channels=16.0 is not an integer"),),
        ),
    ),
    good=(
        Example(
            "from torch import nn\n\nplanes = 64\nsqueeze = nn.Conv2d(planes, planes // 4, 1)\n",
            (),
        ),
        Example(
            "from torch import nn\n\nempty = nn.Linear(0, 5)\n",
            (),
        ),
        Example(
            "from torch import nn\n"
            "\n"
            "\n"
            "class Net(nn.Module):\n"
            "    def __init__(self, classes=-1):\n"
            "        super().__init__()\n"
            "        self.head = nn.Linear(512, classes)\n",
            (),
        ),
    ),
    check=check_for("NNL202"),
)
