"""The audit of a log: from its lines, its checkpoint and a key to the first entry that is wrong, and why.

It trusts nothing but the key that it is given: not the order of the lines, not the server that wrote them, not what
entry 0 says of itself. Form, order, links, times and signatures are checked line by line, then the whole against what
was signed. Where hashes of the lines are at hand that have the signed root (`leaves`), an altered line is named even
if everything after it was chained anew.

    report = audit(open("log.jsonl", "rb"), checkpoint_text, key)
    print(report)       # entry 5: its signature is not by ana's key over this command
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sessions.checkpoint import Checkpoint, verify_checkpoint
from sessions.errors import Refused
from sessions.heads import read_heads, vouched
from sessions.keys import VerifierKey
from sessions.log import MAX_LINE, Entry, read_line
from sessions.merkle import HASH_BYTES, Tree, leaf_hash
from sessions.testimony import BEGINNINGS, CREATED, Check, Doubt, Problem, Testimony, check_each

__all__ = ["Problem", "Report", "audit"]


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit came to."""

    problem: Problem | None
    index: int | None
    """The first entry that is wrong, where one can be named."""
    why: str
    entries: int
    """Entries that were read and are right by themselves."""
    root: bytes
    """The root over them."""
    covered: int | None
    """Entries that the checkpoint signs; None where none was given, or the audit did not come that far."""
    key: VerifierKey | None
    """The key that the log names and was checked with."""
    key_expected: bool
    """The reader brought that key; else it is only the one that the log names itself."""
    members: int
    signed: int
    """Entries that members signed."""

    @property
    def ok(self) -> bool:
        return self.problem is None

    def __str__(self) -> str:
        if self.problem is None:
            if self.entries == 1:
                return "1 entry is right, the one that made the session"
            by = "its member" if self.signed == 1 else "their members"
            return f"{self.entries} entries are right, {self.signed} of them signed by {by}"
        return self.why if self.index is None else f"entry {self.index}: {self.why}"


def audit(
    lines: Iterable[bytes],
    checkpoint: str | None = None,
    key: VerifierKey | None = None,
    against: str | None = None,
    *,
    leaves: bytes = b"",
    heads: str | None = None,
    growing: bool = False,
    check: Check = check_each,
) -> Report:
    """Check a log: `lines` as a file opened for reading bytes gives them, line feeds included.

    `checkpoint` is the text beside the log, `key` the one that the reader expects, `against` a checkpoint of the same log
    from elsewhere. `leaves` are leaf hashes, one after another, from wherever: they are used only if they have the signed
    root. `heads` is the text of the mark that a server which was stopped hard left (`sessions.heads`): it makes no log right,
    but says whose the last lines are. `growing`: the server is running, so that the last lines may be unsigned or half
    written. `check` looks at many signatures together. Never raises for what is in the files.
    """
    work = _Audit(key, check)
    doubt: Doubt | None = None
    try:
        work.read(iter(lines), checkpoint, leaves, growing=growing)
        if checkpoint is not None:
            work.check_checkpoint(checkpoint)
            if not growing:
                work.check_end(heads)
        if against is not None:
            work.check_against(against)
    except Doubt as found:
        doubt = found
    return Report(
        problem=doubt.problem if doubt else None,
        index=doubt.index if doubt else None,
        why=doubt.why if doubt else "",
        entries=work.tree.size,
        root=work.tree.root(),
        covered=work.covered,
        key=work.key,
        key_expected=key is not None,
        members=work.testimony.members,
        signed=work.testimony.signed,
    )


