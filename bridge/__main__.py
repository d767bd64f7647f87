"""`starbridge`, or `python -m bridge`: the command line's front door."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Runs the command that the arguments name."""
    from bridge.cli import app

    app(prog_name="starbridge")


if __name__ == "__main__":
    main()
