"""How each kind of number inside a block comes about. Everything is computed from the tensors of one `Inside`."""

from collections.abc import Callable
from math import erf, exp, prod, sqrt, tanh

import numpy as np

from .anatomy import Inside
from .working import Work, bracketed, listed, said


def bent(kind: str, x: float) -> float:
    """The bend of an activation at one number, without the second factor of gated kinds."""
    match kind:
        case "gelu" | "geglu":
            return x * 0.5 * (1 + erf(x / sqrt(2)))
        case "gelu_tanh" | "geglu_tanh":
            return 0.5 * x * (1 + tanh(sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
        case "silu" | "swiglu":
            return x / (1 + exp(-x)) if x > -700 else 0.0
        case "relu":
            return max(x, 0.0)
    assert kind == "relu2", kind
    return max(x, 0.0) ** 2


PYTHON = {
    "gelu": "0.5 * a * (1 + erf(a / 2**0.5))",
    "gelu_tanh": "0.5 * a * (1 + tanh((2 / pi) ** 0.5 * (a + 0.044715 * a**3)))",
    "silu": "a / (1 + exp(-a))",
    "relu": "max(a, 0.0)",
    "relu2": "max(a, 0.0) ** 2",
}
PLAIN = {"geglu": "gelu", "geglu_tanh": "gelu_tanh", "swiglu": "silu"}


def plain(work: Work) -> None:
    work.say("one number of the stream")
    work.code.append(repr(float(work.tensors["out"].flat[0])))


def _matrix(work: Work) -> None:
    """A weight is not computed: it was learnt."""
    *expert, row, column = work.index
    down, across = work.inside.steps.get(work.name, (1, 1))[-2:]
    of = f" of expert {expert[0] + 1}" if expert else ""
    if work.name == "kernel":
        back = work.tensors["kernel"].shape[1] - 1 - column
        where = f"{back} token{'s' * (back != 1)} back" if back else "the token itself"
        work.say(f"one weight: of number {row * down}, {where}")
    else:
        work.say(f"one weight{of}: from number {column * across} to number {row * down}")
    work.code.append(repr(_value(work)))


def _value(work: Work, name: str = "") -> float:
    return work.inside.at(name or work.name, *work.index)


def _norm(work: Work) -> None:
    t, c = work.index
    kind, eps = work.inside.words["norm"], work.inside.facts["eps"]
    work.say(f"number {c} of", t, "after the norm" if kind != "none" else "")
    row = work.take(f"x{t}", work.tensors["x"][t], ("x", (t,))).astype(np.float64)
    x = float(row[c])
    work.code += ["from math import sqrt", f"row = {listed(row)}", f"x = row[{c}]"]
    if kind == "layer":
        mean, spread = float(row.mean()), sqrt(float(row.var()) + eps)
        work.line("center", f"{said(x)} − {bracketed(mean)}", x - mean)
        work.line("rescale", f"{said(x - mean)} / {said(spread)}", (x - mean) / spread)
        x = (x - mean) / spread
        work.code += ["mean = sum(row) / len(row)", "x = x - mean"]
        work.code.append(f"x = x / sqrt(sum((a - mean) ** 2 for a in row) / len(row) + {eps!r})")
    elif kind == "rms":
        spread = sqrt(float(np.square(row).mean()) + eps)
        work.line("rescale", f"{said(x)} / {said(spread)}", x / spread)
        x /= spread
        work.code.append(f"x = x / sqrt(sum(a * a for a in row) / len(row) + {eps!r})")
    if kind != "none" and "gain" in work.tensors:
        gain = work.inside.at("gain", c)
        work.line("gain", f"{said(x)} × {bracketed(gain)}", x * gain)
        work.code.append(f"x = x * {gain!r}")
        x *= gain
    if kind != "none" and "shift" in work.tensors:
        shift = work.inside.at("shift", c)
        work.line("bias", f"{said(x)} + {bracketed(shift)}", x + shift)
        work.code.append(f"x = x + {shift!r}")
    work.code.append("x")


def _score(work: Work) -> float:
    """The score of a query and a key, scaled, bent and sloped."""
    h, t, s = work.index
    facts, heads = work.inside.facts, len(work.tensors["q"])
    shared = h * len(work.tensors["k"]) // heads
    q = work.take(f"q{t}", work.tensors["q"][h, t], ("q", (h, t)))
    k = work.take(f"k{s}", work.tensors["k"][shared, s], ("k", (shared, s)))
    x = work.dot(f"q{t}", f"k{s}", q, k)
    root = int(facts["width"])
    work.line("scale", f"{said(x)} / √{root}", x * facts["scale"])
    work.code.append(f"x = x / {root} ** 0.5")
    x *= facts["scale"]
    if cap := facts.get("softcap"):
        work.line("soft cap", f"{said(cap)} · tanh({said(x)} / {said(cap)})", cap * tanh(x / cap))
        work.code += ["from math import tanh", f"x = {cap!r} * tanh(x / {cap!r})"]
        x = cap * tanh(x / cap)
    if "slopes" in work.tensors:
        slope = work.inside.at("slopes", h)
        work.line("slope", f"{said(x)} − {said(slope)} × {t - s}", x - slope * (t - s))
        work.code.append(f"x = x - {slope!r} * {t - s}")
        x -= slope * (t - s)
    return x


def sees(inside: Inside, query: int, key: int) -> str:
    """Why a query may look at a key, "" where it may not."""
    if key > query:
        return ""
    window = inside.facts.get("window")
    if not window or query - key < window:
        return f"{key} ≤ {query}, may look" if not window else f"{query - key} back of {int(window) - 1}, may look"
    return "one of the first, may look" if key < inside.facts["sinks"] else ""


def _scores(work: Work) -> None:
    t, s = work.index[1:]
    work.say("how well", t, "asks for", s)
    _score(work)
    work.code.append("x")


def _weights(work: Work) -> None:
    h, t, s = work.index
    work.say("what", t, "takes from", s)
    x = _score(work)
    if not (why := sees(work.inside, t, s)):
        ahead = s > t
        work.line("mask", f"{s} > {t}, comes later" if ahead else "out of its window", "hidden")
        work.code = ["0.0"]
        return
    work.line("mask", why, "kept")
    keys = [key for key in range(len(work.texts)) if sees(work.inside, t, key)]
    row = work.tensors["scores"][h, t, keys].astype(np.float64)
    high = float(row.max())
    below = float(np.exp(row - high).sum())
    if high < 20:
        text = f"e^{bracketed(x)} / {said(below * exp(high))}"
    else:
        text = f"e^({said(x)} − {said(high)}) / {said(below)}"
    work.line("softmax", text, exp(x - high) / below)
    work.code += ["from math import exp", f"row = {listed(row)}  # all scores that it may look at"]
    work.code.append("exp(x) / sum(exp(a) for a in row)" if high < 20 else _steady(high))


def _steady(high: float) -> str:
    return f"exp(x - {high!r}) / sum(exp(a - {high!r}) for a in row)"


def _turned(work: Work, name: str) -> None:
    h, t, d = work.index
    work.say(f"number {d} of the {'query' if name == 'q' else 'key'} of", t)
    wide = int(work.inside.facts["width"])
    work.project(f"w{name}", f"b{name}", (h * wide + d,), t, f"W{name}")
    raw = work.tensors[f"{name}0"][h, t].astype(np.float64)
    x = raw
    if kind := work.inside.words.get("qk_norm"):
        centred = raw - raw.mean() if kind == "layer" else raw
        x = centred / sqrt(float(np.square(centred).mean()) + work.inside.facts["eps"])
        if f"gain_{name}" in work.tensors:
            x = x * work.tensors[f"gain_{name}"]
        work.line("norm", f"{said(raw[d])} of its head", float(x[d]))
        work.code.append(f"x = {float(x[d])!r}  # after the norm of this head")
    turned = work.tensors["cos"].shape[1] if "cos" in work.tensors else 0
    if d >= turned:
        work.code.append("x")
        return
    other = (d + turned // 2) % turned
    cos, sin = work.inside.at("cos", t, d), work.inside.at("sin", t, d)
    result = float(x[d]) * cos + float(x[other]) * sin
    work.line("rotate", f"{said(float(x[d]))} × {said(cos)} + {bracketed(float(x[other]))} × {bracketed(sin)}", result)
    work.code.append(f"x * {cos!r} + {float(x[other])!r} * {sin!r}")


def _projected(name: str, weight: str, bias: str, words: str) -> Callable[[Work], None]:
    """A number straight out of a matrix; of a head, a layer or an expert."""

    def how(work: Work) -> None:
        *first, t, d = work.index
        work.say(f"number {d} of the {words} of", t)
        if name in ("q", "k", "v"):
            rows: tuple[int, ...] = (first[0] * int(work.inside.facts["width"]) + d,)
        else:
            rows = (*first, d)
        work.project(weight, bias, rows, t, f"W{name}")
        work.code.append("x")

    return how


def _read(work: Work) -> None:
    h, t, d = work.index
    work.say(f"number {d} of what head {h + 1} reads for", t)
    name = "weights" if "weights" in work.tensors else "scores"
    shared = h * len(work.tensors["v"]) // len(work.tensors[name])
    w = work.take("weights" if name == "weights" else "scores", work.tensors[name][h, t], (name, (h, t)))
    v = work.take(f"v·{d}", work.tensors["v"][shared, :, d])
    work.dot("weights" if name == "weights" else "scores", "v", w, v)
    work.code.append("x")


def _hidden(work: Work) -> None:
    *expert, t, f = work.index
    work.say(f"neuron {f}" + (f" of expert {expert[0] + 1}" if expert else ""), "for", t)
    kind = work.inside.words["activation"]
    a = work.inside.at("a", *work.index)
    work.project("wa", "ba", (*expert, f), t, "Wgate" if "b" in work.tensors else "Wup")
    curve = PLAIN.get(kind, kind)
    work.line(curve.replace("_", ", "), f"bend of {bracketed(a)}", bent(kind, a))
    work.code += ["from math import erf, exp, pi, tanh", f"a = {a!r}", f"x = {PYTHON[curve]}"]
    if "b" in work.tensors:
        b = work.inside.at("b", *work.index)
        work.line("times", f"{said(bent(kind, a))} × {bracketed(b)}", bent(kind, a) * b)
        work.code.append(f"x = x * {b!r}  # the other projection")
    work.code.append("x")


def _chances(work: Work) -> None:
    t, e = work.index
    work.say(f"how much expert {e + 1} suits", t)
    x = work.project("router", "", (e,), t, "Wrouter")
    p = _value(work, "chances")
    logits = (work.tensors["router"] @ work.tensors["h"][t]).astype(np.float64) if x is not None else np.zeros(1)
    if x is not None:
        below = float(np.exp(logits - logits.max()).sum())
        work.line("softmax", f"e^({said(x)} − {bracketed(float(logits.max()))}) / {said(below)}", p)
        work.code += ["from math import exp", f"row = {listed(logits)}  # of all experts", _steady(float(logits.max()))]


def _mix(work: Work) -> None:
    t, e = work.index
    used = int(work.inside.facts["top_k"])
    work.say(f"how much of expert {e + 1} goes into", t)
    row = work.take("chances", work.tensors["chances"][t], ("chances", (t,)))
    p, w = float(row[e]), _value(work, "mix")
    if not w:
        work.line("choice", f"not among the best {used}", "unused")
        work.code.append("0.0")
    elif used == 1:
        work.line("choice", "the best", w)
        work.code.append(repr(p))
    else:
        total = float(np.sort(row)[-used:].sum())
        work.line("choice", f"among the best {used}", "used")
        work.line("share", f"{said(p)} / {said(total)}", p / total)
        work.code.append(f"{p!r} / {total!r}")


def _faded(work: Work) -> None:
    """A recurrence's score: q and k, times what is left of the key's mark at the query."""
    h, t, s = work.index
    work.say("what", t, "finds of", s, "in the memory")
    q = work.take(f"q{t}", work.tensors["q"][h, t], ("q", (h, t)))
    k = work.take(f"k{s}", work.tensors["k"][h, s], ("k", (h, s)))
    x = work.dot(f"q{t}", f"k{s}", q, k)
    root = int(work.inside.facts["width"])
    work.line("scale", f"{said(x)} / √{root}", x * work.inside.facts["scale"])
    work.code.append(f"x = x / {root} ** 0.5")
    x *= work.inside.facts["scale"]
    if s > t:
        work.line("mask", f"{s} > {t}, comes later", "hidden")
        work.code = ["0.0"]
        return
    kept = [float(a) for a in work.tensors["keep"][h, s + 1 : t + 1]]
    work.line("fade", f"{said(x)} × {said(prod(kept))}, left after {t - s} steps", x * prod(kept))
    work.code += ["from math import prod", f"x * prod({listed(np.array(kept))})"]


def _keep(work: Work) -> None:
    h, t = work.index
    work.say(f"what head {h + 1} keeps of its memory at", t)
    x = work.project("wd", "bd", (h,), t, "Wdecay")
    if x is not None:
        work.line("sigmoid", f"1 / (1 + e^{bracketed(-x)})", 1 / (1 + exp(-x)))
        work.line("slow", f"{said(1 / (1 + exp(-x)))}^(1/16)", (1 / (1 + exp(-x))) ** (1 / 16))
        work.code += ["from math import exp", "(1 / (1 + exp(-x))) ** (1 / 16)"]


def _gate(work: Work) -> None:
    t, c = work.index
    work.say(f"how far gate {c} opens for", t)
    x = work.project("wg", "bg", (c,), t, "Wgate")
    if x is not None:
        work.line("silu", f"bend of {bracketed(x)}", bent("silu", x))
        work.code += ["from math import exp", "x / (1 + exp(-x))"]


def _mixed(work: Work) -> None:
    """A convolution: a number and its own last few values."""
    t, c = work.index
    size = work.tensors["kernel"].shape[1]
    work.say(f"number {c} of what is put out for", t)
    first = max(0, t - size + 1)
    x = work.take(f"h{first}–{t}", work.tensors["h"][first : t + 1, c])
    w = work.take("kernel", work.tensors["kernel"][c, size - len(x) :], ("kernel", (c,)))
    total = work.dot("h", "kernel", x, w)
    if "bias" in work.tensors:
        added = work.inside.at("bias", c)
        work.line("bias", f"{said(total)} + {bracketed(added)}", total + added)
        work.code.append(f"x = x + {added!r}")
    work.code.append("x")


MATRICES = ("wq", "wk", "wv", "wo", "wd", "wg", "wa", "wb", "router", "kernel")
HOW: dict[str, Callable[[Work], None]] = {
    "matrix": _matrix, "h": _norm, "attn.scores": _scores, "attn.weights": _weights,
    "attn.q": lambda work: _turned(work, "q"), "attn.k": lambda work: _turned(work, "k"),
    "v": _projected("v", "wv", "bv", "value"), "rec.q": _projected("q", "wq", "bq", "query"),
    "rec.k": _projected("k", "wk", "bk", "key"), "read": _read, "rec.scores": _faded, "keep": _keep, "gate": _gate,
    "a": _projected("gate", "wa", "ba", "input of the bend"), "b": _projected("up", "wb", "bb", "other projection"),
    "hidden": _hidden, "chances": _chances, "mix": _mix, "conv.out": _mixed,
}  # fmt: skip
