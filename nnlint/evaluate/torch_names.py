"""What torch 2.13 surely has, beside what tables evaluate: its modules, as far as programs import them, and its
initialisers. A name that is neither here nor in a table may be there or not."""

from __future__ import annotations

_MODULES = (
    "amp ao ao.nn ao.quantization autograd autograd.function autograd.functional autograd.profiler backends "
    "backends.cuda backends.cudnn backends.mps compiler cuda cuda.amp cuda.random distributed distributions export "
    "fft func functional futures fx hub jit library linalg mps multiprocessing nested nn nn.attention "
    "nn.common_types nn.functional nn.grad nn.init nn.intrinsic nn.modules nn.modules.activation "
    "nn.modules.batchnorm nn.modules.container nn.modules.conv nn.modules.dropout nn.modules.instancenorm "
    "nn.modules.linear nn.modules.loss nn.modules.module nn.modules.normalization nn.modules.padding "
    "nn.modules.pooling nn.modules.rnn nn.modules.sparse nn.modules.transformer nn.modules.upsampling "
    "nn.modules.utils nn.parallel nn.parameter nn.quantized nn.utils nn.utils.parametrizations nn.utils.parametrize "
    "nn.utils.prune nn.utils.rnn nn.utils.spectral_norm nn.utils.weight_norm onnx optim optim.lr_scheduler "
    "optim.optimizer optim.swa_utils overrides package profiler quantization random sparse special testing types "
    "utils utils.benchmark utils.checkpoint utils.data utils.data.dataloader utils.data.dataset utils.data.sampler "
    "utils.dlpack utils.hooks utils.model_zoo version xpu"
)
_INITIALISERS = (
    "calculate_gain constant constant_ dirac dirac_ eye eye_ kaiming_normal kaiming_normal_ kaiming_uniform "
    "kaiming_uniform_ normal normal_ ones_ orthogonal orthogonal_ sparse sparse_ trunc_normal_ uniform uniform_ "
    "xavier_normal xavier_normal_ xavier_uniform xavier_uniform_ zeros_ _no_grad_fill_ _no_grad_normal_ "
    "_no_grad_trunc_normal_ _no_grad_uniform_ _no_grad_zero_"
)
MODULES = frozenset(f"torch.{name}" for name in _MODULES.split())
INITIALISERS = frozenset(f"torch.nn.init.{name}" for name in _INITIALISERS.split())
