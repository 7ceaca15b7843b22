"""Classes outside torch.nn that are plain nn.Modules: they take any arguments and add no parameters of their own.

name: what their instances have besides a Module's attributes. Any other class from outside the project leaves a lower
bound, since nobody knows what it registers.
"""

_LIGHTNING = (
    "save_hyperparameters", "hparams", "log", "log_dict", "trainer", "logger", "example_input_array", "print",
    "automatic_optimization", "current_epoch", "global_step", "global_rank", "on_gpu", "strict_loading",
)  # fmt: skip

PLAIN_OUTSIDE: dict[str, tuple[str, ...]] = {
    "torch.ao.quantization.QuantStub": ("qconfig",),
    "torch.ao.quantization.DeQuantStub": ("qconfig",),
    "torch.quantization.QuantStub": ("qconfig",),
    "torch.quantization.DeQuantStub": ("qconfig",),
    "torch.ao.nn.quantized.FloatFunctional": (),
    "torch.nn.quantized.FloatFunctional": (),
    "pytorch_lightning.LightningModule": _LIGHTNING,
    "pytorch_lightning.core.LightningModule": _LIGHTNING,
    "lightning.LightningModule": _LIGHTNING,
    "lightning.pytorch.LightningModule": _LIGHTNING,
    "lightning.pytorch.core.LightningModule": _LIGHTNING,
}
