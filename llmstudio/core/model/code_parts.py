"""The other kinds of part, as a reader would write them down for one model."""

from . import spec as S
from .code_options import Options, Raw, Values, lines, when

CALM = 16  # as in `mixers`, which needs torch
BENDS = {
    "gelu": "F.gelu", "geglu": "F.gelu", "relu": "F.relu", "silu": "F.silu", "swiglu": "F.silu",
    "gelu_tanh": "gelu_tanh", "geglu_tanh": "gelu_tanh", "relu2": "relu2",
}  # fmt: skip
FUNCTIONS = {
    "gelu_tanh": 'def gelu_tanh(x):\n    return F.gelu(x, approximate="tanh")',
    "relu2": 'def relu2(x):\n    """relu(x) squared (So et al. 2021)."""\n    return x * F.relu(x)',
}


def mlp_options(f: S.MLP, m: S.Model) -> Values:
    return {**_bent(f, m), "dropout": m.dropout if f.dropout is None else f.dropout}


def experts_options(e: S.Experts, m: S.Model) -> Values:
    return {"experts": e.experts, "top_k": e.top_k, **_bent(e, m), "dropout": m.dropout}


def convolution_options(c: S.Convolution, m: S.Model) -> Values:
    return {"size": c.size, "bias": c.bias, "dropout": m.dropout}


def recurrence_options(r: S.Recurrence, m: S.Model) -> Values:
    return {"heads": r.heads, "gated": r.gate, "bias": r.bias, "dropout": m.dropout}


def _bent(f: S.MLP | S.Experts, m: S.Model) -> Values:
    return {
        "hidden": f.hidden or 4 * m.width,
        "bend": Raw(BENDS[f.activation]),
        "gated": f.activation in S.GATED,
        "bias": f.bias,
    }


def bends(*kinds: Options | None) -> list[str]:
    """The activations that torch has not under a name of their own."""
    used = {str(one["bend"]) for o in kinds if o for one in o.values}
    return [text for name, text in FUNCTIONS.items() if name in used]


def mlp(o: Options) -> str:
    return lines(
        "class MLP(nn.Module):",
        '    """Each position by itself: up to a wider layer, a bend, and down again."""',
        "",
        o.init("bend", "gated", "dropout"),
        f"        self.up = nn.Linear(WIDTH, {_ups(o)}, bias={o.made('bias')})",
        f"        self.down = nn.Linear({o.made('hidden')}, WIDTH, bias={o.made('bias')})",
        "",
        "    def forward(self, x):  # (B, T, C) -> (B, T, C)",
        "        x = self.up(x)",
        _bend(o),
        o.returned("self.down(x)"),
    )


def experts(o: Options) -> str:
    bias = o.some("bias")
    stack = lines(
        "class Stack(nn.Module):",
        '    """One matrix for each expert."""',
        "",
        f"    def __init__(self, experts, inside, outside{', bias' if bias else ''}):",
        "        super().__init__()",
        "        self.weight = nn.Parameter(torch.randn(experts, outside, inside) * 0.02)",
        when(bias, "        self.bias = nn.Parameter(torch.zeros(experts, outside)) if bias else None"),
        "",
        "    def forward(self, x, i):  # (N, inside) -> (N, outside)",
        "        return F.linear(x, self.weight[i]"
        + (", None if self.bias is None else self.bias[i])" if bias else ")"),
    )
    given = f", {o.made('bias')}" if bias else ""
    whole = lines(
        "class Experts(nn.Module):",
        '    """Several MLPs. A router chooses a few for each token and weighs what they say."""',
        "",
        o.init("bend", "gated", "dropout", "top_k"),
        f"        self.router = nn.Linear(WIDTH, {o.made('experts')}, bias=False)",
        f"        self.up = Stack({o.made('experts')}, WIDTH, {_ups(o)}{given})",
        f"        self.down = Stack({o.made('experts')}, {o.made('hidden')}, WIDTH{given})",
        "",
        "    def forward(self, x):  # (B, T, C) -> (B, T, C)",
        "        tokens = x.flatten(0, 1)  # (N, C)",
        f"        share, chosen = self.router(tokens).softmax(-1).topk({o.used('top_k')}, -1)  # (N, k)",
        _shares(o),
        "        y = torch.zeros_like(tokens)",
        "        for i in range(self.router.out_features):",
        "            token, rank = (chosen == i).nonzero(as_tuple=True)",
        "            y[token] += share[token, rank, None] * self.one(tokens[token], i)",
        o.returned("y.view_as(x)"),
        "",
        "    def one(self, x, i):  # (n, C) -> (n, C)",
        "        x = self.up(x, i)",
        _bend(o),
        "        return self.down(x, i)",
    )
    return stack + "\n\n\n" + whole


