"""What the rules on calls that raise share: each reports the refusals of its own code."""

from collections.abc import Iterator

from nnlint.configuration import Configuration
from nnlint.construction import Analysis, Refusal
from nnlint.finding import Finding
from nnlint.pragma import Pragmas
from nnlint.rules import Check
from nnlint.rules.owner import analyse_owner
from nnlint.rules.wording import is_same_file, nearest_path


def check_for(code: str) -> Check:
    """A check that reports the refusals of a code; one in another file is left to that file where it reports it."""

    def check(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> Iterator[Finding]:
        for refusal in analysis.refusals:
            if refusal.code == code and not _is_left_to_owner(refusal, analysis.path, configuration):
                place = refusal.place
                yield Finding(analysis.path, place.line, place.column, code, say(refusal, analysis.path))

    return check


def _is_left_to_owner(refusal: Refusal, path: str, configuration: Configuration) -> bool:
    if is_same_file(refusal.path, path):
        return False
    own = analyse_owner(refusal.path, configuration)[0].refusals
    return any((r.code, r.line) == (refusal.code, refusal.line) and is_same_file(r.path, refusal.path) for r in own)


def say(refusal: Refusal, path: str) -> str:
    """The message for a call that raises."""
    layer, _, reason = refusal.message.partition(" ")
    where = "" if is_same_file(refusal.path, path) else f" at {nearest_path(refusal.path)}:{refusal.line}"
    built_by = f", when built by {refusal.built_by}" if refusal.built_by else ""
    return f"{layer}{where} {reason}{built_by}"
