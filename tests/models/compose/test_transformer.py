"""The model on a tiny shape: causal, cached as whole, documents apart, and the same to `transformers`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from models.compose.transformer import BLOCK, Shape, Transformer, load, save

SHAPE = Shape(vocabulary=40, width=48, layers=2, heads=4, kv_heads=2, inner=64, head=16, context=2 * BLOCK + 64)


@pytest.fixture(scope="module")
def model() -> Transformer:
    model = Transformer(SHAPE, seed=3)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2:
                weight.mul_(8.0)  # so that attention has something to choose
            elif "norm" in name:
                weight.add_(0.1 * torch.arange(len(weight)) / len(weight))
    return model


def tokens(count: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(0, SHAPE.vocabulary, (count,), generator=torch.Generator().manual_seed(seed))


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(torch.allclose(a, b, atol=2e-4, rtol=1e-4))


@pytest.mark.parametrize("at", [0, 5, BLOCK - 1, BLOCK, BLOCK + 9])
def test_what_comes_later_has_no_part_in_a_token(model: Transformer, at: int) -> None:
    """Proved by gradients: of one position's logits with respect to what went into the first layer."""
    seen: list[torch.Tensor] = []
    hook = model.layers[0].input_layernorm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        logits = model.forward(tokens(BLOCK + 20)[None])
    finally:
        hook.remove()
    (gradient,) = torch.autograd.grad(logits[0, at].square().sum(), seen)
    reached = gradient[0].abs().sum(-1) > 0
    assert reached[: at + 1].all()
    assert not reached[at + 1 :].any()


@pytest.mark.parametrize("pieces", [(1, 1, 1, 1), (7, 1, 30), (3, BLOCK, 5), (BLOCK + 30, 20)])
def test_with_a_cache_it_is_the_same_as_at_once(model: Transformer, pieces: tuple[int, ...]) -> None:
    ids = tokens(sum(pieces))[None]
    cache, told = None, []
    for piece in torch.split(ids, list(pieces), dim=1):
        logits, cache = model.step(piece, cache)
        told.append(logits)
    assert cache is not None
    assert cache.length == sum(pieces)
    assert same(torch.cat(told, dim=1), model.forward(ids))


def test_a_cache_is_a_value(model: Transformer) -> None:
    """Two ways on from one cache know nothing of each other."""
    _, cache = model.step(tokens(9)[None])
    before = [keys.clone() for keys in cache.keys]
    first, _ = model.step(tokens(4, seed=2)[None], cache)
    model.step(tokens(6, seed=3)[None], cache)
    again, _ = model.step(tokens(4, seed=2)[None], cache)
    assert torch.equal(first, again)
    assert all(torch.equal(old, now) for old, now in zip(before, cache.keys, strict=True))


@pytest.mark.parametrize("rows", [False, True])
def test_documents_laid_end_to_end_do_not_see_each_other(model: Transformer, *, rows: bool) -> None:
    documents = [5, 1, BLOCK + 11, 40]
    ids = tokens(sum(documents))
    together = torch.split(model.packed(ids, documents, rows=rows), documents)
    for document, logits in zip(torch.split(ids, documents), together, strict=True):
        assert same(logits, model.forward(document[None])[0])


def test_what_was_saved_is_loaded(model: Transformer, tmp_path: Path) -> None:
    save(model, tmp_path, more={"vocabulary_sha256": "abc"})
    again = load(tmp_path)
    assert again.shape == SHAPE
    assert all(torch.equal(weight, again.state_dict()[name]) for name, weight in model.state_dict().items())
    assert json.loads((tmp_path / "config.json").read_text())["vocabulary_sha256"] == "abc"


def test_a_foreign_folder_is_refused(model: Transformer, tmp_path: Path) -> None:
    save(model, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    for name, value in (("model_type", "gpt2"), ("tie_word_embeddings", False), ("hidden_size", None)):
        (tmp_path / "config.json").write_text(json.dumps({**config, name: value}))
        with pytest.raises(ValueError, match=name):
            load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**config, "intermediate_size": 96}))
    with pytest.raises(ValueError, match="does not hold the weights"):
        load(tmp_path)


def test_the_same_seed_gives_the_same_weights() -> None:
    one, two, other = (Transformer(SHAPE, seed=seed).embedding for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_more_than_the_context_is_refused(model: Transformer) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        model.forward(tokens(SHAPE.context + 1)[None])
    with pytest.raises(ValueError, match="does not fit"):
        model.packed(tokens(SHAPE.context + 1), [SHAPE.context + 1])
    with pytest.raises(ValueError, match="multiple"):
        Shape(vocabulary=8, heads=3, kv_heads=2)


@pytest.mark.may_leak("transformers' progress bar keeps a thread")
@pytest.mark.filterwarnings("default")  # what others warn of is theirs
def test_transformers_loads_it_and_computes_the_same(model: Transformer, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    save(model, tmp_path)
    theirs, info = transformers.LlamaForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    ids = tokens(BLOCK + 40)[None]
    with torch.no_grad():
        assert same(theirs(ids).logits, model.forward(ids))