def _shares(o: Options) -> str | None:
    single = [one["top_k"] == 1 for one in o.values]
    if all(single):
        return None  # the probability itself
    text = "share = share / share.sum(-1, keepdim=True)"
    if any(single):
        return lines("if self.top_k > 1:", "    " + text, indent=8)
    return lines(text, indent=8)


def convolution(o: Options) -> str:
    bias = "self.bias" if o.some("bias") else "None"
    size = o.used("size")
    return lines(
        "class Convolution(nn.Module):",
        '    """Each number is mixed with its own last few values."""',
        "",
        o.init("size", "dropout"),
        f"        self.weight = nn.Parameter(torch.randn(WIDTH, {o.made('size')}) * 0.02)",
        _bias(o),
        "",
        "    def forward(self, x):  # (B, T, C) -> (B, T, C)",
        f"        x = F.pad(x.mT, ({size} - 1, 0))",
        o.returned(f"F.conv1d(x, self.weight[:, None], {bias}, groups=WIDTH).mT"),
    )


def _bias(o: Options) -> str | None:
    if "bias" in o.free:
        return "        self.bias = nn.Parameter(torch.zeros(WIDTH)) if bias else None"
    return when(o.some("bias"), "        self.bias = nn.Parameter(torch.zeros(WIDTH))")


def recurrence(o: Options, m: S.Model) -> str:
    return lines(
        "class Recurrence(nn.Module):",
        '    """A memory that fades: gated linear attention (Yang et al. 2023), all positions at once."""',
        "",
        o.init("gated", "dropout"),
        f"        self.heads, self.dim = {o.made('heads')}, WIDTH // {o.made('heads')}",
        f"        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias={o.made('bias')})",
        f"        self.decay = nn.Linear(WIDTH, {o.made('heads')})",
        o.mixed("gated", f"self.gate = nn.Linear(WIDTH, WIDTH, bias={o.made('bias')})"),
        f"        self.norm = nn.RMSNorm(self.dim, eps={m.norm_eps!r})",
        f"        self.out = nn.Linear(WIDTH, WIDTH, bias={o.made('bias')})",
        "",
        "    def forward(self, x):  # (B, T, C) -> (B, T, C)",
        "        B, T, C = x.shape",
        "        q, k, v = self.qkv(x).view(B, T, 3, self.heads, self.dim).permute(2, 0, 3, 1, 4)  # (B, H, T, D)",
        f"        kept = (F.logsigmoid(self.decay(x)) / {CALM}).mT.cumsum(-1)  # (B, H, T): ln of what is left",
        "        fade = (kept[..., :, None] - kept[..., None, :]).tril().exp().tril()  # (B, H, T, T)",
        "        y = (q @ k.mT * self.dim**-0.5 * fade) @ v",
        "        y = self.norm(y.transpose(1, 2)).reshape(B, T, C)",
        o.mixed("gated", "y = y * F.silu(self.gate(x))"),
        o.returned("self.out(y)"),
    )


def _ups(o: Options) -> str:
    """How wide the upward projection is: gated kinds have two."""
    hidden = o.made("hidden")
    if "gated" in o.free:
        return f"{hidden} * (2 if gated else 1)"
    return f"2 * {hidden}" if o.all("gated") else hidden


def _bend(o: Options) -> str:
    bend = o.used("bend")
    gated = f"a, b = x.chunk(2, -1)\nx = {bend}(a) * b"
    plain = f"x = {bend}(x)"
    if "gated" in o.free:
        return lines("if self.gated:", lines(gated, indent=4), "else:", "    " + plain, indent=8)
    return lines(gated if o.all("gated") else plain, indent=8)
