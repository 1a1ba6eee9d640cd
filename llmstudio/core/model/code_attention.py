"""Attention as a reader would write it down for one model: with the options that it has, and no others."""

from math import log2

from . import spec as S
from .code_options import Options, Values, lines, when
from .widths import head_width

ROTATE = '''\
def rotate(x, base):
    """RoPE (Su et al. 2021): turns each pair of numbers (d, d + D/2) by its position. x (B, H, T, D)."""'''


def options(a: S.Attention, m: S.Model) -> Values:
    """What counts when it computes; what has no effect is left out."""
    position = a.position or m.position
    window = a.window if a.window and a.window < m.context else None
    return {
        "heads": a.heads,
        "kv_heads": a.kv_heads if a.kv_heads != a.heads else None,
        "dim": head_width(a, m),
        "bias": a.bias,
        "qk_norm": a.qk_norm and m.norm != "none",
        "rope": (a.rope_base or m.rope_base) if position == "rope" else None,
        "alibi": position == "alibi",
        "window": window,
        "sinks": (a.sinks or 0) if window else 0,
        "softcap": a.softcap,
        "dropout": m.dropout if a.dropout is None else a.dropout,
    }


def attention(o: Options, m: S.Model, norm: str) -> str:
    """Its class and the functions it needs. `norm`: how a norm over a head is made."""
    functions = [_rotate(m) if o.some("rope") else None, _slopes(o) if o.some("alibi") else None]
    grouped = _grouped(o)
    shared = f"kv_heads or {o.made('heads')}" if "kv_heads" in o.free else o.made("kv_heads")
    counts = ", ".join([o.made("heads"), *([shared] if grouped else []), o.made("dim")])
    rows = "(self.heads + 2 * self.kv_heads)" if grouped else "3 * self.heads"
    made = lines(
        "class Attention(nn.Module):",
        '    """Each position gathers from itself and those before it. Queries, keys and values are one matrix."""',
        "",
        o.init("rope", "alibi", "qk_norm", "window", "sinks", "softcap", "dropout"),
        f"        self.heads, {'self.kv_heads, ' if grouped else ''}self.dim = {counts}",
        f"        self.qkv = nn.Linear(WIDTH, {rows} * self.dim, bias={o.made('bias')})",
        f"        self.out = nn.Linear(self.heads * self.dim, WIDTH, bias={o.made('bias')})",
        o.mixed("qk_norm", f"self.q_norm = {norm}\nself.k_norm = {norm}"),
        "",
        _forward(o),
    )
    return "\n\n\n".join(filter(None, [*functions, made]))


def _grouped(o: Options) -> bool:
    return o.some("kv_heads")


def _split(o: Options) -> str:
    """Queries, keys and values, by head."""
    if not _grouped(o):
        return lines(
            "        qkv = self.qkv(x).view(B, T, 3, self.heads, self.dim)",
            "        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (B, H, T, D) each",
        )
    return lines(
        "        qkv = self.qkv(x).view(B, T, -1, self.dim).transpose(1, 2)  # (B, H + 2K, T, D)",
        "        q, k, v = qkv.split([self.heads, self.kv_heads, self.kv_heads], 1)",
    )


def _forward(o: Options) -> str:
    plain = not any(map(o.some, ("window", "alibi", "softcap")))
    base = o.used("rope")
    return lines(
        "    def forward(self, x):  # (B, T, C) -> (B, T, C)",
        "        B, T, _ = x.shape",
        _split(o),
        o.mixed("qk_norm", "q, k = self.q_norm(q), self.k_norm(k)"),
        o.mixed("rope", f"q, k = rotate(q, {base}), rotate(k, {base})"),
        when(_grouped(o), "        k, v = (t.repeat_interleave(self.heads // self.kv_heads, 1) for t in (k, v))"),
        None if plain else _seen(o),
        _gathered(o, plain),
        o.returned("self.out(y.transpose(1, 2).reshape(B, T, -1))"),
    )


def _seen(o: Options) -> str:
    window = f"back < {o.used('window')}"
    if o.some("sinks"):
        window = f"({window}) | (place < {o.used('sinks')})"
    return lines(
        "        place = torch.arange(T, device=x.device)",
        "        back = place[:, None] - place  # from a query back to a key, (T, T)",
        "        seen = back >= 0",
        o.mixed("window", f"seen &= {window}"),
        when(o.some("alibi"), "        slope = 0.0") if not o.all("alibi") else None,
        o.mixed("alibi", "slope = slopes(self.heads).to(x.device)[:, None, None]"),
    )


def _gathered(o: Options, plain: bool) -> str:
    drop = f", dropout_p={o.used('dropout')} if self.training else 0.0" if o.some("dropout") else ""
    if plain:
        return f"        y = F.scaled_dot_product_attention(q, k, v, is_causal=True{drop})"
    if not o.some("alibi") and not o.some("softcap"):
        return f"        y = F.scaled_dot_product_attention(q, k, v, seen{drop})"
    cap = o.used("softcap")
    return lines(
        "        scores = q @ k.mT * self.dim**-0.5  # (B, H, T, T)",
        o.mixed("softcap", f"scores = {cap} * torch.tanh(scores / {cap})"),
        when(o.some("alibi"), "        scores = scores - slope * back"),
        '        weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)',
        when(o.some("dropout"), f"        weights = F.dropout(weights, {o.used('dropout')}, self.training)"),
        "        y = weights @ v",
    )


def _rotate(m: S.Model) -> str:
    partial = m.rope_share < 1
    return lines(
        ROTATE,
        when(partial, f"    size = 2 * max(1, round(x.size(-1) * {m.rope_share!r} / 2))  # only the first are turned"),
        when(partial, "    x, rest = x[..., :size], x[..., size:]"),
        "    T, D = x.shape[-2:]",
        "    speed = base ** -(torch.arange(0, D, 2, device=x.device) / D)  # radians per position, (D/2,)",
        _stretch(m),
        "    angle = torch.outer(torch.arange(T, device=x.device), speed).repeat(1, 2)  # (T, D)",
        "    a, b = x.chunk(2, -1)",
        "    x = x * angle.cos() + torch.cat([-b, a], -1) * angle.sin()",
        "    return torch.cat([x, rest], -1)" if partial else "    return x",
    )


def _stretch(m: S.Model) -> str | None:
    if m.rope_scaling == "linear":
        return f"    speed = speed / {m.rope_factor!r}  # stretched (Chen et al. 2023)"
    if m.rope_scaling == "llama3":
        return lines(
            f"    turns = {m.rope_original} * speed / (2 * torch.pi)  # within the first context",
            "    kept = ((turns - 1) / 3).clamp(0, 1)  # only what turns slowly is stretched (Llama 3.1, 2024)",
            f"    speed = speed * (kept + (1 - kept) / {m.rope_factor!r})",
        )
    return None


def _slopes(o: Options) -> str:
    powers = all(log2(int(str(one["heads"]))).is_integer() for one in o.values if one["alibi"])
    head = '''\
def slopes(heads):
    """ALiBi: how fast the scores of each head fall with distance (Press et al. 2021, section 3)."""'''
    if powers:
        return lines(head, "    return 2.0 ** (-8 / heads * torch.arange(1, heads + 1))")
    return lines(
        head,
        "    power = 1 << (heads.bit_length() - 1)  # those of the power of two below, then of the one above",
        "    steep = [2.0 ** (-8 * (i + 1) / power) for i in range(power)]",
        "    between = [2.0 ** (-4 * (i + 1) / power) for i in range(0, 2 * power, 2)]",
        "    return torch.tensor((steep + between)[:heads])",
    )
