"""NNL204 refused-value."""

from nnlint.rules import Example, Rule
from nnlint.rules.refusals import check_for

RULE = Rule(
    code="NNL204",
    name="refused-value",
    summary="An argument is not among the values, or not in the range, that torch accepts.",
    page="""\
What it does
  Reports a layer with an argument that torch's constructor refuses: an unknown padding_mode, padding="same" with a
  stride, a dropout beyond 0 to 1, a padding_idx beyond num_embeddings, a proj_size not smaller than hidden_size,
  storage that overflows. What torch does not check is not reported: RNNCell(4, 4, nonlinearity="foo") builds. A finding
  means that the call raises in every context that is known to reach it. Under try, and where a test expects the
  exception, nothing is reported.

Why is this bad
  torch raises when the layer is constructed, which may be long after the job was started.
""",
    bad=(
        Example(
            'from torch import nn\n\ndown = nn.Conv2d(3, 64, 3, stride=2, padding="same")\n',
            (),
            ((3, 8, "Conv2d cannot be built: padding='same' does not go with stride=2"),),
        ),
        Example(
            "from torch import nn\n\ndrop = nn.Dropout(50)\n",
            (),
            ((3, 8, "Dropout cannot be built: p=50 is not in 0 to 1"),),
        ),
    ),
    good=(
        Example(
            'from torch import nn\n\nkeep = nn.Conv2d(3, 64, 3, padding="same")\n',
            (),
        ),
        Example(
            'from torch import nn\n\ncell = nn.RNNCell(4, 4, nonlinearity="foo")\n',
            (),
        ),
    ),
    check=check_for("NNL204"),
)
