"""What a part computes, in one line, as in the code of the network."""

from ...core.model.spec import Block, Model, Norm, Skip, part, parts

VERBS = {"conv": "convolve", "attn": "attend", "rec": "recur", "mlp": "mlp", "moe": "experts"}


def formula(model: Model, path: str) -> str:
    """Of the part at `path`; of a block, one line for each of its parts."""
    found, (kind, *rest) = part(model, path), path.split(".")
    if kind == "skips":
        assert isinstance(found, Skip)
        start = f"stream_before_block_{found.source + 1}"
        return f"x = x + {'gate * ' * found.gated}{start}"
    if kind == "embed":
        return _embed(model)
    if kind == "head":
        scores = f"unembed({_normed(model.norm)})"
        return (
            f"scores = {scores}"
            if model.softcap is None
            else f"scores = {model.softcap:g} * tanh({scores} / {model.softcap:g})"
        )
    if kind != "blocks":
        return "scores = unembed(blocks(embed(ids)))" if not rest else "x = each of its blocks (x)"
    return _block(model.blocks[int(rest[0])], rest[1:])


def _embed(model: Model) -> str:
    table = "embed(ids)" + f" * {model.width**0.5:.4g}" * model.embed_scale
    table += " + place" * (model.position in ("learned", "sinusoidal"))
    return f"x = norm({table})" if model.embed_norm and model.norm != "none" else f"x = {table}"


def _block(block: Block, chosen: list[str]) -> str:
    normed = block.norm != "none"
    before = _normed(block.norm) if block.placement != "post" else "x"
    names = list(parts(block))
    if block.parallel and len(names) > 1:
        answers = " + ".join(f"{VERBS[name]}(h)" for name in names)
        lines = [f"h = {before}", _sum(block, answers, normed)]
        return "\n".join(lines)
    return "\n".join(_sum(block, f"{VERBS[name]}({before})", normed) for name in chosen or names) or "x = x"


def _sum(block: Block, answer: str, normed: bool) -> str:
    """What the stream becomes with this answer."""
    if normed and block.placement == "sandwich":
        answer = f"norm({answer})"
    total = f"x + {answer}" if block.residual else answer
    return f"x = norm({total})" if normed and block.placement == "post" else f"x = {total}"


def _normed(norm: Norm) -> str:
    return "x" if norm == "none" else "norm(x)"
