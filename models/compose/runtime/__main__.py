"""`python -m models.compose.runtime`: compiles the kernels for this processor, which otherwise the first start would do.

Six seconds once after an installation; nothing where they are compiled already. Weights that are missing are no matter here: who
needs them says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

from models.compose.runtime import BadWeights, Runtime

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"


def main() -> None:
    """Loads the weights that ship, which compiles what feeding them takes."""
    try:
        Runtime.load(WEIGHTS)
    except BadWeights as error:
        sys.stderr.write(f"{error}\n")


if __name__ == "__main__":
    main()
