"""A rule's page, from its own file: `nnlint explain NNL101`."""

from difflib import get_close_matches

from nnlint.errors import UsageError
from nnlint.rules import Rule, all_rules


class UnknownRuleError(UsageError):
    """No rule has this code."""


def explain(code: str) -> str:
    """The page of the rule with this code or name, with its examples, which are tests. Raises UnknownRuleError."""
    known = {**{rule.code: rule for rule in all_rules()}, **{rule.name: rule for rule in all_rules()}}
    for name in (code, code.upper(), code.lower()):
        if name in known:
            return page(known[name])
    near = sorted({*get_close_matches(code.upper(), known, 3), *get_close_matches(code.lower(), known, 3)})
    told = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(rule.code for rule in all_rules())}"
    raise UnknownRuleError(f"no rule has the code or the name {code!r}; {told}")


def page(rule: Rule) -> str:
    """The rule in words, and what it says of its examples."""
    parts = [f"{rule.code} {rule.name}: {rule.summary}", rule.page.rstrip()]
    for title, examples in (("Reported", rule.bad), ("Not reported", rule.good)):
        for example in examples:
            options = f" with {' '.join(example.options)}" if example.options else ""
            source = "".join(f"    {line}".rstrip() + "\n" for line in example.source.splitlines())
            found = "".join(f"    -> {line}:{column} {rule.code} {text}\n" for line, column, text in example.findings)
            parts.append(f"{title}{options}\n{source}{found}".rstrip())
    return "\n\n".join(parts) + "\n"
