"""What the choices of a recipe do: in a sentence or two, as a formula, and whose idea it was. No torch.

In the formulas θ is a weight, g its gradient, η the learning rate of the step, λ the weight decay, t the step from 1.
"""

from msgspec import Struct


class Explained(Struct, frozen=True, kw_only=True):
    """`formula` is plain text, one relation a line, none where there is nothing to write down."""

    title: str
    text: str
    formula: str
    source: str


PULL = "θ ← θ − η λ θ   (matrices only)"

_OPTIMIZERS = {
    "muon": Explained(
        title="Muon",
        text="Moves each matrix inside the blocks along its mean gradient made orthogonal, so that rare directions "
        "move as far as common ones, and in a mixture those of each expert by itself. AdamW moves everything else. "
        "Often reaches a loss in the fewest steps.",
        formula="m ← μ m + (1 − μ) g,   u = μ m + (1 − μ) g\n"
        "X = u / ‖u‖,   5 times: A = X Xᵀ,  X ← 3.4445 X + (−4.775 A + 2.0315 A²) X\n"
        "θ ← θ − η max(1, rows/columns)^½ X\n" + PULL,
        source="Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks",
    ),
    "adamw": Explained(
        title="AdamW",
        text="Divides the mean gradient of each weight by its usual size, so that all weights learn at a similar pace, "
        "and pulls weights towards zero apart from that. The usual choice for language models.",
        formula="m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²\n"
        "θ ← θ − η m̂ / (√v̂ + 10⁻⁸),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)\n" + PULL,
        source="Loshchilov & Hutter 2019, Decoupled weight decay regularization",
    ),
    "adam": Explained(
        title="Adam",
        text="As AdamW, but weight decay is added to the gradient and divided along with it, so it pulls weights with "
        "small gradients much harder. Take a far smaller decay than for AdamW, or none.",
        formula="g ← g + λ θ   (matrices only)\n"
        "m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²\n"
        "θ ← θ − η m̂ / (√v̂ + 10⁻⁸),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)",
        source="Kingma & Ba 2015, Adam: a method for stochastic optimization",
    ),
    "lion": Explained(
        title="Lion",
        text="Takes only the sign of the mean gradient: every weight moves by the same amount. Half of AdamW's memory; "
        "it wants a learning rate 3 to 10 times smaller and a weight decay as much larger.",
        formula="θ ← θ − η sign(β₁ m + (1 − β₁) g)\nm ← β₂ m + (1 − β₂) g\n" + PULL,
        source="Chen et al. 2023, Symbolic discovery of optimization algorithms",
    ),
    "adafactor": Explained(
        title="Adafactor",
        text="Remembers the size of a matrix's gradients by row and by column only, so it needs almost no memory. Its "
        "steps are shares of the weights' own size and shrink with time, so it wants a peak of about 0.01 to 0.1.",
        formula="R, C: running sums of g² over rows, over columns, with β = 1 − t^−0.8\n"
        "U = g / √(R C / ΣR),   U ← U / max(1, RMS(U))\n"
        "θ ← θ − max(0.001, RMS(θ)) min(η, 1/√t) U\n" + PULL,
        source="Shazeer & Stern 2018, Adafactor: adaptive learning rates with sublinear memory cost",
    ),
    "rmsprop": Explained(
        title="RMSprop",
        text="Divides each gradient by its usual size, without a running mean of the gradient itself: Adam's "
        "forerunner.",
        formula="v ← β₂ v + (1 − β₂) g²\nθ ← θ − η g / (√v + 10⁻⁸)\n" + PULL,
        source="Tieleman & Hinton 2012, Neural networks for machine learning, lecture 6e",
    ),
    "nesterov": Explained(
        title="Nesterov momentum",
        text="Momentum that looks ahead: the step is taken from where the momentum is about to lead. It wants a much "
        "larger learning rate than AdamW.",
        formula="v ← μ v + g\nθ ← θ − η (g + μ v)\n" + PULL,
        source="Nesterov 1983; as in Sutskever et al. 2013, On the importance of initialization and momentum",
    ),
    "momentum": Explained(
        title="Momentum",
        text="A ball that rolls downhill: past gradients carry on into the next step, and what points back and forth "
        "cancels out. It wants a much larger learning rate than AdamW.",
        formula="v ← μ v + g\nθ ← θ − η v\n" + PULL,
        source="Polyak 1964, Some methods of speeding up the convergence of iteration methods",
    ),
    "sgd": Explained(
        title="SGD",
        text="The plainest rule: a step against the gradient. Transformers learn slowly with it, because their weights "
        "have gradients of very different size.",
        formula="θ ← θ − η g\n" + PULL,
        source="Robbins & Monro 1951, A stochastic approximation method",
    ),
}

