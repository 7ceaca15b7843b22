"""Analyses made by hand, for the tests of the report's forms."""

from nnlint.construction import Analysis, Context, Entry, Failure, LayerSite, Model, Place


def context(count: int | None, at_least: int = 0, built_by: str = "") -> Context:
    bound = count if count is not None else at_least
    return Context(count, bound, "", None if count is not None else "because", Entry(Place(1, 1, 1, 2), built_by))


def site(path: str, line: int, *contexts: Context, class_name: str | None = None) -> LayerSite:
    place = Place(line, 13, line, 41)
    names = ("torch.nn.Linear", "Linear")
    return LayerSite(path, place, "torch.nn.Linear", class_name, names, "VGG.__init__", list(contexts))


def model(name: str, count: int | None, at_least: int = 0, line: int = 20, kind: str = "function") -> Model:
    bound = count if count is not None else at_least
    return Model(Place(line, 1, line + 2, 5), name, kind, f"{name}()", count, bound, None if count is not None else "x")


def vgg() -> Analysis:
    layer = site("vgg.py", 39, context(102_764_544), context(5))
    return Analysis("vgg.py", [layer], [], [model("vgg16", 138_357_544)], [Failure(1, 1, "too deep")])
