"""Classes outside torch.nn that are plain nn.Modules: they take any arguments and add no parameters of their own.

name: what their instances have besides a Module's attributes. Any other class from outside the project leaves a lower
bound, since nobody knows what it registers.
"""

_LIGHTNING = (
    "save_hyperparameters", "hparams", "log", "log_dict", "trainer", "logger", "example_input_array", "print",
    "automatic_optimization", "current_epoch", "global_step", "global_rank", "on_gpu", "strict_loading", "fabric",
    "local_rank", "loggers", "all_gather", "manual_backward", "optimizers", "lr_schedulers", "hparams_initial",
)  # fmt: skip
_MMENGINE = ("init_cfg", "is_init", "_is_init", "init_weights")
_COMPOSER = ("logger",)
_METRIC = ("update", "compute", "reset", "add_state", "plot", "metric_state", "dist_reduce_fx", "sync_on_compute")

PLAIN_OUTSIDE: dict[str, tuple[str, ...]] = {
    "torch.ao.quantization.QuantStub": ("qconfig",),
    "torch.ao.quantization.DeQuantStub": ("qconfig",),
    "torch.quantization.QuantStub": ("qconfig",),
    "torch.quantization.DeQuantStub": ("qconfig",),
    "torch.ao.nn.quantized.FloatFunctional": (),
    "torch.nn.quantized.FloatFunctional": (),
    **{
        f"{package}.{path}LightningModule": _LIGHTNING
        for package in ("pytorch_lightning", "lightning", "lightning.pytorch")
        for path in ("", "core.", "core.module.", "core.lightning.")
    },
    **{
        f"{module}.BaseModule": _MMENGINE
        for module in ("mmengine.model", "mmengine.model.base_module", "mmcv.runner", "mmcv.runner.base_module")
    },
    **dict.fromkeys(("composer.ComposerModel", "composer.models.ComposerModel"), _COMPOSER),
    # Metrics hold their states in buffers; those that hold a network are not here.
    **{
        f"{module}.{name}": _METRIC
        for module in ("torchmetrics", "torchmetrics.classification", "torchmetrics.regression",
                       "torchmetrics.aggregation")
        for name in (
            "Metric", "Accuracy", "AUROC", "AveragePrecision", "ConfusionMatrix", "F1Score", "JaccardIndex",
            "Precision", "Recall", "Specificity", "BinaryAccuracy", "BinaryAUROC", "BinaryF1Score",
            "BinaryPrecision", "BinaryRecall", "MulticlassAccuracy", "MulticlassAUROC", "MulticlassF1Score",
            "MulticlassPrecision", "MulticlassRecall", "MulticlassJaccardIndex", "MulticlassConfusionMatrix",
            "MultilabelAccuracy", "MultilabelF1Score", "MeanMetric", "SumMetric", "MaxMetric", "MinMetric",
            "MeanSquaredError", "MeanAbsoluteError", "R2Score", "PearsonCorrCoef",
        )
    },
}  # fmt: skip
