"""Music as tokens: the vocabulary, what is said in which order, and the way there and back.

Lives here: the table (`vocabulary`), the grid that notes are told on (`grid`), notes to ids and back (`encode`, `decode`),
what each control measures (`controls`), which token may follow which (`grammar`), and pieces as rows to train on
(`examples`). Pitches are told relative to the tonic, bars in order with all parts of a bar together, so music can be
heard while it is written. numpy and the standard library; no model, no file format but the table's own.

    >>> from models.compose.tokens.vocabulary import VOCABULARY
    >>> VOCABULARY.name(VOCABULARY.id("Pitch_60"))
    'Pitch_60'
"""
