"""How wide the insides of parts are, where the spec leaves it open. All that is counted starts from these."""

from . import spec as S

MOST_HEADS = 256  # the limit of `spec.Attention.heads`
CHUNK = 64  # positions of a recurrence that are computed together; see `mixers`


def head_width(a: S.Attention, m: S.Model) -> int:
    """Numbers of one query, key or value."""
    return a.head_width or m.width // max(1, a.heads)


def fair_heads(width: int, even: bool = False) -> list[int]:
    """Numbers of heads that share a width evenly, each an even number wide if asked: RoPE turns pairs."""
    return [h for h in range(1, min(width, MOST_HEADS) + 1) if width % h == 0 and not (even and width // h % 2)]


def heads_width(a: S.Attention, m: S.Model) -> int:
    """Numbers of all queries of one position, and of what the heads bring back."""
    return a.heads * head_width(a, m)


def cached_width(a: S.Attention, m: S.Model) -> int:
    """Numbers of the keys and values of one position, together: what is remembered of it while writing."""
    return 2 * (a.kv_heads or a.heads) * head_width(a, m)


def qkv_width(a: S.Attention, m: S.Model) -> int:
    """Numbers of the queries, keys and values of one position, together."""
    return heads_width(a, m) + cached_width(a, m)


def seen_width(a: S.Attention, m: S.Model) -> int:
    """Positions that a query meets at most: the whole context, or its window and sinks."""
    return min(m.context, a.window + (a.sinks or 0)) if a.window else m.context


def memory_width(r: S.Recurrence, m: S.Model) -> int:
    """Side of the square of numbers that a head of a recurrence carries along."""
    return m.width // max(1, r.heads)


def hidden_width(f: S.MLP | S.Experts, m: S.Model) -> int:
    """Neurons in the middle, of one expert where there are several."""
    return f.hidden or 4 * m.width


def up_projections(f: S.MLP | S.Experts) -> int:
    return 2 if f.activation in S.GATED else 1
