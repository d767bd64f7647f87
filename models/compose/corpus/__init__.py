"""Corpus: other people's music, and the arranger's, in one normal form to learn from.

Lives here: the normal form, the readers that bring each collection into it, what is inferred on the way (roles, keys,
chords) and the one file that holds it all. Tokens and training know nothing of where music comes from.

    python -m models.compose.corpus --data DIR --out corpus.npz
"""
