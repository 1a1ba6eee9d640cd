import codecs
from itertools import accumulate, islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from transformers import GPT2Config, GPT2LMHeadModel

from llmstudio.core.chat.generate import generate, start
from llmstudio.core.chat.sample import Sampler, filtered, stages
from llmstudio.core.data import tokenizer as words
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Model, Recurrence

GREEDY = Sampler(temperature=0, top_k=0, top_p=1.0, max_tokens=60)
FREE = Sampler(temperature=1.0, top_k=0, top_p=1.0, seed=7, max_tokens=60)


class Pieces:
    """A tokenizer whose tokens are the given strings of bytes."""

    def __init__(self, pieces, end=None):
        self.pieces, self.end = [p.encode() if isinstance(p, str) else p for p in pieces], end

    def encode(self, text):
        return np.array([self.pieces.index(c.encode()) for c in text], dtype=np.int32)

    def unknown(self, text):
        return {c for c in text if c.encode() not in self.pieces}

    def decoder(self):
        reader = codecs.getincrementaldecoder("utf-8")()
        pieces = self.pieces

        class Decoder:
            def push(self, id):
                return reader.decode(pieces[id])

        return Decoder()


NAMES = Pieces([f"<{i}>" for i in range(50)])


def script(ids, vocab, context=64):
    """A network that says `ids` whatever it reads: its only knowledge is the place in the context."""
    gpt = GPT(Model(vocab=vocab, context=context, width=context, norm="none", tied=False, blocks=()))
    with torch.no_grad():
        gpt.embed.weight.zero_()
        gpt.positions.weight.copy_(torch.eye(context))
        gpt.head.weight.zero_()
        for place, id in enumerate(ids):
            gpt.head.weight[id, place] = 10.0
    return gpt


def speak(pieces, sentence, stop=(), end=None, prompt=(0,), sampler=GREEDY):
    """What comes out when the network wants to say the pieces numbered in `sentence`."""
    sampler = replace(sampler, max_tokens=len(sentence))
    return list(generate(script(sentence, len(pieces)), list(prompt), sampler, Pieces(pieces, end), stop))


def pair(context=32):
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "n_positions": context, "n_embd": 32, "n_layer": 2, "n_head": 4}
    there = GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.3, eos_token_id=None, bos_token_id=None)).eval()
    block = Block(attention=Attention(bias=True), mlp=MLP(activation="gelu_tanh", bias=True))
    here = GPT(Model(vocab=50, context=context, width=32, norm_bias=True, blocks=(block, block)))
    t, state = there.transformer, {}
    state |= {"embed.weight": t.wte.weight, "head.weight": t.wte.weight, "positions.weight": t.wpe.weight}
    state |= {f"norm.{k}": v for k, v in t.ln_f.named_parameters()}
    for i, h in enumerate(t.h):
        parts = {"attn.qkv": h.attn.c_attn, "attn.out": h.attn.c_proj, "mlp.up": h.mlp.c_fc, "mlp.down": h.mlp.c_proj}
        for mine, theirs in parts.items():
            state |= {f"blocks.{i}.{mine}.weight": theirs.weight.T, f"blocks.{i}.{mine}.bias": theirs.bias}
        for mine, theirs in (("norm_attn", h.ln_1), ("norm_mlp", h.ln_2)):
            state |= {f"blocks.{i}.{mine}.{k}": v for k, v in theirs.named_parameters()}
    here.load_state_dict(state)
    return here, there


def ids_of(said):
    return [s.id for s in said]


