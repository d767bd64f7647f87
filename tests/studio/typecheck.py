"""The page's types, as its comments state them: every module under TypeScript's strict eye. Nothing is built of it.

Any `tsc` from 4.8 on does (Debian's `node-typescript`). That one reads a tag only where it begins a line, so the modules are
looked at in a copy in which the words before a tag are blanks; lines and columns stay what they are.

    python -m tests.studio.typecheck        # exit 0, or 1 and what is wrong; without a tsc it says so, in CI it fails
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parents[2] / "bridge" / "studio"
NEWER = Path(__file__).parent / "newer.d.ts"
LIMIT_S = 300
OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "noFallthroughCasesInSwitch": True,
    "noImplicitOverride": True,
    "skipLibCheck": True,
    "types": [],
    "target": "es2022",
    "lib": ["es2022", "dom", "dom.iterable"],
    "module": "es2022",
    "moduleResolution": "node",
}
BEFORE_A_TAG = re.compile(
    r"^(\s*\*\s|.*?/\*\*\s)([^@*\n]*)(?=@(?:param|returns|type|typedef|template|throws)\b)", re.MULTILINE
)


def legible(source: str) -> str:
    """A module whose tags begin their lines.

    >>> legible("/** Plays it. @param {number} at */")
    '/**           @param {number} at */'
    """
    return BEFORE_A_TAG.sub(lambda found: found[1] + " " * len(found[2]), source)


def check(tsc: str) -> list[str]:
    """What is wrong, a line each."""
    with tempfile.TemporaryDirectory(prefix="starbridge-types-") as folder:
        copy = Path(folder).resolve()
        for module in sorted(PAGE.rglob("*.js")):
            place = copy / module.relative_to(PAGE)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(legible(module.read_text(encoding="utf-8")), encoding="utf-8")
        shutil.copy(NEWER, copy)
        (copy / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["**/*"]}))
        command = [tsc, "--project", str(copy), "--pretty", "false"]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    said = (done.stdout + done.stderr).splitlines()
    return said or ([f"tsc ended with {done.returncode} and said nothing"] if done.returncode else [])


def main() -> int:
    tsc = shutil.which("tsc")
    if tsc is None:
        print("studio types: unchecked, there is no tsc here (Debian: node-typescript)")
        return int(os.environ.get("STARBRIDGE_NO_SKIP") == "1")
    found = check(tsc)
    print("\n".join(found) or "studio types: no issues found")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
