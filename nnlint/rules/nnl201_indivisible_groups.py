"""NNL201 indivisible-groups."""

from nnlint.rules import Example, Rule
from nnlint.rules.refusals import check_for

RULE = Rule(
    code="NNL201",
    name="indivisible-groups",
    summary="Groups or heads do not divide the channels that they share out.",
    page="""\
What it does
  Reports a layer whose groups do not divide its channels: groups of a convolution (in_channels and out_channels),
  num_groups of GroupNorm (num_channels), num_heads of MultiheadAttention (embed_dim), nhead of a transformer (d_model).
  A finding means that the call raises in every context that is known to reach it. Under try, and where a test expects
  the exception, nothing is reported.

Why is this bad
  torch raises when the layer is constructed, which may be long after the job was started.
""",
    bad=(
        Example(
            "from torch import nn\n\nmix = nn.Conv2d(64, 128, 3, groups=3)\n",
            (),
            ((3, 7, "Conv2d cannot be built: groups=3 does not divide in_channels=64"),),
        ),
        Example(
            "from torch import nn\n"
            "\n"
            "\n"
            "class Block(nn.Module):\n"
            "    def __init__(self, width, heads):\n"
            "        super().__init__()\n"
            "        self.attention = nn.MultiheadAttention(width, heads)\n"
            "\n"
            "\n"
            "blocks = [Block(64, heads) for heads in (5, 5)]\n",
            (),
            ((7, 26, "MultiheadAttention cannot be built: num_heads=5 does not divide embed_dim=64"),),
        ),
    ),
    good=(
        Example(
            "from torch import nn\n\nmix = nn.Conv2d(64, 128, 3, groups=4)\n",
            (),
        ),
        Example(
            "import pytest\n"
            "from torch import nn\n"
            "\n"
            "\n"
            "def test_groups_have_to_divide_channels():\n"
            "    with pytest.raises(ValueError):\n"
            "        nn.Conv2d(64, 128, 3, groups=3)\n",
            (),
        ),
    ),
    check=check_for("NNL201"),
)
