"""The tables of framework layers: what a constructor call builds, or why it raises."""

from nnlint.layers.arguments import GivenTensor, Shape, Violation, refused_shape
from nnlint.layers.arithmetic import arithmetic
from nnlint.layers.outside import PLAIN_OUTSIDE
from nnlint.layers.table import Child, Children, Clones, Layer, Reference, Structure, build, complete
from nnlint.layers.torch_nn import LAYERS, find, public_name
from nnlint.layers.torch_plain import PLAIN, PLAIN_BASES, PLAIN_BUFFERS, check_plain
from nnlint.layers.torch_sizes import SIZES, UnknownSizeError, stored

__all__ = [
    "LAYERS",
    "PLAIN",
    "PLAIN_BASES",
    "PLAIN_BUFFERS",
    "PLAIN_OUTSIDE",
    "SIZES",
    "Child",
    "Children",
    "Clones",
    "GivenTensor",
    "Layer",
    "Reference",
    "Shape",
    "Structure",
    "UnknownSizeError",
    "Violation",
    "arithmetic",
    "build",
    "check_plain",
    "complete",
    "find",
    "public_name",
    "refused_shape",
    "stored",
]
