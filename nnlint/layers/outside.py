"""Classes outside torch.nn that are plain nn.Modules: they take any arguments and add no parameters of their own.

name: what their instances have besides a Module's attributes. Any other class from outside the project leaves a lower
bound, since nobody knows what it registers.
"""

_HOOKS = (
    *(f"on_{stage}_{when}" for stage in ("fit", "train", "validation", "test", "predict") for when in ("start", "end")),
    *(
        f"on_{stage}_{unit}_{when}"
        for stage in ("train", "validation", "test", "predict")
        for unit in ("batch", "epoch")
        for when in ("start", "end")
    ),
    *(f"on_{stage}_model_{mode}" for stage in ("validation", "test") for mode in ("eval", "train")),
    "on_predict_model_eval", "on_validation_model_zero_grad", "on_after_backward", "on_before_backward",
    "on_before_optimizer_step", "on_before_zero_grad", "on_after_batch_transfer", "on_before_batch_transfer",
    "on_load_checkpoint", "on_save_checkpoint", "configure_model", "configure_sharded_model", "prepare_data", "setup",
    "teardown", "train_dataloader", "val_dataloader", "test_dataloader", "predict_dataloader",
    "transfer_batch_to_device", "prepare_data_per_node", "allow_zero_length_dataloader_with_multiple_devices",
)  # fmt: skip
_LIGHTNING = (
    "save_hyperparameters", "hparams", "log", "log_dict", "trainer", "logger", "example_input_array", "print",
    "automatic_optimization", "current_epoch", "global_step", "global_rank", "on_gpu", "strict_loading", "fabric",
    "local_rank", "loggers", "all_gather", "manual_backward", "optimizers", "lr_schedulers", "hparams_initial",
    "device", "dtype", "device_mesh", "backward", "clip_gradients", "configure_callbacks", "configure_optimizers",
    "configure_gradient_clipping", "freeze", "unfreeze", "load_from_checkpoint", "lr_scheduler_step", "optimizer_step",
    "optimizer_zero_grad", "training_step", "validation_step", "test_step", "predict_step", "to_onnx", "to_tensorrt",
    "to_torchscript", "toggle_optimizer", "toggled_optimizer", "untoggle_optimizer", "remove_ignored_hparams",
    "CHECKPOINT_HYPER_PARAMS_KEY", "CHECKPOINT_HYPER_PARAMS_NAME", "CHECKPOINT_HYPER_PARAMS_TYPE", *_HOOKS,
)  # fmt: skip
_EINOPS = ("pattern", "axes_lengths", "recipe")
_MMENGINE = ("init_cfg", "is_init", "_is_init", "init_weights")
_COMPOSER = ("logger", "eval_forward", "get_metrics", "loss", "update_metric")
_METRIC = (
    "update", "compute", "reset", "add_state", "plot", "metric_state", "sync_on_compute", "clone",
    "device", "dtype", "set_dtype", "persistent", "sync", "unsync", "sync_context", "merge_state", "update_called",
    "update_count", "compute_on_cpu", "compute_with_cache", "dist_sync_fn", "dist_sync_on_step", "process_group",
    "distributed_available_fn", "full_state_update", "higher_is_better", "is_differentiable", "plot_legend_name",
    "plot_lower_bound", "plot_upper_bound",
)  # fmt: skip

PLAIN_OUTSIDE: dict[str, tuple[str, ...]] = {
    "torch.ao.quantization.QuantStub": ("qconfig",),
    "torch.ao.quantization.DeQuantStub": ("qconfig",),
    "torch.quantization.QuantStub": ("qconfig",),
    "torch.quantization.DeQuantStub": ("qconfig",),
    "torch.ao.nn.quantized.FloatFunctional": (),
    "torch.nn.quantized.FloatFunctional": (),
    **{f"timm.{path}DropPath": ("drop_prob", "scale_by_keep")
       for path in ("layers.", "layers.drop.", "models.layers.", "models.layers.drop.")},
    "einops.layers.torch.Rearrange": _EINOPS,
    "einops.layers.torch.Reduce": ("reduction", *_EINOPS),
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