class _Audit:
    """The lines read so far, all of them right."""

    def __init__(self, expected: VerifierKey | None, check: Check) -> None:
        self.tree = Tree()
        self.key = expected
        self.covered: int | None = None
        self.testimony = Testimony("", check)
        self._check = check
        self._expected = expected
        self._signed: Checkpoint | None = None
        self._known = Tree()
        self._time = ""

    # -- line by line ------------------------------------------------------------------------------------------------

    def read(self, lines: Iterator[bytes], checkpoint: str | None, leaves: bytes, *, growing: bool) -> None:
        """All lines; raises `Doubt` for the first that is wrong, though its signature may be looked at after others were read."""
        try:
            try:
                self._read(lines, checkpoint, leaves, growing=growing)
            finally:
                self.testimony.settle()
        except Doubt as found:
            if found.problem is Problem.SIGNATURE and found.index is not None:
                self.tree.cut(found.index)
            raise

    def _read(self, lines: Iterator[bytes], checkpoint: str | None, leaves: bytes, *, growing: bool) -> None:
        for line in lines:
            if growing and not line.endswith(b"\n"):
                break  # it is just being written
            entry, leaf = _entry(line, self.tree.size), leaf_hash(line[:-1])
            if entry.index == 0:
                self._begin(entry)
                self._know(checkpoint, leaves)
            self._check_link(entry, leaf, lines)
            if entry.time < self._time:
                raise Doubt(
                    Problem.TIME, entry.index, f"its time {entry.time} lies before the entry before it ({self._time})"
                )
            if entry.index and entry.event["type"] == CREATED:
                raise Doubt(Problem.BEGINNING, entry.index, "the session is made a second time")
            self.testimony.hear(entry)
            self.tree.append(leaf)
            self._time = entry.time
        if not self.tree.size:
            raise Doubt(Problem.EMPTY, 0, "the log holds no entry")

    def _begin(self, entry: Entry) -> None:
        """Entry 0 names the log's key, which must be the reader's where there is one."""
        text = entry.event.get("log_key")
        if entry.event["type"] not in BEGINNINGS or not isinstance(text, str) or entry.member:
            raise Doubt(Problem.BEGINNING, 0, f"the log does not begin with the server's {CREATED} and its log_key")
        try:
            own = VerifierKey.parse(text)
        except Refused as refused:
            raise Doubt(Problem.BEGINNING, 0, f"its log_key is none: {refused.advice}") from None
        if entry.event.get("origin") != own.name:
            raise Doubt(Problem.BEGINNING, 0, "its origin is not the name of its log_key")
        if self._expected is not None and self._expected != own:
            raise Doubt(Problem.WRONG_KEY, 0, f"the log is by the key {own}, not by {self._expected}")
        self.key, self.testimony = own, Testimony(own.name, self._check)

    def _know(self, checkpoint: str | None, leaves: bytes) -> None:
        """Look ahead at what is signed, and believe leaf hashes that have its root."""
        try:
            self._signed = None if checkpoint is None or self.key is None else verify_checkpoint(checkpoint, self.key)
        except Refused:
            return  # said in its turn, after the lines
        if self._signed is not None and len(leaves) >= (size := self._signed.size * HASH_BYTES):
            known = Tree.from_leaves(leaves[:size])
            self._known = known if known.root() == self._signed.root else Tree()

    def _check_link(self, entry: Entry, leaf: bytes, following: Iterator[bytes]) -> None:
        index = entry.index
        if index < self._known.size and leaf != self._known.leaf(index):
            raise Doubt(Problem.ALTERED, index, "it is not the entry that the checkpoint signs")
        if entry.previous == (self.tree.leaf(index - 1).hex() if index else ""):
            return
        if index == 0:
            raise Doubt(Problem.ALTERED, 0, "it names an entry before it, though it is the first")
        before = self._is_before_to_blame(entry, leaf, next(following, b""))
        raise Doubt(
            Problem.ALTERED, index - 1 if before else index, "it was altered: the entry beside it has seen another"
        )

    def _is_before_to_blame(self, entry: Entry, leaf: bytes, following: bytes) -> bool:
        """Two neighbours disagree: was the one before altered, or this one? Whatever else has seen this one decides."""
        if not entry.previous:
            return False
        if following:
            try:
                return read_line(following[:-1]).previous == leaf.hex()
            except Refused:
                return True
        if self._signed is None or self._signed.size != entry.index + 1:
            return True
        mended = Tree.from_leaves(self.tree.leaves()[:-HASH_BYTES] + bytes.fromhex(entry.previous) + leaf)
        return mended.root() == self._signed.root

    # -- the whole ---------------------------------------------------------------------------------------------------

    def check_checkpoint(self, text: str) -> None:
        signed, size = self._verified(text, "the checkpoint"), self.tree.size
        if signed.size > size:
            raise Doubt(
                Problem.CUT, size, f"it is missing: the checkpoint signs {signed.size} entries, the log has {size}"
            )
        if self.tree.root(signed.size) != signed.root:
            last = signed.size - 1 if signed.size == size else None
            why = f"the log does not hold the {signed.size} entries that its checkpoint signs: "
            if last is not None:
                why += "it was altered, or an earlier one was and all after it were chained anew"
            else:
                why += "one of them was altered and all after it were chained anew"
            raise Doubt(Problem.REWRITTEN, last, why)
        self.covered = signed.size

    def check_end(self, heads: str | None) -> None:
        """At rest, the checkpoint signs every line; where it does not, say whose they are and what to do."""
        assert self.covered is not None
        assert self.key is not None
        if (size := self.tree.size) == self.covered:
            return
        if heads is None:
            why = (
                "no checkpoint signs it, and beside the log lies no mark of a server that was stopped hard: another hand "
                "added it; move it and all after it out of the log, or put back a copy of the folder"
            )
            raise Doubt(Problem.UNSIGNED, self.covered, why)
        own = max(self.covered, vouched(read_heads(heads, self.key), size, self.tree.root))
        if own == size:
            why = (
                "no checkpoint signs it yet: the server was stopped hard. By the mark that it left, all up to the end is its "
                "own: start it once, then it is signed, and check again"
            )
            raise Doubt(Problem.UNSIGNED, self.covered, why)
        why = (
            "neither the checkpoint nor the mark of the server that was stopped hard signs it: it was cut short while it was "
            "written and never acknowledged, or another hand added or altered it; a start signs none of it, and says which"
        )
        raise Doubt(Problem.UNSIGNED, own, why)

    def check_against(self, text: str) -> None:
        """A checkpoint that somebody kept must be of a beginning of this log."""
        kept, size = self._verified(text, "the checkpoint to compare with"), self.tree.size
        if kept.size > size:
            raise Doubt(Problem.FORK, size, f"it is missing: the log once had {kept.size} entries, now it has {size}")
        if self.tree.root(kept.size) != kept.root:
            raise Doubt(
                Problem.FORK,
                None,
                f"the log has forked: the same key signed other {kept.size} entries than these, "
                f"whose root is {self.tree.root(kept.size).hex()}, not {kept.root.hex()}",
            )

    def _verified(self, text: str, what: str) -> Checkpoint:
        assert self.key is not None  # entry 0 was read
        try:
            return verify_checkpoint(text, self.key)
        except Refused as refused:
            raise Doubt(Problem.CHECKPOINT, None, f"{what} does not hold: {refused.advice}") from None


def _entry(line: bytes, index: int) -> Entry:
    """The entry that must stand here; raises `Doubt`."""
    if not line.endswith(b"\n"):
        if len(line) > MAX_LINE:
            raise Doubt(Problem.UNREADABLE, index, f"it is longer than {MAX_LINE} bytes")
        raise Doubt(Problem.TORN, index, "the last line is torn: its end is missing")
    try:
        entry = read_line(line[:-1])
    except Refused as refused:
        raise Doubt(Problem.UNREADABLE, index, refused.advice) from None
    if entry.index > index:
        raise Doubt(Problem.ORDER, index, f"entry {entry.index} stands in its place: some are missing, or were swapped")
    if entry.index < index:
        raise Doubt(
            Problem.ORDER, index, f"entry {entry.index} stands in its place: it was repeated, or some were swapped"
        )
    return entry
