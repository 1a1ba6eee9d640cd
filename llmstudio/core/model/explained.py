"""What each part and option of a design does: in a sentence or two, as a formula, and whose idea it was. No torch.

In the formulas x is the stream at one position, h what a part reads of it, t and s are positions, C is the width, D the
width of a head, W a matrix of weights, ⊙ a product number by number.
"""

from msgspec import Struct

from llmstudio.core.train.explained import Explained

GPT2 = "Radford et al. 2019, Language models are unsupervised multitask learners"
GPTJ = "Wang & Komatsuzaki 2021, GPT-J-6B"
GEMMA = "Gemma team 2024, Gemma 2: improving open language models at a practical size"
VASWANI = "Vaswani et al. 2017, Attention is all you need"
GLU = "Shazeer 2020, GLU variants improve transformer"
SWITCH = "Fedus et al. 2021, Switch transformers"

PARTS = {
    "conv": Explained(
        title="Convolution",
        text="Mixes each number of the stream with its own values at the last few positions: neighbours meet cheaply, "
        "before attention has to find them.",
        formula="y_t = Σ_j w_j ⊙ h_(t−size+1+j),   j = 0 … size − 1",
        source="Allen-Zhu 2025, Physics of language models 4.1: Canon layers",
    ),
    "attn": Explained(
        title="Attention",
        text="Lets every position gather from the positions before it: it asks with a query, each of them answers "
        "with a key, and values are mixed by how well the two fit.",
        formula="q, k, v = W_q h, W_k h, W_v h\ny = W_o softmax(q kᵀ / √D + mask) v",
        source=f"{VASWANI}, section 3.2",
    ),
    "rec": Explained(
        title="Recurrence",
        text="Carries a square of numbers from position to position: each writes a key and a value into it and reads "
        "with a query, and what is old fades as the text decides. Writing costs the same however long the text is.",
        formula="M_t = a_t M_(t−1) + k_t v_tᵀ,   a_t = sigmoid(W_a h_t)^(1/16)\n"
        "y_t = W_o (norm(q_t M_t / √D) ⊙ silu(W_g h_t))",
        source="Yang et al. 2023, Gated linear attention transformers; one gate a head as in Dao & Gu 2024, Mamba-2",
    ),
    "mlp": Explained(
        title="MLP",
        text="Thinks about each position by itself: up to a wider layer, a bend, and down again. Much of what a model "
        "knows sits here.",
        formula="y = W_down f(W_up h)",
        source=f"{VASWANI}, section 3.3",
    ),
    "moe": Explained(
        title="Mixture of experts",
        text="Several MLPs of which each token uses a few, chosen by a router: many more parameters for the same "
        "arithmetic.",
        formula="p = softmax(W_r h)\ny = Σ_i w_i expert_i(h) over the likeliest k,   w_i = p_i / Σ p",
        source="Shazeer et al. 2017, Outrageously large neural networks",
    ),
    "block": Explained(
        title="Block",
        text="Reads the stream, and adds what its parts find. The stream itself runs past it, so blocks can be added "
        "and taken out.",
        formula="x ← x + part(norm(x)),   for each part",
        source=VASWANI,
    ),
    "skip": Explained(
        title="Extra wire",
        text="Adds the stream as it was at an earlier place once more: what was known early is at hand late, as in a "
        "U-net.",
        formula="x ← x + g · x_earlier,   g = 1, or learned from 0",
        source="Ronneberger et al. 2015, U-net; learned from zero: Bachlechner et al. 2020, ReZero",
    ),
    "group": Explained(
        title="Group",
        text="Shows blocks that belong together as one. It changes nothing in the network.",
        formula="",
        source="",
    ),
    "embed": Explained(
        title="Embedding",
        text="Gives each token its own vector: the stream begins there.",
        formula="x = W_e[token]",
        source="Bengio et al. 2003, A neural probabilistic language model",
    ),
    "head": Explained(
        title="Norm, unembed",
        text="Compares the last state of the stream with a vector for each token: the better they fit, the likelier it "
        "is the next.",
        formula="p(next) = softmax(W_u norm(x))",
        source="Press & Wolf 2016, Using the output embedding to improve language models",
    ),
}  # fmt: skip

