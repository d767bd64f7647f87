"""The arranger: music by rules.

Lives here: the composer that needs no weights. One room of small files: `data` and `styles` are what it knows, `plan` settles a
section, a file a player writes the notes, `feel` and `law` let them out.
"""

from __future__ import annotations

from models.compose.arranger.arranger import Arranger

__all__ = ["Arranger"]
