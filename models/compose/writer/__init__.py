"""The writer: the transformer as a composer.

Lives here: from a request to tokens and back to notes. `brief` says what is asked in the words of the tokens, `scene` what is
there already, `window` walks model and grammar side by side, `writing` makes bars of it, `composer` is what others call.
"""

from __future__ import annotations

from models.compose.writer.composer import BadWeights, Transformer, shipped

__all__ = ["BadWeights", "Transformer", "shipped"]
