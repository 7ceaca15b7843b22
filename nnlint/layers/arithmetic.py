"""How a layer's count comes about, in a line: "25088×4096 + 4096"."""

from collections import Counter
from collections.abc import Mapping

from nnlint.layers.arguments import Shape

LONGEST = 80


def arithmetic(shapes: Mapping[str, Shape | None]) -> str:
    """The shapes of Parameters as a sum of products, equal terms folded, in elements.

    A weight reads from input to output: (out, in, kH, kW) as in×kH×kW×out.
    """
    products = [(*shape[1:], *shape[:1]) for shape in shapes.values() if shape is not None]
    terms = Counter("×".join(map(str, product)) or "1" for product in products)
    folded = [_folded(term, times) for term, times in terms.items()]
    text = " + ".join(folded)
    while len(text) > LONGEST and len(folded) > 1:
        folded.pop()
        text = " + ".join(folded) + " + …"
    return text


def _folded(term: str, times: int) -> str:
    if times == 1:
        return term
    return f"{times}×({term})" if "×" in term else f"{times}×{term}"
