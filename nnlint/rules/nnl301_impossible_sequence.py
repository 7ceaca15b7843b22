"""NNL301 impossible-sequence."""

from nnlint.rules import Example, Rule
from nnlint.rules.refusals import check_for

RULE = Rule(
    code="NNL301",
    name="impossible-sequence",
    summary="No input passes a Sequential: a layer takes nothing of what the layers before it give.",
    page="""\
What it does
  Follows what an input of any shape can become in a torch.nn.Sequential, and reports one that nothing passes: Linear
  after a Linear of another size, a convolution after one of other channels, also through activations, dropout, pooling
  and Flatten. It is silent where any shape passes: Linear(10, 20), BatchNorm1d(5) runs on (7, 5, 10). It is silent for
  a Sequential that is sliced, indexed or iterated in the file, and for a subclass with a forward of its own.

Why is this bad
  torch builds it and raises at the first forward pass, after data are loaded and the job has started.
""",
    bad=(
        Example(
            "from torch import nn\n\nhead = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(30, 5))\n",
            (),
            ((3, 8, "Sequential cannot run: Linear at 2 takes 30 features, but Linear at 0 gives 20"),),
        ),
        Example(
            "from torch import nn\n"
            "\n"
            "net = nn.Sequential(\n"
            "    nn.Conv2d(3, 64, 3),\n"
            "    nn.BatchNorm2d(64),\n"
            "    nn.AdaptiveAvgPool2d(1),\n"
            "    nn.Flatten(),\n"
            "    nn.Linear(128, 10),\n"
            ")\n",
            (),
            ((3, 7, "Sequential cannot run: Linear at 4 takes 128 features, but Flatten at 3 gives 64"),),
        ),
    ),
    good=(
        Example(
            "from torch import nn\n\nhead = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))\n",
            (),
        ),
        Example("from torch import nn\n\nnorm = nn.Sequential(nn.Linear(10, 20), nn.BatchNorm1d(5))\n", ()),
        Example("from torch import nn\n\nwide = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(30, 5))\n", ()),
        Example(
            "from torch import nn\n"
            "\n"
            "parts = nn.Sequential(nn.Linear(10, 20), nn.Linear(30, 5))\n"
            "first, second = parts[0], parts[1]\n",
            (),
        ),
    ),
    check=check_for("NNL301"),
)
