"""Checks a session's log with nothing of ours: the chain of its lines, their Merkle root, the signed checkpoint.

python examples/verify_a_log.py DATA/sessions/NAME        (`make run` prints the folder)
"""

import base64
import hashlib
import json
import sys
from itertools import pairwise
from pathlib import Path

from nacl.signing import VerifyKey


def leaf(line: bytes) -> bytes:
    return hashlib.sha256(b"\0" + line).digest()


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


folder = Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
text, _, signature_line = (folder / "checkpoint").read_text().partition("\n\n")
origin, size, root_hash = text.split("\n")
*lines, torn = (folder / "log.jsonl").read_bytes().split(b"\n")
signed = [leaf(line) for line in lines[: int(size)]]
for before, line in pairwise(lines):
    if json.loads(line)["previous"] != leaf(before).hex():
        sys.exit(f"this was not written after the line before it: {line.decode()}")
if torn or len(signed) < int(size) or root(signed) != base64.b64decode(root_hash):
    sys.exit("the checkpoint signs other lines than these, or the last one is torn")
key = base64.b64decode(json.loads(lines[0])["event"]["log_key"].split("+", 2)[2])[1:]
VerifyKey(key).verify(f"{text}\n".encode(), base64.b64decode(signature_line.split(" ")[2])[4:])
print(f"{origin}: {size} of {len(lines)} entries, each in its place, signed by the log's key")
