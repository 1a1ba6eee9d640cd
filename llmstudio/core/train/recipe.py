"""The run as data: how long, how fast and in what portions the model learns. No torch.

`live` fields may be changed while a run goes on; a field with `when` counts only where another has one of these values.
"""

from typing import Annotated, Any, Literal, get_args, get_type_hints

from msgspec import Meta, Struct

Optimizer = Literal["muon", "adamw", "adam", "lion", "adafactor", "rmsprop", "nesterov", "momentum", "sgd"]
Schedule = Literal["cosine", "linear", "wsd", "one_cycle", "inverse_sqrt", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]

OPTIMIZERS = {
    "muon": "Muon", "adamw": "AdamW", "adam": "Adam", "lion": "Lion", "adafactor": "Adafactor", "rmsprop": "RMSprop",
    "nesterov": "Nesterov momentum", "momentum": "Momentum", "sgd": "SGD",
}  # fmt: skip
SCHEDULES = {
    "cosine": "Cosine", "linear": "Linear", "wsd": "Warm up, hold, decay", "one_cycle": "One cycle",
    "inverse_sqrt": "Inverse square root", "constant": "Constant",
}  # fmt: skip
_AVERAGED = ["muon", "adamw", "adam", "lion"]  # keep a running mean of the gradient by beta 1
_SQUARED = ["muon", "adamw", "adam", "rmsprop"]  # divide by a running mean of its square, by beta 2


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    steps: Annotated[int, Meta(ge=1, le=100_000_000, title="Steps", description="How many times the weights are changed.", extra_json_schema={"group": "Length", "live": True})] = 2000
    batch: Annotated[int, Meta(ge=1, le=65_536, title="Batch", description="Passages of text read before each change of the weights.", extra_json_schema={"unit": "texts", "group": "Length", "live": True})] = 12
    accumulate: Annotated[int, Meta(ge=1, le=65_536, title="In portions", description="The batch goes through in this many portions, and their gradients are added up: the same step in less memory.", extra_json_schema={"group": "Length", "live": True})] = 1
    early_stop: Annotated[int, Meta(ge=0, le=100_000, title="Stop early", description="Ends the run after this many looks at validation text without a new best, and goes back to the best weights; 0 never does.", extra_json_schema={"unit": "looks", "group": "Length", "live": True})] = 0
    learning_rate: Annotated[float, Meta(gt=0, le=10, title="Peak", description="The largest step size, reached after the warm-up.", extra_json_schema={"group": "Learning rate", "live": True})] = 1e-3
    matrix_rate: Annotated[float, Meta(gt=0, le=10, title="Peak, matrices", description="The largest step size of the matrices inside the blocks, which Muon moves; the peak above is for all else.", extra_json_schema={"group": "Learning rate", "live": True, "when": {"optimizer": ["muon"]}})] = 0.02
    min_learning_rate: Annotated[float, Meta(ge=0, le=10, title="Final", description="What the peak has fallen to at the last step; all other rates fall in proportion.", extra_json_schema={"group": "Learning rate", "live": True})] = 1e-4
    schedule: Annotated[Schedule, Meta(title="Schedule", description="How the learning rate falls from its peak to its final value.", extra_json_schema={"group": "Learning rate", "words": SCHEDULES})] = "cosine"
    decay: Annotated[float, Meta(gt=0, le=1, title="Decay part", description="Share of the run, at its end, in which the rate falls.", extra_json_schema={"group": "Learning rate", "when": {"schedule": ["wsd"]}})] = 0.3
    warmup: Annotated[int, Meta(ge=0, le=10_000_000, title="Warm-up", description="Steps over which the learning rate rises from 0, while the first gradients are wild.", extra_json_schema={"unit": "steps", "group": "Learning rate"})] = 100
    optimizer: Annotated[Optimizer, Meta(title="Kind", description="The rule by which gradients change the weights.", extra_json_schema={"group": "Optimiser", "words": OPTIMIZERS})] = "adamw"
    weight_decay: Annotated[float, Meta(ge=0, le=10, title="Weight decay", description="Pulls matrices towards zero a little at each step, apart from the gradient (Loshchilov & Hutter 2019).", extra_json_schema={"group": "Optimiser", "live": True})] = 0.1
    beta1: Annotated[float, Meta(ge=0, lt=1, title="Beta 1", description="How long the mean of the gradient is remembered.", extra_json_schema={"group": "Optimiser", "when": {"optimizer": _AVERAGED}})] = 0.9
    beta2: Annotated[float, Meta(ge=0, lt=1, title="Beta 2", description="How long the mean of the squared gradient is remembered.", extra_json_schema={"group": "Optimiser", "when": {"optimizer": [*_SQUARED, "lion"]}})] = 0.99
    momentum: Annotated[float, Meta(ge=0, lt=1, title="Momentum", description="Share of the last change that is carried into the next.", extra_json_schema={"group": "Optimiser", "when": {"optimizer": ["muon", "nesterov", "momentum"]}})] = 0.95
    clip: Annotated[float, Meta(ge=0, le=1e6, title="Clip gradients", description="Longest gradient that is let through; 0 lets all through.", extra_json_schema={"group": "Optimiser", "live": True})] = 1.0
    ema: Annotated[float, Meta(ge=0, lt=1, title="Averaging", description="Keeps a running average of the weights, this share of it at each step, and tests, samples and saves that; 0 does not.", extra_json_schema={"group": "Optimiser", "slider": False})] = 0.0
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1, title="Seed", description="The same seed gives the same start and the same order of batches.", extra_json_schema={"group": "Optimiser"})] = 1337
    dropout: Annotated[float, Meta(ge=0, lt=1, title="Dropout", description="Share of activations switched off at random while training, against learning by heart. Off: as the design says.", extra_json_schema={"group": "Against overfitting", "live": True})] | None = None
    label_smoothing: Annotated[float, Meta(ge=0, lt=1, title="Label smoothing", description="Aims at a right token of a little less than certain: this share is spread over all tokens (Szegedy et al. 2016).", extra_json_schema={"group": "Against overfitting", "live": True})] = 0.0
    z_loss: Annotated[float, Meta(ge=0, le=1, title="Z-loss", description="Keeps the scores from drifting: adds this times the squared logarithm of their sum (PaLM, Chowdhery et al. 2022).", extra_json_schema={"group": "Against overfitting", "live": True, "slider": False})] = 0.0
    precision: Annotated[Precision, Meta(title="Precision", description="The numbers it computes with; weights and the optimiser's memory always keep 32 bits. Auto tries which is faster here.", extra_json_schema={"group": "Machine", "words": {"auto": "auto", "float32": "32 bit", "bfloat16": "bf16"}})] = "auto"
    compile: Annotated[bool, Meta(title="Compile", description="Translates the step for this machine in the background, where that pays before the run ends.", extra_json_schema={"group": "Machine"})] = True
    recompute: Annotated[bool, Meta(title="Recompute", description="Forgets what blocks computed on the way and computes it again on the way back: less memory, a third slower (Chen et al. 2016).", extra_json_schema={"group": "Machine"})] = False
    roll_back: Annotated[bool, Meta(title="Roll back", description="When the loss jumps or is no number any more, goes back to the last good weights and takes smaller steps.", extra_json_schema={"group": "Machine"})] = True
    checkpoint_seconds: Annotated[int, Meta(ge=1, le=86_400, title="Save every", description="Longest time between two checkpoints: all that a power cut can cost.", extra_json_schema={"unit": "s", "group": "Machine", "live": True})] = 20
    checkpoint_steps: Annotated[int, Meta(ge=0, le=10_000_000, title="And every", description="Steps between two checkpoints, beside the time; 0: the time alone.", extra_json_schema={"unit": "steps", "group": "Machine", "live": True})] = 0
    evaluate_every: Annotated[int, Meta(ge=1, le=10_000_000, title="Evaluate every", description="Steps between two looks at text it does not learn from.", extra_json_schema={"unit": "steps", "group": "Look while it learns", "live": True})] = 100
    evaluate_batches: Annotated[int, Meta(ge=1, le=100_000, title="Evaluate on", description="Batches of validation text for each point of the curve; the final figure reads all of it.", extra_json_schema={"unit": "batches", "group": "Look while it learns", "live": True})] = 20
    sample_every: Annotated[int, Meta(ge=1, le=10_000_000, title="Sample every", description="Steps between two samples of its writing.", extra_json_schema={"unit": "steps", "group": "Look while it learns", "live": True})] = 200
    sample_tokens: Annotated[int, Meta(ge=1, le=10_000, title="Sample length", description="Tokens in each sample.", extra_json_schema={"unit": "tokens", "group": "Look while it learns", "live": True})] = 120
    watch_every: Annotated[int, Meta(ge=0, le=10_000_000, title="Health every", description="Steps between two measurements of each part's gradients, updates and activations; 0: never.", extra_json_schema={"unit": "steps", "group": "Look while it learns", "live": True})] = 20
    prompt: Annotated[str, Meta(title="Prompt", description="What each sample goes on from.", extra_json_schema={"group": "Look while it learns", "live": True})] = "\n"


def _live() -> tuple[str, ...]:
    def says(hint: Any) -> bool:
        return (isinstance(hint, Meta) and bool((hint.extra_json_schema or {}).get("live"))) or any(map(says, get_args(hint)))

    return tuple(name for name, hint in get_type_hints(Recipe, include_extras=True).items() if says(hint))


LIVE = _live()  # names of the fields that may change while a run goes on


def snapshot_steps(steps: int, per_octave: int = 4) -> list[int]:
    """Steps at which the weights are kept for the time machine: 0, the last, and log-spaced between, rising."""
    marks = {0, steps}
    k = 0
    while (mark := round(2 ** (k / per_octave))) < steps:
        marks.add(mark)
        k += 1
    return sorted(marks)
