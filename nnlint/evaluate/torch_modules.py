"""torch.nn.Module and all classes of torch.nn, as the program finds them."""

from __future__ import annotations

from nnlint.evaluate.arities import MODULE, arities
from nnlint.evaluate.hyperparameters import SAVING, save_hyperparameters
from nnlint.evaluate.nn_containers import ARGUMENTS, CONTAINERS, overridable, taking
from nnlint.evaluate.nn_layers import call_lazy, layer_init, plain_init
from nnlint.evaluate.nn_module import (
    KEEPING_SIZES,
    MODULE_METHODS,
    THERE,
    THERE_IN,
    conv_forward,
    from_pretrained,
    init_outside,
    nothing,
    synchronized,
)
from nnlint.layers import (
    LAYERS,
    PLAIN,
    PLAIN_BASES,
    PLAIN_OUTSIDE,
)
from nnlint.signature import Parameter, Signature
from nnlint.unknown import Unknown
from nnlint.values import (
    Class,
    Descriptor,
    Native,
)


def add_what_is_there(classes: dict[str, Class]) -> None:
    """Give the framework's classes the rest of the names that they have in torch."""
    for names, listed in {"torch.nn.Module": THERE, **THERE_IN}.items():
        for cls in map(classes.__getitem__, names.split()):
            for name in listed.split():
                cls.attributes.setdefault(name, Unknown(f"{name} of {cls.name}"))
    for dimensions in (1, 2, 3):
        convolve = Native("_conv_forward", conv_forward(dimensions))
        classes[f"torch.nn.Conv{dimensions}d"].attributes["_conv_forward"] = convolve
    for method, listed in KEEPING_SIZES.items():
        for name in listed.split():
            classes[f"torch.nn.{name}"].attributes.setdefault(method, Native(method, nothing))
    for name in ("torch.nn.Embedding", "torch.nn.EmbeddingBag"):
        maker = Native("from_pretrained", from_pretrained)
        classes[name].attributes["from_pretrained"] = Descriptor("classmethod", maker)
    converter = Descriptor("classmethod", Native("convert_sync_batchnorm", synchronized))
    classes["torch.nn.SyncBatchNorm"].attributes["convert_sync_batchnorm"] = converter


SELF = Parameter("self")
HOLDING = ("hparams", "hparams_initial", "load_from_checkpoint", "trainer")  # what may be a module, or hold some
OVERLOADED = Signature((SELF, Parameter("args", kind="*"), Parameter("kwargs", kind="**")))
SEEN = {
    **dict.fromkeys(("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"), OVERLOADED),
    **dict.fromkeys(("torch.nn.Container", "torch.nn.NLLLoss2d"), None),  # deprecated
}


def as_seen(name: str, signature: Signature) -> Signature | None:
    """What inspect tells of the constructor of one of torch's layers that takes these arguments."""
    return SEEN[name] if name in SEEN else Signature((SELF, *signature.parameters))


def torch_classes(object_class: Class) -> dict[str, Class]:
    """torch.nn.Module and all classes of torch.nn, by full public name."""
    module = Class("Module", (object_class,), full_name="torch.nn.Module")
    module.attributes.update({name: Native(name, fn) for name, fn in MODULE_METHODS.items()})
    for name, arity in arities(MODULE, own=1).items():
        module.attributes[name].arity = arity
    for name in ("__init__", "__call__"):
        module.attributes[name].signature = OVERLOADED
    module.attributes.update(call_super_init=False, dump_patches=False)
    classes = {"torch.nn.Module": module}
    for name, methods in CONTAINERS.items():
        made = Class(name, (module,), full_name=f"torch.nn.{name}")
        for method, fn in methods.items():
            made.attributes[method] = Native(method, overridable(name, method, taking(ARGUMENTS[name].get(method), fn)))
        classes[made.full_name] = made

    def framework_class(name: str) -> Class:
        if name not in classes:
            layer = LAYERS.get(name)
            bases = layer.bases if layer is not None else PLAIN_BASES.get(name, ())
            order = [framework_class(base) for base in bases]
            made = Class(name.rpartition(".")[2], (order[0] if order else module,), full_name=name, layer=layer)
            made.mro = (made, *(order or [module]), object_class)
            if layer is not None:
                made.attributes["__init__"] = Native("__init__", layer_init(layer))
                made.attributes["__init__"].signature = as_seen(name, layer.signature)
                if layer.lazy:
                    made.attributes["__call__"] = Native("__call__", call_lazy)
            elif name in PLAIN:
                made.attributes["__init__"] = Native("__init__", plain_init(name))
                made.attributes["__init__"].signature = as_seen(name, PLAIN[name])
            classes[name] = made
        return classes[name]

    for name in (*LAYERS, *PLAIN):
        framework_class(name)
    add_what_is_there(classes)
    for name, attributes in PLAIN_OUTSIDE.items():
        made = Class(name.rpartition(".")[2], (module,), full_name=name)
        why = Unknown(f"an attribute of {made.name}", plain=True)
        made.attributes.update(dict.fromkeys(attributes, why))
        made.attributes.update({held: Unknown(why.why) for held in HOLDING if held in attributes})
        made.attributes["__init__"] = Native("__init__", init_outside)
        if SAVING in attributes:
            made.attributes[SAVING] = Native(SAVING, save_hyperparameters)
        classes[name] = made
    return classes
