"""Pragmas: which lines they speak for, and what is said of those that nobody understands."""

import textwrap

import pytest

from nnlint.budget import first_limit
from nnlint.pragma import LAYER, MODEL, read_pragmas

CLASS = """\
class Net(nn.Module):  # nnlint: max-layer-params=100
    def __init__(
        self,
        width,
    ):  # nnlint: max-layer-params=50
        self.a = nn.Linear(1, 1)
        self.b = nn.Linear(1, 1)  # nnlint: max-layer-params=10

    def extend(self):
        self.c = nn.Linear(1, 1)


tail = nn.Linear(1, 1)
"""


@pytest.mark.parametrize(("line", "limits"), [(6, [50, 100]), (7, [10, 50, 100]), (10, [100]), (13, [])])
def test_the_innermost_pragma_comes_first(line: int, limits: list[int]) -> None:
    assert [budget.plain for budget in read_pragmas(CLASS).budgets(LAYER, line)] == limits


@pytest.mark.parametrize(
    "comment",
    [
        "# nnlint: max-layer-params=2k",
        "#nnlint:max-layer-params = 2k",
        "# noqa: E501  # nnlint: max-layer-params=2k",
        "# nnlint: max-layer-params=2k  # the classifier, agreed with the team",
        "# nnlint: max-layer-params=2k, max-model-params=5k",
        "# nnlint: max-model-params=5k max-layer-params=2k",
    ],
)
def test_every_spelling_of_a_pragma_is_read(comment: str) -> None:
    pragmas = read_pragmas(f"x = nn.Linear(1, 1)  {comment}\n")
    assert not pragmas.errors
    assert first_limit(pragmas.budgets(LAYER, 1), []) == 2000


def test_the_two_options_of_one_comment_are_apart() -> None:
    pragmas = read_pragmas("x = Net()  # nnlint: max-layer-params=1, Conv2d:2, max-model-params=3\n")
    assert first_limit(pragmas.budgets(LAYER, 1), ["Conv2d"]) == 2
    assert first_limit(pragmas.budgets(MODEL, 1), ["Conv2d"]) == 3


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("max-layer-params=lots", "max-layer-params: 'lots' is not a number"),
        ("max-layer-params", "is not max-layer-params=NUMBER"),
        ("max-layer-parms=1", "is not max-layer-params=NUMBER"),
        ("", "is not max-layer-params=NUMBER"),
        ("ok max-layer-params=1", "is not max-layer-params=NUMBER"),
        ("max-layer-params=1, max-layer-params=2", "is not max-layer-params=NUMBER"),
        ("max-layer-params=", "is empty"),
    ],
)
def test_a_pragma_that_is_not_understood_is_an_error_in_its_place(content: str, why: str) -> None:
    (error,) = read_pragmas(f"\nx = 1  # nnlint: {content}\n").errors
    assert (error.line, error.column) == (2, 8)
    assert error.message.startswith("pragma not understood: ") and why in error.message


@pytest.mark.parametrize(
    "text",
    [
        "x = '# nnlint: max-layer-params=1'\n",
        "# see nnlint: it counts\n",
        "x = 1  # nnlint is a plugin\n",
        "x = (  # nnlint: max-layer-params=1\n",
        "",
    ],
    ids=["in a string", "in prose", "without a colon", "in a broken file", "in no file"],
)
def test_what_is_no_pragma_is_none(text: str) -> None:
    pragmas = read_pragmas(text)
    assert (pragmas.extents, pragmas.errors) == ((), ())


def test_a_pragma_on_a_line_of_its_own_does_not_speak_for_the_class_around_it() -> None:
    text = textwrap.dedent(
        """\
        class Net(
            nn.Module,
            # nnlint: max-layer-params=1
        ):
            a = nn.Linear(1, 1)
        """
    )
    assert read_pragmas(text).budgets(LAYER, 5) == []


def test_a_pragma_on_a_decorated_function_stands_on_its_def_line() -> None:
    text = "@cache\ndef net():  # nnlint: max-layer-params=1\n    return nn.Linear(1, 1)\n"
    assert len(read_pragmas(text).budgets(LAYER, 3)) == 1


def test_a_pragma_of_a_lambda_default_line_stays_on_its_line() -> None:
    text = "a = nn.Linear(1, 1)  # nnlint: max-layer-params=1\nb = nn.Linear(1, 1)\n"
    assert read_pragmas(text).budgets(LAYER, 2) == []