_NORMS = {
    "layer": Explained(
        title="Layer norm",
        text="Takes the mean off and divides by the spread, over the numbers of one position.",
        formula="y = g ⊙ (x − mean(x)) / √(var(x) + ε) + b",
        source="Ba et al. 2016, Layer normalization",
    ),
    "rms": Explained(
        title="RMS norm",
        text="Divides by the root mean square alone: simpler than layer norm, and as good.",
        formula="y = g ⊙ x / √(mean(x²) + ε)",
        source="Zhang & Sennrich 2019, Root mean square layer normalization",
    ),
    "none": Explained(
        title="No norm",
        text="Parts read the stream as it is: with depth its size drifts, and large learning rates break the run.",
        formula="y = x",
        source="Zhang et al. 2019, Fixup initialization: residual learning without normalization",
    ),
}
_BENDS = {
    "gelu": Explained(
        title="GELU",
        text="Lets large numbers through and small ones fade: a soft step, weighed by how likely a normal number is "
        "smaller.",
        formula="f(z) = z Φ(z)",
        source="Hendrycks & Gimpel 2016, Gaussian error linear units",
    ),
    "gelu_tanh": Explained(
        title="GELU (tanh)",
        text="GELU by an approximation that GPT-2 was trained with.",
        formula="f(z) = ½ z (1 + tanh(√(2/π) (z + 0.044715 z³)))",
        source="Hendrycks & Gimpel 2016, Gaussian error linear units",
    ),
    "relu": Explained(
        title="ReLU",
        text="Lets positive numbers through and nothing else: cheap, and a neuron that is never positive is dead.",
        formula="f(z) = max(0, z)",
        source="Glorot et al. 2011, Deep sparse rectifier neural networks",
    ),
    "relu2": Explained(
        title="ReLU²",
        text="ReLU, squared: sparse and quick to learn.",
        formula="f(z) = max(0, z)²",
        source="So et al. 2021, Primer: searching for efficient transformers",
    ),
    "silu": Explained(
        title="SiLU",
        text="A soft ReLU: each number times its own sigmoid. Also called swish.",
        formula="f(z) = z sigmoid(z)",
        source="Elfwing et al. 2017, Sigmoid-weighted linear units",
    ),
    "swiglu": Explained(
        title="SwiGLU",
        text="Two upward projections; one, bent by SiLU, opens and shuts the other. As in Llama, usually 8/3 wide "
        "instead of 4.",
        formula="y = W_down (silu(W_a h) ⊙ W_b h)",
        source=GLU,
    ),
    "geglu": Explained(
        title="GEGLU",
        text="Two upward projections; one, bent by GELU, opens and shuts the other.",
        formula="y = W_down (gelu(W_a h) ⊙ W_b h)",
        source=GLU,
    ),
    "geglu_tanh": Explained(
        title="GEGLU (tanh)",
        text="GEGLU with the approximate GELU, as in Gemma.",
        formula="y = W_down (gelu_tanh(W_a h) ⊙ W_b h)",
        source=f"{GLU}; {GEMMA}",
    ),
}
_POSITIONS = {
    "learned": Explained(
        title="Learned positions",
        text="A vector for each place, learned like those of tokens. It knows no place beyond the context.",
        formula="x = W_e[token] + W_p[t]",
        source=GPT2,
    ),
    "sinusoidal": Explained(
        title="Fixed waves",
        text="Each place has its own pattern of waves, from quick to slow; nothing to learn.",
        formula="place[2i] = sin(t / 10000^(2i/C)),   place[2i+1] = cos(t / 10000^(2i/C))",
        source=f"{VASWANI}, section 3.5",
    ),
    "rope": Explained(
        title="RoPE",
        text="Rotates pairs of numbers of queries and keys by an angle that grows with the place: how well they fit "
        "depends on the distance alone.",
        formula="(q, k) ← rotate(q, k; t · base^(−2i/D))",
        source="Su et al. 2021, RoFormer: enhanced transformer with rotary position embedding",
    ),
    "alibi": Explained(
        title="ALiBi",
        text="Takes something off each score for every step of distance, by a slope of each head: near is preferred, "
        "also in longer texts than it was trained on.",
        formula="score ← score − m_head (t − s),   m = 2^(−8/H), 2^(−16/H), …",
        source="Press et al. 2021, Train short, test long",
    ),
    "none": Explained(
        title="No positions",
        text="The order is known only from who may look at whom. Enough for counting, with depth.",
        formula="",
        source="Kazemnejad et al. 2023, The impact of positional encoding on length generalization",
    ),
}
_PLACEMENTS = {
    "pre": Explained(
        title="Norm before",
        text="Each part reads a normed stream; the stream itself stays free. Trains at any depth.",
        formula="x ← x + part(norm(x))",
        source="Xiong et al. 2020, On layer normalization in the transformer architecture",
    ),
    "post": Explained(
        title="Norm after the sum",
        text="The stream is normed after each sum, as in the first transformer: deep ones need a slow start.",
        formula="x ← norm(x + part(x))",
        source=VASWANI,
    ),
    "sandwich": Explained(
        title="Norm before and after",
        text="What a part reads and what it writes are both normed, so that no part can shout.",
        formula="x ← x + norm(part(norm(x)))",
        source=f"Ding et al. 2021, CogView; {GEMMA}",
    ),
}
_SCALINGS = {
    "linear": Explained(
        title="All rotations slower",
        text="Divides all speeds, so that a longer text turns no further than the old context did.",
        formula="speed ← speed / stretch",
        source="Chen et al. 2023, Extending the context window by positional interpolation",
    ),
    "llama3": Explained(
        title="Slow rotations slower",
        text="Divides only the slow speeds, which tell far places apart; quick ones, for neighbours, stay.",
        formula="speed ← speed (r + (1 − r) / stretch),   r from 0 (under 1 turn) to 1 (over 4)",
        source="Grattafiori et al. 2024, The Llama 3 herd of models",
    ),
}