def whole_passes(gpt, prompt, count):
    """Greedy writing without a cache: the whole window anew for each token, its last half once it is full."""
    window, out = list(prompt)[-gpt.spec.context :], []
    for _ in range(count):
        with torch.no_grad():
            out.append(int(gpt.eval()(torch.tensor([window]))[0, -1].argmax()))
        window.append(out[-1])
        if len(window) > gpt.spec.context:
            window = window[-max(1, gpt.spec.context // 2) :]
    return out


@pytest.mark.parametrize("prompt", [[1], [4, 8, 15, 16, 23, 42]])
def test_greedy_is_that_of_transformers(prompt):
    here, there = pair()
    count = 32 - len(prompt)
    with torch.no_grad():
        ids = torch.tensor([prompt])
        ones = torch.ones_like(ids)
        out = there.generate(ids, attention_mask=ones, do_sample=False, max_new_tokens=count, pad_token_id=0)
    said = list(generate(here, prompt, replace(GREEDY, max_tokens=count), NAMES))
    assert ids_of(said) == out[0, len(prompt) :].tolist()
    assert len(set(ids_of(said))) > 3
    with torch.no_grad():
        rows = there(out).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
    bits = [-float(row[s.id]) / np.log(2) for row, s in zip(rows, said, strict=True)]
    np.testing.assert_allclose([s.bits for s in said], bits, atol=1e-3)


@pytest.mark.parametrize("context", [1, 2, 7, 16])
@pytest.mark.parametrize("length", [1, 6, 16, 30])
def test_with_a_cache_as_without_one_also_beyond_the_context(context, length):
    here, _ = pair(context)
    prompt = [i * 7 % 50 for i in range(length)]
    assert ids_of(generate(here, prompt, GREEDY, NAMES)) == whole_passes(here, prompt, 60)


@pytest.mark.parametrize(
    "block",
    [
        Block(attention=Attention(kv_heads=2)),
        Block(attention=Attention(window=3, sinks=1)),
        Block(attention=Attention(position="alibi", softcap=5.0)),
        Block(attention=None, convolution=Convolution(size=3)),
        Block(attention=None, recurrence=Recurrence(heads=2)),
        Block(mlp=None, recurrence=Recurrence(), experts=Experts(), parallel=True),
    ],
)
def test_the_cache_serves_every_kind_of_part(block):
    blocks = (replace(block, norm="rms"),) * 2
    gpt = GPT(Model(vocab=50, context=16, width=32, position="rope", norm="rms", tied=False, blocks=blocks), seed=1)
    with torch.no_grad():
        for p in gpt.parameters():
            p.mul_(10 if p.dim() >= 2 else 1)
    said = ids_of(generate(gpt, [1, 2, 3], GREEDY, NAMES))
    assert said == whole_passes(gpt, [1, 2, 3], 60) and len(set(said)) > 3


def test_what_is_said_carries_the_scores_of_its_moment():
    here, _ = pair()
    window = [5, 6]
    for s in islice(generate(here, window, FREE, NAMES), 20):
        with torch.no_grad():
            row = here(torch.tensor([window]))[0, -1].double()
        assert s.probability == pytest.approx(float(row.softmax(0)[s.id]), rel=1e-4)
        assert s.bits == pytest.approx(-np.log2(s.probability), abs=1e-6)
        assert s.log_sum == pytest.approx(float(row.logsumexp(0)), abs=1e-4)
        assert sorted(s.ids.tolist()) == list(range(50)) and (np.diff(s.logits) <= 0).all()
        np.testing.assert_allclose(s.logits, row[s.ids].numpy(), atol=1e-4)
        assert s.rest is None and s.text == f"<{s.id}>"
        window.append(s.id)


def test_a_large_vocabulary_is_cut_to_the_likeliest_and_the_rest_summed_up():
    gpt = GPT(Model(vocab=3000, context=8, width=16, blocks=(Block(),)), seed=0)
    with torch.no_grad():
        gpt.embed.weight.mul_(20)
        row = gpt(torch.tensor([[4]]))[0, -1].double().numpy()
    said = next(generate(gpt, [4], FREE, Pieces(["x"] * 3000)))
    assert len(said.ids) == len(said.logits) == 1024 and said.rest.count == 1976
    parts = [said.rest.log_sum, *said.logits.tolist()]
    assert np.logaddexp.reduce(parts) == pytest.approx(said.log_sum, abs=1e-5)
    for sampler in (replace(FREE, top_p=0.5), replace(FREE, top_k=30, temperature=0.5), FREE):  # sliders, moved later
        table, back = stages(said.logits, sampler, said.rest), np.zeros(3000)
        back[said.ids[table.ids]] = table.chances
        np.testing.assert_allclose(back[said.ids], filtered(row, sampler)[said.ids], atol=1e-6)


def test_the_same_seed_says_the_same_and_another_something_else():
    here, _ = pair()
    texts = ["".join(s.text for s in generate(here, [1], replace(FREE, seed=seed), NAMES)) for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]


def test_draws_come_from_the_filtered_chances():
    here, _ = pair()
    with torch.no_grad():
        chances = filtered(here(torch.tensor([[3]]))[0, -1].numpy(), replace(FREE, temperature=1.5, top_k=4))
    count = 400
    samplers = (replace(FREE, temperature=1.5, top_k=4, seed=seed, max_tokens=1) for seed in range(count))
    drawn = np.bincount([next(generate(here, [3], s, NAMES)).id for s in samplers], minlength=50) / count
    np.testing.assert_allclose(drawn, chances, atol=0.11)  # 4.4 standard deviations of the widest
    assert not drawn[chances == 0].any()


def test_it_ends_where_a_document_ends_or_after_the_asked_number():
    assert ids_of(speak("abcd", [1, 2, 3, 1], end=3)) == [1, 2]
    assert ids_of(speak("abcd", [1, 2, 3, 1])) == [1, 2, 3, 1]
    assert speak("abcd", [3, 1], end=3) == []


def test_stop_strings_over_several_tokens_do_not_come_out():
    pieces = ["a", "Hello", " the", "re", "\nY", "ou", ":", "\n", "Yes"]
    said = speak(pieces, [1, 2, 3, 4, 5, 6, 1], stop=("\nYou:",))
    assert [s.text for s in said] == ["Hello", " the", "re"]
    assert [s.text for s in speak(pieces, [1, 4, 8, 7], stop=("\nYou:",))] == ["Hello", "\nY", "Yes", "\n"]
    assert [s.text for s in speak(pieces, [1, 2, 3], stop=("lo t",))] == ["Hel"]  # within tokens, on both sides
    assert [s.text for s in speak(pieces, [1, 4], stop=("\nYou:", ""))] == ["Hello", "\nY"]  # held back, then let go


PIECE = st.sampled_from(["a", "b", "ab", "ba", "aab", "c"])


@given(st.lists(PIECE, min_size=1, max_size=20), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3))
@settings(max_examples=150, deadline=None)
def test_exactly_the_text_before_the_first_stop_comes_out(sentence, stops):
    pieces = ["a", "b", "ab", "ba", "aab", "c"]
    expected = "".join(sentence)
    for text in accumulate(sentence):  # the first token that completes one decides
        found = [text.find(stop) for stop in stops if stop in text]
        if found:
            expected = text[: min(found)]
            break
    said = speak(pieces, [pieces.index(p) for p in sentence], stops)
    assert "".join(s.text for s in said) == expected
    assert all(s.text for s in said)


def test_without_a_stop_string_every_token_comes_at_once():
    said = generate(script([1, 2, 3], 4), [0], replace(GREEDY, max_tokens=3), Pieces("abcd"), ("da",))
    assert [next(said).text, next(said).text] == ["b", "c"]  # neither waits for the next


def test_a_character_in_several_tokens_comes_when_it_is_whole():
    data = "J\u00f6 \u6587!".encode()
    pieces = [bytes([i]) for i in range(256)]
    said = speak(pieces, list(data))
    assert [s.text for s in said] == ["J", "", "\u00f6", " ", "", "", "\u6587", "!"]
    assert [s.text for s in speak(pieces, list(data), stop=("\u6587",))] == ["J", "", "\u00f6", " ", "", ""]
    assert "".join(s.text for s in speak(pieces, list(data[:6]))) == "J\u00f6 "  # unfinished at the end


def test_an_empty_prompt_starts_somewhere():
    here, _ = pair()
    pieces = [f"<{i}>" for i in range(50)]
    for tokenizer, first in ((Pieces(pieces, end=9), 9), (Pieces([*pieces[:20], "\n", *pieces[21:]]), 20)):
        assert start(tokenizer) == [first]
        assert ids_of(generate(here, [], GREEDY, tokenizer)) == ids_of(generate(here, [first], GREEDY, tokenizer))
    assert start(NAMES) == []
    none = np.array([], dtype=np.int32)
    assert ids_of(generate(here, none, GREEDY, NAMES)) == ids_of(generate(here, [0], GREEDY, NAMES))


def train(speaking):
    """The weights after some steps with dropout; between them, a text is written."""
    torch.manual_seed(3)
    gpt = GPT(Model(vocab=50, context=16, width=32, dropout=0.2, blocks=(Block(), Block())), seed=1).train()
    gpt.blocks[1].mlp.eval()  # a part that somebody froze
    adam = torch.optim.AdamW(gpt.parameters(), lr=1e-2)
    said = generate(gpt, [1, 2], replace(FREE, max_tokens=40), NAMES)
    modes = [part.training for part in gpt.modules()]
    for _ in range(30):
        x = torch.randint(50, (2, 12))
        torch.nn.functional.cross_entropy(gpt(x)[:, :-1].reshape(-1, 50), x[:, 1:].reshape(-1)).backward()
        if speaking:
            assert next(said).text
            assert [part.training for part in gpt.modules()] == modes and torch.is_grad_enabled()
        adam.step()
        adam.zero_grad()
    said.close()
    assert not any(part._forward_pre_hooks for part in gpt.modules())
    return gpt.state_dict()


def test_writing_does_not_disturb_training():
    for mine, theirs in zip(train(True).values(), train(False).values(), strict=True):
        assert torch.equal(mine, theirs)


def test_each_token_is_scored_by_the_weights_of_its_moment():
    gpt = script([1, 1, 1, 1], 4)
    said = generate(gpt, [0], replace(GREEDY, max_tokens=4), Pieces("abcd"))
    assert next(said).id == 1
    with torch.no_grad():
        gpt.head.weight[2] += 20.0
    assert next(said).id == 2


def test_numbers_that_are_lost_are_said_in_a_sentence():
    gpt = script([1], 4)
    with torch.no_grad():
        gpt.head.weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="no longer numbers"):
        next(generate(gpt, [0], GREEDY, Pieces("abcd")))


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
@pytest.mark.parametrize("documents", [1, 2])
def test_the_tokenizers_of_the_studio_serve(kind, documents):
    text = "Odo says: caf\u00e9, \u6587 and tea.\nOdo says: tea, \u6587 and more tea.\n" * 20
    *_, done = drained(words.train(kind, lambda: iter([text]), 300, documents))
    gpt = GPT(Model(vocab=done.vocab_size, context=16, width=16, blocks=(Block(),)), seed=0)
    said = list(generate(gpt, done.encode("Odo"), replace(FREE, max_tokens=200), done))
    whole = done.decode(ids_of(said))
    assert len(said) > 8 and whole.startswith("".join(s.text for s in said))
    assert len(whole) - len("".join(s.text for s in said)) <= 1  # at most an unfinished character
    assert start(done) == ([done.end] if documents == 2 else done.encode("\n").tolist()) != []
    stopped = list(generate(gpt, done.encode("Odo"), replace(FREE, max_tokens=200), done, (whole[5:8],)))
    assert "".join(s.text for s in stopped) == whole[: whole.index(whole[5:8])]


def drained(work):
    """What a generator yields, then what it returns."""
    result = yield from work
    yield result
