"""What torch 2.13 surely has, beside what tables evaluate: its modules and other names, as far as programs use them,
and its initialisers. A name that is neither here nor in a table may be there or not."""

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
_NAMES = (
    "BoolTensor ByteTensor Event Generator IntTensor LongTensor OutOfMemoryError Size Stream SymBool SymFloat SymInt "
    "accelerator acos addcmul addmm all amax amin aminmax any are_deterministic_algorithms_enabled argmax argmin "
    "argsort argwhere as_strided asinh atan atan2 atleast_1d autocast baddbmm bernoulli bfloat16 bincount bitwise_and "
    "bitwise_xor bmm bool broadcast_to bucketize cdist channels_last chunk clamp clamp_min clip complex complex128 "
    "complex64 conj contiguous_format cosine_similarity count_nonzero cummax cummin cumprod cumsum deg2rad detach "
    "device diag diag_embed dot double dtype einsum empty_strided enable_grad eq equal erf expand_copy expm1 finfo "
    "flip float float16 float32 float64 float8_e4m3fn float8_e5m2 float8_e8m0fnu floor_divide fmod from_dlpack "
    "frombuffer gather ge get_autocast_cpu_dtype get_autocast_dtype get_autocast_gpu_dtype get_default_device "
    "get_default_dtype get_deterministic_debug_mode get_device_module get_rng_state greater gt half hamming_window "
    "hann_window histc hstack iinfo index_select inf inference_mode initial_seed int int16 int32 int64 int8 "
    "is_autocast_cpu_enabled is_autocast_enabled is_complex is_floating_point is_grad_enabled is_tensor isclose "
    "isfinite isin isinf isnan kaiser_window kthvalue layout ldexp legacy_contiguous_format load log10 log1p "
    "log_softmax logical_and logical_not logical_or logsumexp long lt manual_seed masked masked_fill masked_select "
    "matmul max maximum mean meshgrid min minimum mm movedim multinomial nan_to_num ne no_grad nonzero norm numel "
    "outer pi polar preserve_format prod randint_like real relu remainder repeat_interleave return_types roll rot90 "
    "rsqrt save scalar_tensor scatter searchsorted seed serialization set_default_dtype set_grad_enabled "
    "set_num_threads set_printoptions set_rng_state sign sinc softmax sort split split_with_sizes square std stft "
    "strided sum sym_float sym_int sym_ite sym_max sym_min sym_not sym_sum take_along_dim tan tensor_split topk tril "
    "triu uint16 uint32 uint64 uint8 unbind unique_consecutive unravel_index use_deterministic_algorithms var "
    "var_mean view_as_complex view_as_real vmap where xlogy amp.GradScaler amp.autocast autograd.Function "
    "autograd.grad compiler.disable compiler.is_compiling cuda.Stream cuda.current_device cuda.device "
    "cuda.device_count cuda.empty_cache cuda.get_device_capability cuda.is_available cuda.manual_seed "
    "cuda.manual_seed_all cuda.set_device cuda.stream cuda.synchronize distributed.is_available fft.fft fft.ifft "
    "fft.irfft fft.rfft fx.wrap jit.Final jit.annotate jit.ignore jit.is_scripting jit.is_tracing jit.unused "
    "onnx.export optim.Adadelta optim.Adagrad optim.Adam optim.AdamW optim.Adamax optim.NAdam optim.Optimizer "
    "optim.RAdam optim.RMSprop optim.SGD version.cuda version.hip"
)
_INITIALISERS = (
    "calculate_gain constant constant_ dirac dirac_ eye eye_ kaiming_normal kaiming_normal_ kaiming_uniform "
    "kaiming_uniform_ normal normal_ ones_ orthogonal orthogonal_ sparse sparse_ trunc_normal_ uniform uniform_ "
    "xavier_normal xavier_normal_ xavier_uniform xavier_uniform_ zeros_ _no_grad_fill_ _no_grad_normal_ "
    "_no_grad_trunc_normal_ _no_grad_uniform_ _no_grad_zero_"
)
MODULES = frozenset(f"torch.{name}" for name in _MODULES.split())
NAMES = MODULES | {f"torch.{name}" for name in _NAMES.split()}
INITIALISERS = frozenset(f"torch.nn.init.{name}" for name in _INITIALISERS.split())
# Those of other packages, by which much code initialises torch's parameters.
INITIALISERS_OUTSIDE = frozenset(
    f"timm.{path}{name}"
    for path in ("layers.", "layers.weight_init.", "models.layers.", "models.layers.weight_init.")
    for name in ("trunc_normal_", "trunc_normal_tf_", "variance_scaling_", "lecun_normal_")
)

# The methods of torch.nn.Module by which torch's own constructors register.
REGISTERING = frozenset({"__setattr__", "add_module", "register_buffer", "register_module", "register_parameter"})
REGISTERED = "torch.nn.Module registers"  # among what is replaced, where one of them is
