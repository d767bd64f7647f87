"""`python -m bridge.bench.attacks ATTACK READY_FILE`: one attack, from a process of its own."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bridge.bench.attacks import ATTACKS, Target

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bridge.bench.attacks", description="Attack a server of your own.")
    parser.add_argument("attack", choices=sorted(ATTACKS))
    parser.add_argument("ready", type=Path, help="the server's ready file")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--ca", help="its certificate (PEM)")
    parser.add_argument("--say-when", action="store_true", help="a line when it begins")
    asked = parser.parse_args(arguments)
    target = Target.read(json.loads(asked.ready.read_text()), asked.seconds, asked.ca)
    if asked.say_when:
        sys.stdout.write("begun\n")
        sys.stdout.flush()
    came = ATTACKS[asked.attack](target)
    json.dump({"sent": came.sent, "answers": dict(came.answers), "dropped": came.dropped}, sys.stdout)


if __name__ == "__main__":
    main()
