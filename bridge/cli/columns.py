"""Rows as columns of text, for a terminal or a pipe. (A table of rich's takes a millisecond a row, and a week's log has thousands.)

>>> for line in columns([("#", "who", "what"), ("7", "ana", "said: from the top")], width=16):
...     print(line)
# who what
7 ana said: from
       the top
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

__all__ = ["columns"]

NARROWEST = 10
"""Cells of the last column, however little room there is."""


def columns(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Their lines: every column as wide as its widest text, the first to the right; the last is folded to what is left."""
    widths = [max(map(_cells, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    left = sum(widths) + len(widths)
    room = max(NARROWEST, width - left)
    for first, *middle, last in rows:
        padded = (text + " " * (wide - _cells(text)) for text, wide in zip(middle, widths[1:], strict=True))
        head = " ".join([" " * (widths[0] - _cells(first)) + first, *padded]) + " "
        for folded in [last] if _cells(last) <= room else chop_cells(last, room):
            yield (head + folded).rstrip()
            head = " " * left


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)