OPTIONS: dict[tuple[str, str], Explained] = {
    ("Attention", "heads"): Explained(
        title="Heads",
        text="Independent looks at the text; each has its own queries, keys and values.",
        formula="y = W_o [head_1; …; head_H]",
        source=f"{VASWANI}, section 3.2.2",
    ),
    ("Attention", "kv_heads"): Explained(
        title="Keys, values",
        text="Heads may share keys and values: a smaller cache when writing, at little loss. Grouped: a few heads to "
        "each. Shared: all to one.",
        formula="k, v of head i = those of head ⌊i K / H⌋",
        source="Ainslie et al. 2023, GQA; one for all: Shazeer 2019, Fast transformer decoding",
    ),
    ("Attention", "window"): Explained(
        title="Window",
        text="Each position sees only the last few: cheaper, and far things come by way of several blocks.",
        formula="t sees s where t − s < window",
        source="Beltagy et al. 2020, Longformer",
    ),
    ("Attention", "sinks"): Explained(
        title="Sinks",
        text="The first positions stay in sight of all: heads rest on them when nothing else fits.",
        formula="t sees s where t − s < window or s < sinks",
        source="Xiao et al. 2023, Efficient streaming language models with attention sinks",
    ),
    ("Attention", "qk_norm"): Explained(
        title="Norm of Q, K",
        text="Queries and keys are normed before they meet, so that scores cannot blow up.",
        formula="score = norm(q) · norm(k) / √D",
        source="Henry et al. 2020, Query-key normalization for transformers",
    ),
    ("Attention", "softcap"): Explained(
        title="Soft cap",
        text="Bends scores so that they stay within a limit. Needs the scores written out: slower.",
        formula="score ← cap · tanh(score / cap)",
        source=GEMMA,
    ),
    ("Attention", "head_width"): Explained(
        title="Head width",
        text="Heads may be wider or narrower than the stream shared out among them.",
        formula="D = C / H, unless set",
        source="Bhojanapalli et al. 2020, Low-rank bottleneck in multi-head attention models",
    ),
    ("Experts", "top_k"): Explained(
        title="Used at once",
        text="Experts that each token goes through. With one, it is weighed by its own probability.",
        formula="y = Σ_i w_i expert_i(h) over the likeliest k",
        source=f"Shazeer et al. 2017, eq. 2; one: {SWITCH}, eq. 2",
    ),
    ("Experts", "balance"): Explained(
        title="Balance",
        text="Is added to the loss while it trains and is least when all experts get as many tokens.",
        formula="balance · E Σ_i f_i p_i   (f: share of choices, p: mean probability)",
        source=f"{SWITCH}, eq. 4",
    ),
    ("Block", "parallel"): Explained(
        title="Parallel",
        text="All parts read the same normed stream and are added at once: fewer steps one after another.",
        formula="x ← x + attend(h) + mlp(h),   h = norm(x)",
        source=GPTJ,
    ),
    ("Block", "residual"): Explained(
        title="Residual",
        text="What the parts find is added to the stream. Without it they replace it, and depth stops learning.",
        formula="x ← x + part(norm(x)),   off: x ← part(norm(x))",
        source="He et al. 2015, Deep residual learning for image recognition",
    ),
    ("Skip", "gated"): Explained(
        title="Gated",
        text="The wire is multiplied by one learned number that starts at 0: it comes in only where it helps.",
        formula="x ← x + g · x_earlier,   g = 0 at first",
        source="Bachlechner et al. 2020, ReZero is all you need",
    ),
    ("Model", "rope_base"): Explained(
        title="RoPE base",
        text="How slow the slowest rotation is. Larger suits longer contexts.",
        formula="speed of pair i = base^(−2i/D)",
        source="Su et al. 2021, RoFormer; large bases: Xiong et al. 2023, Effective long-context scaling",
    ),
    ("Model", "rope_share"): Explained(
        title="RoPE part",
        text="Only this share of each head is rotated; the rest matches whatever the distance is.",
        formula="rotate(first share · D numbers)",
        source=f"{GPTJ}; Black et al. 2022, GPT-NeoX-20B",
    ),
    ("Model", "tied"): Explained(
        title="Tied head",
        text="The same matrix reads and writes tokens: fewer parameters, and often better where the model is small.",
        formula="W_u = W_e",
        source="Press & Wolf 2016, Using the output embedding to improve language models",
    ),
    ("Model", "softcap"): Explained(
        title="Soft cap",
        text="Bends the scores of tokens so that they stay within a limit.",
        formula="score ← cap · tanh(score / cap)",
        source=GEMMA,
    ),
    ("Model", "embed_scale"): Explained(
        title="Scaled embedding",
        text="Makes the embedding as large as what is added to it.",
        formula="x = √C · W_e[token]",
        source=f"{VASWANI}, section 3.4",
    ),
    ("Model", "silent"): Explained(
        title="Silent start",
        text="What parts write starts at zero: at first the model is its embedding and head alone.",
        formula="W_o = W_down = 0 at step 0",
        source="Zhang et al. 2019, Fixup initialization",
    ),
    ("Model", "dropout"): Explained(
        title="Dropout",
        text="Switches numbers off at random while it trains, so that it cannot rely on any single one.",
        formula="x ← x ⊙ m / (1 − share),   m = 0 with that chance, else 1",
        source="Srivastava et al. 2014, Dropout",
    ),
}  # fmt: skip
OPTIONS |= {(kind, "dropout"): OPTIONS["Model", "dropout"] for kind in ("Attention", "MLP")}
OPTIONS["Attention", "rope_base"] = OPTIONS["Model", "rope_base"]

_CHOICES = {
    "norm": _NORMS, "activation": _BENDS, "position": _POSITIONS, "placement": _PLACEMENTS, "rope_scaling": _SCALINGS,
}  # fmt: skip


def part(path: str) -> Explained:
    """Of what stands at a path of the spec; "" is explained as the block it is made of."""
    kind, *rest = path.split(".")
    return PARTS[rest[1] if len(rest) > 1 else kind.rstrip("s") or "block"]


def option(value: Struct, name: str) -> Explained | None:
    """Of a field with the value that it has here: "position" of a model with RoPE tells of RoPE."""
    chosen = _CHOICES.get(name, {}).get(str(getattr(value, name)))
    return chosen or OPTIONS.get((type(value).__name__, name))


def choices(name: str) -> dict[str, Explained]:
    """All values of a field that are explained, by the value."""
    return _CHOICES.get(name, {})


def said(told: Explained) -> str:
    """All of it, as a paragraph each."""
    return "\n\n".join(text for text in (told.text, told.formula, told.source) if text)
