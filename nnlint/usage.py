"""How a file uses what it assigns to a name: whether a module is only called, or taken apart."""

from collections.abc import Container, Iterator

import libcst as cst

from nnlint.source import children, walk

_HARMLESS = (
    *("parameters", "named_parameters", "modules", "named_modules", "buffers", "named_buffers", "state_dict", "apply"),
    *("load_state_dict", "to", "cuda", "cpu", "half", "float", "double", "bfloat16", "type", "eval", "train"),
    *("requires_grad_", "zero_grad", "training", "forward"),
)
_ITERATES = (
    *("enumerate", "zip", "list", "tuple", "iter", "reversed", "len", "next", "dict", "map", "filter", "sorted"),
    "getattr",
)


def is_taken_apart(tree: cst.CSTNode, site: cst.CSTNode, excused: Container[cst.CSTNode]) -> bool:
    """Whether the value of a call is sliced, indexed, iterated, or anything else but called; or called where that may
    raise without harm."""
    names = set(names_of(tree, site))
    return bool(names) and any(_takes_apart(parent, use, excused) for parent, use in uses(tree, names))


def names_of(tree: cst.CSTNode, site: cst.CSTNode) -> Iterator[str]:
    """The names that the value of a call is assigned to, also by way of a function that returns it."""
    makers = {
        node.name.value
        for node in walk(tree)
        if isinstance(node, cst.FunctionDef)
        and any(isinstance(found, cst.Return) and _holds(found, site) for found in walk(node))
    }
    for node in walk(tree):
        if not isinstance(node, (cst.Assign, cst.AnnAssign)) or node.value is None:
            continue
        calls = {_last(call.func) for call in walk(node.value) if isinstance(call, cst.Call)}
        if _holds(node.value, site) or calls & makers:
            targets = [node.target] if isinstance(node, cst.AnnAssign) else [target.target for target in node.targets]
            yield from (name for target in targets if (name := _last(target)) is not None)
    yield from makers


def _holds(node: cst.CSTNode, site: cst.CSTNode) -> bool:
    return any(found is site for found in walk(node))


def _last(node: cst.CSTNode) -> str | None:
    """The name of `name` and of `value.name`."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else None


def uses(tree: cst.CSTNode, names: Container[str | None]) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """Every place where one of the names is used, with the node around it."""
    for parent in walk(tree):
        for node in children(parent):
            if isinstance(parent, cst.Attribute) and node is parent.attr:
                continue
            if isinstance(parent, (cst.FunctionDef, cst.ClassDef)) and node is parent.name:
                continue
            if isinstance(parent, cst.Param) or (isinstance(parent, cst.Arg) and node is parent.keyword):
                continue
            named = node.evaluated_value if isinstance(node, cst.SimpleString) else _last(node)
            if named in names:
                yield parent, node
            elif isinstance(node, cst.Call) and _last(node.func) in _ITERATES:
                yield from ((node, arg.value) for arg in node.args if _last(arg.value) in names)


def _takes_apart(parent: cst.CSTNode, use: cst.CSTNode, excused: Container[cst.CSTNode]) -> bool:
    if isinstance(parent, cst.Call):
        return use is not parent.func or parent in excused
    if isinstance(parent, cst.Attribute):
        return parent.attr.value not in _HARMLESS
    if isinstance(parent, cst.Arg):
        return parent.star != "" or isinstance(use, cst.SimpleString)
    return not isinstance(parent, (cst.AssignTarget, cst.AnnAssign, cst.Return, cst.Expr))
