"""What the engine is measured against: a plain training loop in nanoGPT's shape. float32, uncompiled, torch's AdamW.

Model and loop do what nanoGPT's do: the same parts, start, batches from random places, schedule, decay and clipping.
"""

from math import cos, pi, sqrt

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmstudio.core.model.spec import Model
from llmstudio.core.train.recipe import Recipe


class Attention(nn.Module):
    def __init__(self, m: Model, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(m.width, 3 * m.width, bias=False)
        self.c_proj = nn.Linear(m.width, m.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        q, k, v = (t.view(B, T, self.heads, -1).transpose(1, 2) for t in self.c_attn(x).split(C, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    def __init__(self, m: Model, heads: int) -> None:
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(m.width, bias=False), Attention(m, heads)
        self.ln_2 = nn.LayerNorm(m.width, bias=False)
        self.c_fc = nn.Linear(m.width, 4 * m.width, bias=False)
        self.c_proj = nn.Linear(4 * m.width, m.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x))))


class Network(nn.Module):
    def __init__(self, m: Model, seed: int) -> None:
        super().__init__()
        a = m.blocks[0].attention
        assert a
        torch.manual_seed(seed)
        self.wte, self.wpe = nn.Embedding(m.vocab, m.width), nn.Embedding(m.context, m.width)
        self.h = nn.ModuleList(Block(m, a.heads) for _ in m.blocks)
        self.ln_f = nn.LayerNorm(m.width, bias=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, 0.0, 0.02 / sqrt(2 * len(m.blocks)) if name.endswith("c_proj.weight") else 0.02)

    def forward(self, idx: Tensor, targets: Tensor) -> Tensor:
        x = self.wte(idx) + self.wpe(torch.arange(idx.size(1)))
        for block in self.h:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1))


class Loop:
    """One run: `step()` trains once; `loss()` is over the whole validation text, in windows that do not overlap."""

    def __init__(self, model: Model, recipe: Recipe, train: np.ndarray, validation: np.ndarray) -> None:
        self.m, self.r, self.train, self.validation = model, recipe, train, validation
        self.network = Network(model, recipe.seed)
        weights = list(self.network.parameters())
        groups = [
            {"params": [p for p in weights if p.dim() >= 2], "weight_decay": recipe.weight_decay},
            {"params": [p for p in weights if p.dim() < 2], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(recipe.beta1, recipe.beta2))
        self.done = 0

    def step(self) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        starts = torch.randint(len(self.train) - self.m.context, (self.r.batch,)).tolist()
        rows = [torch.from_numpy(self.train[i : i + self.m.context + 1].astype(np.int64)) for i in starts]
        ids = torch.stack(rows)
        loss = self.network(ids[:, :-1], ids[:, 1:])
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.r.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.done += 1
        return loss.item()

    def rate(self) -> float:
        r, it = self.r, self.done
        if it < r.warmup:
            return r.learning_rate * (it + 1) / (r.warmup + 1)
        share = min(1.0, (it - r.warmup) / max(1, r.steps - r.warmup))
        return r.min_learning_rate + 0.5 * (1 + cos(pi * share)) * (r.learning_rate - r.min_learning_rate)

    @torch.no_grad()
    def loss(self) -> float:
        T, total, ids = self.m.context, 0.0, torch.from_numpy(self.validation.astype(np.int64))
        whole = (len(ids) - 1) // T * T
        x, y = ids[:whole].view(-1, T), ids[1 : whole + 1].view(-1, T)
        for a, b in zip(x.split(64), y.split(64), strict=True):
            total += float(self.network(a, b)) * b.numel()
        if whole < len(ids) - 1:
            total += float(self.network(ids[None, whole:-1], ids[None, whole + 1 :])) * (len(ids) - 1 - whole)
        return total / (len(ids) - 1)
