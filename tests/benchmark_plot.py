"""The picture of what tests/benchmark.py measured, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

WIDTH = 760
LABELS, BAR, GAP = 220, 14, 14  # where bars begin; how high one is; what is between the cases
PLOT_WIDTH, PLOT_HEIGHT = 290, 150
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600; font-size: 13px }
.end { text-anchor: end } .middle { text-anchor: middle } .axis { stroke: #8c959f } .paper { fill: #ffffff }
.tool0 { --tool: #8c959f } .tool1 { --tool: #9ec5f4 } .tool2 { --tool: #0969da } .tool3 { --tool: #d4a72c }
rect.mark, circle { fill: var(--tool) } polyline { fill: none; stroke: var(--tool); stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .paper { fill: #0d1117 } .tool2 { --tool: #4493f8 }
.tool1 { --tool: #264a7a } }
"""
Row = Mapping[str, Any]


def draw(rows: Sequence[Row], base: str, tools: Sequence[str]) -> str:
    """Times of the tools against `base` for each code base, and seconds against the number of files and of blocks."""
    colours = {tool: f"tool{index}" for index, tool in enumerate((base, *tools))}
    code = [row for row in rows if not row["name"][0].isdigit()]
    grown: dict[str, list[Row]] = {}
    for row in rows:
        number, _, what = row["name"].partition(" ")
        if number.isdigit():
            grown.setdefault(what, []).append(row)
    parts, height = list(legend(colours)), 40
    if code:
        parts += bars(code, base, tools, colours, height)
        height += 40 + len(code) * (len(tools) * BAR + GAP)
    for index, (what, series) in enumerate(grown.items()):
        parts += growth(what, series, (base, tools[1]), colours, (70 + index * (PLOT_WIDTH + 80), height + 30))
    height += (PLOT_HEIGHT + 70) if grown else 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">\n'
        f'<style>{STYLE}</style>\n<rect class="paper" width="100%" height="100%"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}">{escape(words.replace("`", ""))}</text>'


def rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="axis" x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"/>'


def legend(colours: Mapping[str, str]) -> Iterator[str]:
    for index, (tool, colour) in enumerate(colours.items()):
        x = 20 + index * 180
        yield f'<rect class="mark {colour}" x="{x}" y="13" width="12" height="12"/>'
        yield text(x + 18, 23, tool)


def bars(rows: Sequence[Row], base: str, tools: Sequence[str], colours: Mapping[str, str], top: float) -> Iterator[str]:
    """For each row a bar for each tool: how many times the base's processor time it takes."""
    yield text(20, top + 15, f"Processor time, {base} being 1", "title")
    y = top + 30
    scale = (WIDTH - LABELS - 70) / max(row["seconds"][tool] / row["seconds"][base] for row in rows for tool in tools)
    bottom = y + len(rows) * (len(tools) * BAR + GAP)
    for row in rows:
        yield text(LABELS - 10, y + len(tools) * BAR / 2 + 4, row["name"], "end")
        for tool in tools:
            factor = row["seconds"][tool] / row["seconds"][base]
            width = factor * scale
            yield f'<rect class="mark {colours[tool]}" x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR - 1}"/>'
            yield text(LABELS + width + 5, y + BAR - 3, f"{factor:.2f} ×")
            y += BAR
        y += GAP
    yield rule(LABELS + scale, top + 25, LABELS + scale, bottom - GAP / 2)


def growth(
    what: str, rows: Sequence[Row], tools: Sequence[str], colours: Mapping[str, str], corner: tuple[float, float]
) -> Iterator[str]:
    """Seconds against the number that a row's name begins with, both axes from 0."""
    left, top = corner
    bottom = top + PLOT_HEIGHT
    numbers = [int(row["name"].partition(" ")[0]) for row in rows]
    most = max(row["seconds"][tool] for row in rows for tool in tools)
    across, up = PLOT_WIDTH / max(numbers), PLOT_HEIGHT / most
    yield text(left - 50, top - 15, f"Seconds for n {what}", "title")
    yield rule(left, top, left, bottom) + rule(left, bottom, left + PLOT_WIDTH, bottom)
    yield text(left - 6, top + 4, f"{most:.2g}", "end") + text(left - 6, bottom + 4, "0", "end")
    for number in numbers:
        yield text(left + number * across, bottom + 17, str(number), "middle")
    for tool in tools:
        points = [(left + n * across, bottom - row["seconds"][tool] * up) for n, row in zip(numbers, rows)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline class="{colours[tool]}" points="{path}"/>'
        yield "".join(f'<circle class="{colours[tool]}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)
