"""The card: what ships as weights, made of a training run by one command.

Lives here: `tensors` (weights as bfloat16), `sources` (whose music it was, and under which licence), `gather` (what is measured),
`rolls` (pictures of sections), `page` (the page for people). Nothing of this is needed to play.

    python -m models.compose.card --run RUN --corpus FILE... --data DIR --out models/weights
"""
