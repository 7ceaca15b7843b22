"""Budgets: numbers, names, and the one line that a bad value gives."""

import math

import pytest

from nnlint.budget import OptionError, first_limit, parse_budget, parse_limit

LSTM = ("torch.nn.LSTM", "LSTM")
HEAD = ("net.Head", "Head", "torch.nn.Linear", "Linear")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("1000000", 1_000_000),
        ("1_000_000", 1_000_000),
        ("1e6", 1_000_000),
        ("1E+6", 1_000_000),
        ("2.5e3", 2_500),
        ("500k", 500_000),
        ("500K", 500_000),
        ("2.5M", 2_500_000),
        ("7B", 7_000_000_000),
        ("1.1b", 1_100_000_000),
        ("0.3k", 300),
        ("9007199254740993", 9_007_199_254_740_993),
        ("none", math.inf),
        ("None", math.inf),
    ],
)
def test_a_number_is_read_exactly(text: str, number: float) -> None:
    assert parse_limit("max-layer-params", text) == number


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "10X", "1__0", "_1", "1_", "1.5", "1.0005k", ".5M", "1e999", "0x10", "M", "1 M", "inf", "٣"],
)
def test_what_is_not_a_number_is_refused_in_one_line_with_option_and_value(text: str) -> None:
    with pytest.raises(OptionError) as raised:
        parse_limit("max-layer-params", text)
    message = str(raised.value)
    assert message.startswith(f"max-layer-params: {text!r} is not a ") and "\n" not in message


@pytest.mark.parametrize(
    ("names", "limit"),
    [
        (("torch.nn.Linear", "Linear"), 10_000_000),
        (("torch.nn.Conv2d", "Conv2d"), 2_000_000),
        (LSTM, 4_000_000),
        (HEAD, math.inf),
        (("net.Tail", "Tail", "torch.nn.Conv2d", "Conv2d"), 2_000_000),
    ],
)
def test_the_best_name_of_a_layer_finds_its_number(names: tuple[str, ...], limit: float) -> None:
    budget = parse_budget("max-layer-params", "10M, Conv2d:2M, torch.nn.LSTM:4M, Head:none")
    assert budget.limit(names) == limit


def test_the_full_name_goes_before_the_short_one() -> None:
    assert parse_budget("max-layer-params", "LSTM:1, torch.nn.LSTM:2").limit(LSTM) == 2


def test_the_class_goes_before_the_layer_that_it_derives_from() -> None:
    assert parse_budget("max-layer-params", "torch.nn.Linear:1, Head:2").limit(HEAD) == 2


def test_the_order_and_the_spaces_of_the_items_do_not_matter() -> None:
    text = "Conv2d : 2M,10M,\n  Head:none,"
    assert parse_budget("max-layer-params", text) == parse_budget("max-layer-params", "10M, Conv2d:2M, Head:none")


def test_a_budget_without_a_plain_number_says_nothing_of_other_layers() -> None:
    budget = parse_budget("max-layer-params", "Conv2d:2M")
    assert budget.limit(LSTM) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("10M, 5M", "gives two plain numbers"),
        ("Conv2d:1M, Conv2d:2M", "gives two numbers for Conv2d"),
        ("Conv2d:", "'Conv2d:' lacks a number"),
        ("10M, Conv2d : ", "'Conv2d :' lacks a number"),
        (":10M", "does not begin with a name"),
        ("Conv 2d:10M", "does not begin with a name"),
        ("10M # note", "a comment in a configuration file must stand on a line of its own"),
        ("10M Conv2d:2M", "does not begin with a name"),
    ],
)
def test_a_budget_that_is_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(OptionError, match=why) as raised:
        parse_budget("max-layer-params", text)
    assert str(raised.value).startswith("max-layer-params: ")


def test_the_first_budget_that_says_something_counts() -> None:
    pragma = parse_budget("p", "Conv2d:5")
    path = parse_budget("p", "none")
    plain = parse_budget("p", "10")
    assert first_limit([pragma, path, plain], ["Conv2d"]) == 5
    assert first_limit([pragma, path, plain], ["Linear"]) == math.inf
    assert first_limit([pragma, plain], ["Linear"]) == 10
    assert first_limit([], ["Linear"]) == math.inf


def test_only_a_number_makes_a_budget_limited() -> None:
    assert parse_budget("p", "none, Conv2d:1").is_limited
    assert not parse_budget("p", "none, Conv2d:none").is_limited
