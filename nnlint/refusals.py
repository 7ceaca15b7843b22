"""What evaluation saw raise, from all contexts of a file: what is left to report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst

from nnlint.construction import Refusal
from nnlint.evaluate.notes import Verdict
from nnlint.evaluate.scope import Site
from nnlint.guards import excused_calls
from nnlint.source import Source, walk
from nnlint.usage import Usage
from nnlint.values import Dict, List, Set, Value

_PATCHES = re.compile("patch|setattr").search


class Judgement(NamedTuple):
    """A verdict in the context of a root; generic: a required argument of the root was Unknown."""

    verdict: Verdict
    built_by: str
    generic: bool

    @property
    def counts(self) -> bool:
        """Whether it says anything: with arguments that nobody gave, only what does not depend on them does."""
        return self.verdict.certain or not self.generic


class Refusals:
    """Gathers the verdicts on every call, by the innermost call in the file that leads to it."""

    def __init__(self, source: Source, path: str) -> None:
        self.source, self.path = source, path
        self.judgements: dict[tuple[Site, Site], list[Judgement]] = {}

    def gather(self, entry: Site, judgement: Judgement) -> None:
        known = self.judgements.setdefault((entry, judgement.verdict.stack[-1]), [])
        if not any(k.verdict[1:] == judgement.verdict[1:] and k.generic == judgement.generic for k in known):
            known.append(judgement)

    def refused(self) -> list[Refusal]:
        """The calls that raise in every context that is known to reach them, and where nothing expects it."""
        found = [refusal for calls in self.judgements.items() for refusal in self._refused(*calls[0], calls[1])]
        if not found:
            return []
        excused, replaced = excused_calls(self.source.tree), set(replaced_names(self.source.tree))
        usage = Usage(self.source.tree, excused) if any(r.code == "NNL301" for _, r in found) else None
        return [
            refusal
            for entry, refusal in found
            if entry.node not in excused
            and refusal.message.partition(" ")[0] not in replaced
            and not (refusal.code == "NNL301" and usage is not None and usage.is_taken_apart(entry.node))
        ]

    def _refused(self, entry: Site, site: Site, judgements: list[Judgement]) -> Iterator[tuple[Site, Refusal]]:
        counting = [judgement for judgement in judgements if judgement.counts]
        if not counting or any(j.verdict.violation is None or j.verdict.guarded for j in counting):
            return
        layer, violation = counting[0].verdict.layer, counting[0].verdict.violation
        assert violation is not None
        if violation.code == "NNL301" and site.source is not self.source:
            return
        place, where = self.source.place(entry.node), site.source.place(site.node)
        if place is not None and where is not None:
            path = self.path if site.source is self.source else site.source.path
            message = f"{layer} cannot {'run' if violation.code == 'NNL301' else 'be built'}: {violation.message}"
            built_by = counting[0].built_by if len({j.verdict.violation for j in counting}) > 1 else ""
            yield entry, Refusal(place, violation.code, message, entry.scope, path, where.line, built_by)


def replaced_names(tree: cst.CSTNode) -> Iterator[str]:
    """The attributes that a file assigns: `nn.Conv2d = Quantized` makes it another class, as does
    `mock.patch("torch.nn.Conv2d")`."""
    for node in walk(tree):
        if isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Attribute):
            yield node.target.attr.value
        elif isinstance(node, cst.Call) and any(isinstance(n, cst.Name) and _PATCHES(n.value) for n in walk(node.func)):
            strings = (arg.value for arg in node.args if isinstance(arg.value, cst.SimpleString))
            yield from (str(string.evaluated_value).rpartition(".")[2] for string in strings)


def is_placeholder(value: Value) -> bool:
    """Whether a default looks like one that callers are to replace: None, -1, 0, an empty collection."""
    if value is None or (isinstance(value, (str, tuple, List, Dict, Set)) and not value):
        return True
    return isinstance(value, (int, float)) and value is not True and value <= 0


def is_settled(names: Iterator[str], variables: dict[str, Value]) -> bool:
    """Whether a call of these names, which no root reaches, means the same wherever it runs.

    A condition on a variable of the file could be why it is not reached.
    """
    plain = (int, float, str, tuple, List, Dict, Set)
    return not any(isinstance(variables.get(name), plain) for name in names)
