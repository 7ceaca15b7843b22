"""The place of a variable is where the module's own code gives it its value."""

import pytest

from nnlint.binding import binding_place
from nnlint.source import Source, parse


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("\nm = Net()", 2, 5),
        ("\nm: nn.Module = Net()", 2, 16),
        ("\nother, m = Net(), Net()", 2, 1),
        ("\n(other, [*m]) = 1, nets()", 2, 1),
        ("\nm = other = Net()", 2, 13),
        ("\nm = Net() if large else Other()", 2, 1),
        ("if (m := Net()):\n    pass", 1, 10),
        ("try:\n    m = Net()\nexcept OSError:\n    m = None", 2, 9),
        ("\nwith made() as m:\n    pass", 2, 1),
        ("\nfor m in [Net(), Net()]:\n    pass", 2, 1),
        ("\nm = nets['small']", 2, 1),
        ("m = None\nm = Net()\nm = other", 2, 5),
        ("m = Net()\nm = Wrapped(m)", 2, 5),
        ("\nfrom nets import resnet as m", 2, 1),
        ("\nimport m.nets", 2, 1),
        ("größe = 'é'; m = Net()", 1, 18),
        ("def f():\n    m = Net()\n\nm = f", 4, 1),
        ("class A:\n    m = Net()\n\nm = A.m", 4, 1),
    ],
)
def test_the_last_call_that_binds_the_name_or_its_statement(text: str, line: int, column: int) -> None:
    source = parse("net.py", text + "\n")
    assert isinstance(source, Source)
    place = binding_place(source, "m")
    assert place is not None and (place.line, place.column) == (line, column)


@pytest.mark.parametrize(
    "text", ["m.x = Net()", "def f():\n    m = Net()", "[m for m in nets()]", "m[0] = Net()", "del m"]
)
def test_what_binds_another_name_is_no_binding(text: str) -> None:
    source = parse("net.py", text + "\n")
    assert isinstance(source, Source)
    assert binding_place(source, "m") is None
