"""A model as one readable file of PyTorch: exactly this design, only what it uses, and what it takes to run it.

The file needs torch alone. Its modules have the names of the studio's, so a run's weights go straight into it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import code_attention, code_parts, cost
from . import spec as S
from .code_options import Options, Values, lines, when

OPTIONS: dict[str, Callable[[Any, S.Model], Values]] = {
    "conv": code_parts.convolution_options, "attn": code_attention.options, "rec": code_parts.recurrence_options,
    "mlp": code_parts.mlp_options, "moe": code_parts.experts_options,
}  # fmt: skip
CLASSES = {"conv": "Convolution", "attn": "Attention", "rec": "Recurrence", "mlp": "MLP", "moe": "Experts"}
WIDE = 90  # letters: a longer list has a line for each
PERIOD = 8  # blocks: a longer pattern that repeats is written out


def pytorch(model: S.Model) -> str:
    """The file. `model` must have no `check.problems`."""
    kinds = {kind: _options(model, kind) for kind in OPTIONS}
    head_norm = _norm(model.norm, model, "self.dim")
    classes = [
        code_parts.convolution(o) if (o := kinds["conv"]) else None,
        code_attention.attention(o, model, head_norm) if (o := kinds["attn"]) else None,
        code_parts.recurrence(o, model) if (o := kinds["rec"]) else None,
        code_parts.mlp(o) if (o := kinds["mlp"]) else None,
        code_parts.experts(o) if (o := kinds["moe"]) else None,
    ]
    kept = [_head(model), *code_parts.bends(kinds["mlp"], kinds["moe"]), *filter(None, classes)]
    kept += [_block(block, name, model) for block, name in _structures(model).items()]
    kept += [_skip(model)] if any(skip.gated for skip in model.skips) else []
    return "\n\n\n".join([*kept, _gpt(model, kinds), RUN.strip("\n")]) + "\n"


def _options(model: S.Model, kind: str) -> Options | None:
    found = [_values(model, kind, block) for block in model.blocks if kind in S.parts(block)]
    return Options(found) if found else None


def _values(model: S.Model, kind: str, block: S.Block) -> Values:
    return OPTIONS[kind](S.parts(block)[kind], model)


def _norm(kind: S.Norm, m: S.Model, width: str = "WIDTH") -> str:
    """How a norm is made."""
    if kind == "rms":
        return f"nn.RMSNorm({width}, eps={m.norm_eps!r}{'' if m.norm_gain else ', elementwise_affine=False'})"
    learned = "" if m.norm_bias else ", bias=False"
    return f"nn.LayerNorm({width}, eps={m.norm_eps!r}{learned if m.norm_gain else ', elementwise_affine=False'})"


def _head(m: S.Model) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in m.name)
    title = " ".join(plain.split()).replace('"', "'").replace("\\", "/") or "Untitled"
    return lines(
        f'"""{title}: a language model of {len(m.blocks)} blocks and {cost.total(m):,} parameters.',
        "",
        "Made with LLM Studio. It needs torch alone, and for text also tokenizers:",
        "",
        '    python model.py --weights "runs/run 1/snapshots/400.safetensors" --prompt-ids 1 2 3',
        '    python model.py --weights ... --tokenizer "runs/run 1/tokenizer.json" --text "Once"',
        '"""',
        "",
        "import argparse",
        "import json",
        "from pathlib import Path",
        "",
        "import torch",
        "import torch.nn.functional as F",
        "from torch import nn",
        "",
        f"VOCAB, CONTEXT, WIDTH = {m.vocab}, {m.context}, {m.width}",
    )


# blocks


def _structures(model: S.Model) -> dict[S.Block, str]:
    """One block for each way in which blocks are put together, and the name of its class."""
    kinds = list(dict.fromkeys(_structure(block) for block in model.blocks))
    return {block: "Block" if len(kinds) == 1 else f"Block{n + 1}" for n, block in enumerate(kinds)}


def _structure(block: S.Block) -> S.Block:
    """The same without what its parts are like, and without what has no effect."""
    names = S.parts(block)
    plain: dict[str, Any] = {S.PARTS[name]: type(part)() for name, part in names.items()}
    empty = {field: None for field in S.PARTS.values() if field not in plain}
    placement = block.placement if block.norm != "none" else "pre"
    return S.Block(
        norm=block.norm, placement=placement, parallel=block.parallel, residual=block.residual, **{**empty, **plain}
    )


