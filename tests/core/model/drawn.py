"""Random models of any parts and options, small and without problems, by number."""

from random import Random
from typing import Any, get_args

from llmstudio.core.model import spec as S
from llmstudio.core.model.check import problems

WIDTH = 24


def drawn(seed: int) -> S.Model:
    draw = Draw(seed)
    while problems(model := draw.model()):
        pass
    return model


class Draw:
    def __init__(self, seed: int) -> None:
        self.seed, self.dice = seed, Random(seed)
        self.pick = self.dice.choice

    def some(self, low: int, high: int, share: float = 0.5) -> int | None:
        """A number, or none."""
        return self.dice.randint(low, high) if self.dice.random() < share else None

    def yes(self) -> bool:
        return self.dice.random() < 0.5

    def attention(self) -> S.Attention:
        pick, yes = self.pick, self.yes
        heads, kv_heads = pick([(1, None), (2, 1), (4, 2), (3, None), (6, 3), (4, 4)])
        window = self.some(1, 20)
        return S.Attention(
            heads=heads, kv_heads=kv_heads, window=window, sinks=self.some(1, 3) if window else None,
            head_width=pick([None, 4, 6]), position=pick([None, None, "rope", "alibi", "none"]),
            rope_base=pick([None, None, 500.0]), qk_norm=yes(), softcap=pick([None, None, 2.0]),
            dropout=pick([None, None, 0.2]), bias=yes(),
        )  # fmt: skip

    def bent(self) -> dict[str, Any]:
        return {"activation": self.pick(get_args(S.Activation)), "hidden": self.some(1, 40), "bias": self.yes()}

    def block(self) -> S.Block:
        dice, pick, yes = self.dice, self.pick, self.yes
        kinds: dict[str, Any] = {
            "convolution": S.Convolution(size=dice.randint(2, 6), bias=yes()),
            "attention": self.attention(),
            "recurrence": S.Recurrence(heads=pick([1, 2, 4]), gate=yes(), bias=yes()),
            "mlp": S.MLP(**self.bent(), dropout=pick([None, None, 0.1])),
            "experts": S.Experts(experts=4, top_k=dice.randint(1, 4), **self.bent()),
        }
        chosen = dice.sample([*kinds], dice.randint(1, 4))
        parts = {name: part if name in chosen else None for name, part in kinds.items()}
        norm = pick(["layer", "rms", "none"])
        placement = pick(["pre", "post", "sandwich"]) if norm != "none" else "pre"
        return S.Block(**parts, norm=norm, placement=placement, parallel=yes() and yes(), residual=yes() or yes())

    def skips(self, count: int) -> tuple[S.Skip, ...]:
        places = [(a, b) for b in range(count + 1) for a in range(b)]
        gates = self.pick([[True], [False], [True, False]])
        wires = self.dice.sample(places, self.dice.randint(0, min(3, len(places))))
        return tuple(S.Skip(source=a, target=b, gated=self.pick(gates)) for a, b in wires)

    def model(self) -> S.Model:
        dice, pick, yes = self.dice, self.pick, self.yes
        few = [self.block() for _ in range(dice.randint(1, 3))]
        blocks = tuple(few * pick([1, 1, 2, 3]))
        return S.Model(
            name=f"Number {self.seed}", vocab=dice.randint(2, 30), context=dice.randint(8, 30), width=WIDTH,
            position=pick(["learned", "sinusoidal", "rope", "alibi", "none"]), rope_base=pick([10_000.0, 100.0]),
            rope_share=pick([1.0, 0.5]), rope_scaling=pick(["none", "linear", "llama3"]), rope_factor=4.0,
            rope_original=pick([6, 16]), norm=pick(["layer", "rms", "none"]), norm_bias=yes(), norm_gain=yes(),
            norm_eps=pick([1e-5, 1e-6]), embed_norm=yes(), embed_scale=yes(), tied=yes(), head_bias=yes(),
            softcap=pick([None, None, 5.0]), dropout=pick([0.0, 0.0, 0.1]), blocks=blocks,
            skips=self.skips(len(blocks)),
        )  # fmt: skip