_SCHEDULES = {
    "cosine": Explained(
        title="Cosine",
        text="Falls slowly, then quickly, then slowly again, down to the final rate at the last step.",
        formula="η = final + (peak − final) (1 + cos π p) / 2,   p from 0 to 1 after the warm-up",
        source="Loshchilov & Hutter 2017, SGDR: stochastic gradient descent with warm restarts",
    ),
    "linear": Explained(
        title="Linear",
        text="Falls by the same amount at each step, down to the final rate at the last.",
        formula="η = peak + (final − peak) p,   p from 0 to 1 after the warm-up",
        source="Devlin et al. 2019, BERT; Defazio et al. 2023, When, why and how much?",
    ),
    "wsd": Explained(
        title="Warm up, hold, decay",
        text="Stays at the peak and falls only in the last part of the run, so the run can be made longer at any time "
        "before that.",
        formula="η = peak   before the decay part\nη = peak + (final − peak) q,   q from 0 to 1 in the decay part",
        source="Hu et al. 2024, MiniCPM; Hägele et al. 2024, Scaling laws beyond fixed training durations",
    ),
    "one_cycle": Explained(
        title="One cycle",
        text="Rises from 1/25 of the peak along half a cosine, then falls along another. Meant for a high peak and a "
        "warm-up of about a third of the run.",
        formula="η = peak (1/25 + 24/25 (1 − cos π w) / 2),   w from 0 to 1 in the warm-up\n"
        "η = final + (peak − final) (1 + cos π p) / 2,   p from 0 to 1 after it",
        source="Smith & Topin 2018, Super-convergence; both halves cosines, the momentum constant",
    ),
    "inverse_sqrt": Explained(
        title="Inverse square root",
        text="Falls with the square root of the steps, whatever their number: four times as many steps, half the rate. "
        "It needs a warm-up, whose end is its peak.",
        formula="η = peak · min(t / warm-up, √(warm-up / t)),   not below final",
        source="Vaswani et al. 2017, Attention is all you need, section 5.3",
    ),
    "constant": Explained(
        title="Constant",
        text="Stays at the peak after the warm-up. Simple, but the last bit of loss needs smaller steps.",
        formula="η = peak",
        source="Robbins & Monro 1951 show why the rate has to fall for the weights to settle",
    ),
}

_FIELDS = {
    "clip": Explained(
        title="Clip gradients",
        text="When all gradients together are longer than this, they are shortened to it. Their direction stays, so "
        "one odd batch cannot throw the weights far.",
        formula="g ← g · min(1, clip / ‖g‖),   ‖g‖ over all weights",
        source="Pascanu et al. 2013, On the difficulty of training recurrent neural networks",
    ),
    "accumulate": Explained(
        title="In portions",
        text="The batch goes through in portions whose gradients are averaged before the one step: the same step in "
        "less memory, a little slower.",
        formula="g = (g₁ + g₂ + … + gₙ) / n",
        source="Follows from the gradient of a mean being the mean of the gradients",
    ),
    "ema": Explained(
        title="Averaging",
        text="Keeps a running average of the weights and tests, samples and saves that: the jitter of single steps "
        "averages out. Early on it forgets faster, so that nothing of the random start stays.",
        formula="d = min(ema, (t − 1) / (t + 9))\nθ̄ ← d θ̄ + (1 − d) θ",
        source="Polyak & Juditsky 1992, Acceleration of stochastic approximation by averaging",
    ),
    "label_smoothing": Explained(
        title="Label smoothing",
        text="The right token is to get a little less than all of the probability, so that the scores need not grow "
        "without end. Only the training loss is higher for it; validation is measured without.",
        formula="loss = (1 − s) (−ln p(right)) + s · mean over all V tokens of (−ln p)",
        source="Szegedy et al. 2016, Rethinking the Inception architecture",
    ),
    "z_loss": Explained(
        title="Z-loss",
        text="Scores may all drift up together without changing any probability. This pulls them back, which keeps "
        "16-bit arithmetic exact.",
        formula="loss ← loss + z · (ln Σ exp(score))²",
        source="Chowdhery et al. 2022, PaLM, section 5",
    ),
    "dropout": Explained(
        title="Dropout",
        text="While training, this share of activations is set to zero at random and the rest made larger, so that no "
        "neuron can rely on another. It helps when the same text is read many times, and slows learning otherwise.",
        formula="x ← x · k / (1 − p),   k = 0 with probability p, else 1",
        source="Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting",
    ),
    "recompute": Explained(
        title="Recompute",
        text="Only what enters each block is kept on the way forward; the rest is computed again on the way back. The "
        "same numbers in less memory, a third more time.",
        formula="time: 3 passes become 4;   memory: the inside of one block, not of all",
        source="Chen et al. 2016, Training deep nets with sublinear memory cost",
    ),
    "early_stop": Explained(
        title="Stop early",
        text="Ends the run when validation loss has not been lower for this many looks in a row, and goes back to the "
        "weights that were best.",
        formula="stop when looks since the lowest validation loss = early stop",
        source="Prechelt 1998, Early stopping, but when?",
    ),
}

EXPLAINED: dict[tuple[str, str], Explained] = {
    **{("optimizer", value): told for value, told in _OPTIMIZERS.items()},
    **{("schedule", value): told for value, told in _SCHEDULES.items()},
    **{(name, ""): told for name, told in _FIELDS.items()},
}  # (field of the recipe, its value; "" for fields that are no choice)