def _block(block: S.Block, name: str, m: S.Model) -> str:
    names = [*S.parts(block)]
    steps = [("", names)] if block.parallel else [(f"_{part}", [part]) for part in names]
    normed = block.norm != "none"
    sandwich = block.placement == "sandwich"
    norms = [f"norm{end}" for end, _ in steps] + [f"after{end}" for end, _ in steps if sandwich]
    return lines(
        f"class {name}(nn.Module):",
        f"    def __init__(self, {', '.join(names)}):",
        "        super().__init__()",
        f"        {', '.join(f'self.{part}' for part in names)} = {', '.join(names)}",
        *[f"        self.{each} = {_norm(block.norm, m)}" for each in norms if normed],
        "",
        "    def forward(self, x):  # (B, T, C) -> (B, T, C)",
        *[_step(block, end, part) for end, part in steps],
        "        return x",
    )


def _step(block: S.Block, end: str, names: Sequence[str]) -> str:
    """One norm and what reads it; the sum goes back into the stream."""
    normed = block.norm != "none"
    before = normed and block.placement != "post"
    given = f"self.norm{end}(x)" if before else "x"
    shared = len(names) > 1 and before
    y = " + ".join(f"self.{name}({'h' if shared else given})" for name in names)
    if block.placement == "sandwich":
        y = f"self.after{end}({y})"
    y = f"x + {y}" if block.residual else y
    if normed and block.placement == "post":
        y = f"self.norm{end}({y})"
    return lines(when(shared, f"        h = {given}"), f"        x = {y}")


def _stack(model: S.Model, kinds: dict[str, Options | None]) -> Iterator[str]:
    """The lines that make the blocks; patterns that repeat are a loop."""
    structures = _structures(model)
    made = []
    for block in model.blocks:
        parts = {kind: kinds[kind] for kind in S.parts(block)}
        calls = [o.call(CLASSES[kind], _values(model, kind, block)) for kind, o in parts.items() if o]
        made.append(f"{structures[_structure(block)]}({', '.join(calls)})")
    i = 0
    while i < len(made):
        size, times = _pattern(made[i:])
        if times > 1:
            yield f"for _ in range({times}):"
        inside = 4 * (times > 1)
        added = made[i : i + size]
        short = len(added) == 1 and len(added[0]) < WIDE
        yield lines(
            *(f"blocks += [{added[0]}]",) if short else ("blocks += [", *[f"    {one}," for one in added], "]"),
            indent=inside,
        )
        i += size * times


def _pattern(made: list[str]) -> tuple[int, int]:
    """How long the pattern is that the list begins with, and how often it repeats: those that cover the most."""
    best = (1, 1)
    for size in range(1, min(PERIOD, len(made)) + 1):
        times = 1
        while made[size * times : size * (times + 1)] == made[:size]:
            times += 1
        if times > 1 and size * times > best[0] * best[1]:
            best = (size, times)
    return best


# the whole


def _skip(model: S.Model) -> str:
    mixed = not all(skip.gated for skip in model.skips)
    gate = "nn.Parameter(torch.zeros(1))"
    return lines(
        "class Skip(nn.Module):",
        '    """A wire from one place of the stream to a later one, times one learned number."""',
        "",
        f"    def __init__(self, source, target{', gated' if mixed else ''}):",
        "        super().__init__()",
        "        self.source, self.target = source, target",
        f"        self.gate = {gate} if gated else 1.0" if mixed else f"        self.gate = {gate}",
    )


def _skips(model: S.Model) -> str | None:
    if not model.skips:
        return None
    if not any(skip.gated for skip in model.skips):
        pairs = ", ".join(f"({skip.source}, {skip.target})" for skip in model.skips)
        return f"        self.skips = [{pairs}]  # from one place of the stream to a later one"
    mixed = not all(skip.gated for skip in model.skips)
    made = [f"Skip({s.source}, {s.target}{f', {s.gated}' if mixed else ''})" for s in model.skips]
    return f"        self.skips = nn.ModuleList([{', '.join(made)}])"


