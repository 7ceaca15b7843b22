"""How many arguments Python's own functions and methods take, and those of torch.nn.Module, and by which names: with
others they raise a TypeError before they do anything."""

from __future__ import annotations

from typing import Any

from nnlint.values import Arity, Deque, Dict, List, Native, Set, Stream

# Each line: a name, how many arguments (a method's object is not counted), and their names, where there are any; "any"
# stands for all names.
BUILTINS = """
all 1
any 1
ascii 1
callable 1
classmethod 1
delattr 2
bool 0-1
dict 0-1 any
enumerate 0-2 iterable start
filter 2
float 0-1
format 1-2
frozenset 0-1
getattr 2-3
hasattr 2
hash 1
id 1
isinstance 2
issubclass 2
iter 1-2
len 1
list 0-1
map 2-
max 1- key default
min 1- key default
next 1-2
print 0- sep end file flush
range 1-3
property 0-4 fget fset fdel doc
repr 1
reversed 1
round 1-2 number ndigits
set 0-1
setattr 3
slice 1-3
sorted 1 key reverse
staticmethod 1
str 0-3 object encoding errors
sum 1-2 start
tuple 0-1
type 1-3 any
vars 0-1
zip 0- strict
"""
METHODS = """
list.append 1
list.clear 0
list.copy 0
list.count 1
list.extend 1
list.index 1-3
list.insert 2
list.pop 0-1
list.remove 1
list.reverse 0
list.sort 0 key reverse
deque.append 1
deque.appendleft 1
deque.copy 0
deque.extend 1
deque.extendleft 1
deque.insert 2
deque.pop 0
deque.popleft 0
dict.clear 0
dict.copy 0
dict.get 1-2
dict.items 0
dict.keys 0
dict.most_common 0-1 n
dict.move_to_end 1-2 key last
dict.pop 1-2 key default
dict.popitem 0-1 last
dict.setdefault 1-2 key default
dict.update 0-1 any
dict.values 0
iterator.close 0
iterator.send 1
iterator.__next__ 0
set.add 1
set.clear 0
set.copy 0
set.difference 0-
set.discard 1
set.intersection 0-
set.isdisjoint 1
set.issubset 1
set.issuperset 1
set.pop 0
set.remove 1
set.symmetric_difference 1
set.union 0-
set.update 0-
str.join 1
str.replace 2-3
tuple.count 1
tuple.index 1-3
"""
LIBRARY = """
collections.Counter 0-1 any
collections.OrderedDict 0-1 any
collections.defaultdict 0- any
collections.deque 0-2 iterable maxlen
collections.namedtuple 2 typename field_names rename defaults module
copy.copy 1 x
copy.deepcopy 1-3 x memo _nil
dataclasses.asdict 1 obj dict_factory
dataclasses.astuple 1 obj tuple_factory
dataclasses.fields 1 class_or_instance
dataclasses.is_dataclass 1 obj
dataclasses.replace 1 any
dataclasses.dataclass 0-1 init repr eq order unsafe_hash frozen match_args kw_only slots weakref_slot
functools.partial 1- any
functools.partialmethod 1- any
functools.reduce 2-3
inspect.isclass 1 object
inspect.isfunction 1 object
inspect.ismethod 1 object
inspect.ismodule 1 object
itertools.chain.from_iterable 1
itertools.cycle 1
itertools.islice 2-4
itertools.pairwise 1
itertools.repeat 1-2 object times
math.prod 1 start
operator.add 2
operator.attrgetter 1-
operator.floordiv 2
operator.itemgetter 1-
operator.mod 2
operator.mul 2
operator.pow 2
operator.sub 2
operator.truediv 2
torch.Size 0-1
torch.eye 1-2 n m out dtype layout device requires_grad pin_memory
torch.full 2 size fill_value out dtype layout device requires_grad names pin_memory
torch.tensor 1 data dtype device requires_grad pin_memory
torch.nn.Buffer 0-2 data persistent
torch.nn.parameter.Buffer 0-2 data persistent
torch.nn.utils.parametrizations.orthogonal 1-3 module name orthogonal_map use_trivialization
torch.nn.utils.parametrizations.spectral_norm 1-5 module name n_power_iterations eps dim
torch.nn.utils.parametrizations.weight_norm 1-3 module name dim
torch.nn.utils.parametrize.register_parametrization 3 module tensor_name parametrization unsafe
torch.nn.utils.parametrize.remove_parametrizations 2-3 module tensor_name leave_parametrized
torch.nn.utils.prune.custom_from_mask 3 module name mask
torch.nn.utils.prune.identity 2 module name
torch.nn.utils.prune.l1_unstructured 3-4 module name amount importance_scores
torch.nn.utils.prune.ln_structured 5-6 module name amount n dim importance_scores
torch.nn.utils.prune.random_structured 4 module name amount dim
torch.nn.utils.prune.random_unstructured 3 module name amount
torch.nn.utils.prune.remove 2 module name
torch.nn.utils.remove_spectral_norm 1-2 module name
torch.nn.utils.remove_weight_norm 1-2 module name
torch.nn.utils.spectral_norm 1-5 module name n_power_iterations eps dim
torch.nn.utils.weight_norm 1-3 module name dim
torch.nn.utils.parameters_to_vector 1 parameters
torch.optim.swa_utils.AveragedModel 1-5 model device avg_fn multi_avg_fn use_buffers
"""
# Compared with torch's own by the tests.
MODULE = """
add_module 2 name module
apply 1 fn
bfloat16 0
buffers 0-1 recurse
children 0
cpu 0
cuda 0-1 device
double 0
eval 0
float 0
get_buffer 1 target
get_parameter 1 target
get_submodule 1 target
half 0
load_state_dict 1-3 state_dict strict assign
modules 0-1 remove_duplicate
named_buffers 0-3 prefix recurse remove_duplicate
named_children 0
named_modules 0-3 memo prefix remove_duplicate
named_parameters 0-3 prefix recurse remove_duplicate
parameters 0-1 recurse
register_buffer 2-3 name tensor persistent
register_module 2 name module
register_parameter 2 name param
requires_grad_ 0-1 requires_grad
share_memory 0
train 0-1 mode
type 1 dst_type
zero_grad 0-1 set_to_none
"""
KINDS = {"list": List, "deque": Deque, "dict": Dict, "iterator": Stream, "set": Set, "str": str, "tuple": tuple}
WITHOUT_LIMIT = 10**9


def arities(table: str, own: int = 0) -> dict[str, Arity]:
    """What such lines say, by the names in front. own: how many arguments come before those that are counted."""
    found = {}
    for name, count, *names in map(str.split, table.strip().splitlines()):
        fewest, is_range, most = count.partition("-")
        greatest = int(most or WITHOUT_LIMIT) if is_range else int(fewest)
        found[name] = Arity(int(fewest) + own, greatest + own, None if names == ["any"] else frozenset(names))
    return found


def limit(builtins: dict[str, Native], methods: dict[tuple[type, str], Native], library: dict[str, Any]) -> None:
    """Tell the functions and methods how they may be called."""
    for table, functions in (BUILTINS, builtins), (LIBRARY, library):
        for name, arity in arities(table).items():
            functions[name].arity = arity
    for name, arity in arities(METHODS, own=1).items():
        kind, _, called = name.partition(".")
        methods[KINDS[kind], called].arity = arity
