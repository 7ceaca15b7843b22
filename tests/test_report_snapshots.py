"""What the report looks like at 80 and 120 columns, and in the README's picture, is what it prints.

A wanted change is recorded with `python tests/record_report.py`, and read in the difference.
"""

import html
import re

import pytest
from record_report import COMMANDS, PICTURE, PICTURE_WIDTH, RECORDED, WIDTHS, run


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_text_is_as_recorded_and_no_wider_than_the_terminal(name: str, width: int) -> None:
    recorded = (RECORDED / f"{name}_{width}.txt").read_text(encoding="utf-8")
    assert run(COMMANDS[name], width) == recorded
    assert recorded and max(map(len, recorded.splitlines())) <= width


def test_colours_are_for_terminals_only_and_change_no_words() -> None:
    coloured = run(PICTURE, PICTURE_WIDTH, colour=True)
    plain = run(PICTURE, PICTURE_WIDTH)
    assert "\x1b[" in coloured and "\x1b" not in plain
    without_colours = re.sub(r"\x1b\[[\d;]*m", "", coloured).splitlines()
    assert [line.rstrip() for line in without_colours] == plain.splitlines()


def test_the_picture_shows_what_is_printed() -> None:
    svg = (RECORDED / "resnet50.svg").read_text(encoding="utf-8")
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="nnlint-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text).replace("\xa0", " ")))
    shown = [" ".join(text for _, text in sorted(lines[y])).split() for y in sorted(lines)]
    assert [line for line in shown if line] == [
        line.split() for line in run(PICTURE, PICTURE_WIDTH).splitlines() if line
    ]