def _gpt(m: S.Model, kinds: dict[str, Options | None]) -> str:
    return lines(
        "class GPT(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        "        self.embed = nn.Embedding(VOCAB, WIDTH)",
        when(m.position == "learned", "        self.positions = nn.Embedding(CONTEXT, WIDTH)"),
        when(m.embed_norm and m.norm != "none", f"        self.embed_norm = {_norm(m.norm, m)}"),
        "        blocks = []",
        *[lines(line, indent=8) for line in _stack(m, kinds)],
        "        self.blocks = nn.ModuleList(blocks)",
        _skips(m),
        when(m.norm != "none", f"        self.norm = {_norm(m.norm, m)}"),
        f"        self.head = nn.Linear(WIDTH, VOCAB, bias={m.head_bias})",
        when(m.tied, "        self.head.weight = self.embed.weight  # one matrix reads and writes tokens"),
        "",
        "    def forward(self, ids):  # (B, T) -> scores of the next token (B, T, V)",
        "        x = self.embed(ids)  # (B, T, C)",
        when(m.embed_scale, "        x = x * WIDTH**0.5"),
        _waves(m),
        when(m.position == "learned", "        x = x + self.positions.weight[: ids.size(1)]"),
        when(m.embed_norm and m.norm != "none", "        x = self.embed_norm(x)"),
        when(m.dropout, f"        x = F.dropout(x, {m.dropout!r}, self.training)"),
        _through(m),
        "        logits = self.head(self.norm(x))" if m.norm != "none" else "        logits = self.head(x)",
        when(m.softcap, f"        logits = {m.softcap!r} * torch.tanh(logits / {m.softcap!r})"),
        "        return logits",
    )


def _waves(m: S.Model) -> str | None:
    """Vaswani et al. 2017, section 3.5."""
    if m.position != "sinusoidal":
        return None
    return lines(
        "        place = torch.arange(ids.size(1), device=ids.device)[:, None]",
        "        angle = place * 10000.0 ** -(torch.arange(0, WIDTH, 2, device=ids.device) / WIDTH)  # (T, C/2)",
        "        x = x + torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :WIDTH]  # sine, cosine in turn",
    )


def _through(m: S.Model) -> str:
    """The blocks, and what extra wires bring to each place of the stream between them."""
    if not m.skips:
        return lines("for block in self.blocks:", "    x = block(x)", indent=8)
    if any(skip.gated for skip in m.skips):
        wires = ["for skip in self.skips:", "    if skip.target == i:", "        x = x + skip.gate * past[skip.source]"]
    else:
        wires = ["for source, target in self.skips:", "    if target == i:", "        x = x + past[source]"]
    return lines(
        "past = []  # the stream before each block, and after the last",
        "for i in range(len(self.blocks) + 1):",
        "    past.append(x)",
        *["    " + line for line in wires],
        "    if i < len(self.blocks):",
        "        x = self.blocks[i](x)",
        indent=8,
    )


RUN = '''
def load(model, path):
    """Fill the model with the weights of a run: a length, names and places as JSON, then the numbers (safetensors)."""
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    with torch.no_grad():
        for name, p in model.named_parameters():
            if header.get(name, {}).get("shape") != list(p.shape):
                raise SystemExit(f"{path} has no {name} of shape {list(p.shape)}: it belongs to another model.")
            first, last = header[name]["data_offsets"]
            numbers = bytearray(data[start + first : start + last])
            p.copy_(torch.frombuffer(numbers, dtype=torch.float32).view(p.shape))


@torch.no_grad()
def generate(model, ids, count, temperature):
    """Go on from `ids`, token by token; at temperature 0 with the likeliest."""
    for _ in range(count):
        logits = model(torch.tensor([ids[-CONTEXT:]]))[0, -1]
        if temperature == 0:
            ids = [*ids, int(logits.argmax())]
        else:
            ids = [*ids, int(torch.multinomial((logits / temperature).softmax(-1), 1))]
    return ids


def main():
    asked = argparse.ArgumentParser(description="Go on from a text with the weights of a run.")
    asked.add_argument("--weights", required=True, help="a .safetensors file of the run")
    asked.add_argument("--prompt-ids", type=int, nargs="+", default=[0], help="the tokens to go on from, as numbers")
    asked.add_argument("--tokenizer", help="tokenizer.json, to read and write text; needs the tokenizers package")
    asked.add_argument("--text", default="\\n", help="the text to go on from, with --tokenizer")
    asked.add_argument("--tokens", type=int, default=100)
    asked.add_argument("--temperature", type=float, default=0.8)
    asked.add_argument("--seed", type=int, default=0)
    args = asked.parse_args()
    torch.manual_seed(args.seed)
    model = GPT().eval()
    load(model, args.weights)
    if not args.tokenizer:
        print(*generate(model, args.prompt_ids, args.tokens, args.temperature))
        return
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(args.tokenizer)
    tokenizer.encode_special_tokens = True
    ids = tokenizer.encode(args.text, add_special_tokens=False).ids or [0]
    print(tokenizer.decode(generate(model, ids, args.tokens, args.temperature)))


if __name__ == "__main__":
    main()
'''
