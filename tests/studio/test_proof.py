"""What the page checks by itself: proofs, checkpoints and certificates, held against those that the house makes."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sessions.checkpoint import make_checkpoint
from sessions.keys import log_key
from sessions.merkle import Tree, consistency_proof, inclusion_proof, leaf_hash
from tests.sessions.test_certificate import CERTIFICATE
from tests.studio.fake_server import Message, Puppet, puppet
from tests.support.chromium import Browser, Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]
Run = Callable[..., Any]
SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17]
KEY = log_key("jam", bytes(32))


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Run]:
    """Calls a module's function with JSON values."""
    with puppet() as server:
        page = browser.open(server.url)
        yield lambda module, function, *values: page.evaluate(
            f"import('/{module}').then((m) => ({function})(m, ...{json.dumps(values)}))"
        )
        page.close()


def tree(size: int) -> Tree:
    return Tree(leaf_hash(f"line {index}".encode()) for index in range(size))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def bytes_of(*names: str) -> str:
    """Names of a claim whose base64 the browser reads."""
    return "".join(f"{name}: n.fromBase64(c.{name}), " for name in names)


INCLUDED = f"""async (m, claims) => {{
    const n = await import('/proof/note.js');
    return Promise.all(claims.map((c) => m.isIncluded({{ ...c, {bytes_of("leaf", "root")} proof: c.proof.map(n.fromBase64) }})));
}}"""
CONSISTENT = f"""async (m, claims) => {{
    const n = await import('/proof/note.js');
    const roots = (c) => ({{ {bytes_of("firstRoot", "secondRoot")} proof: c.proof.map(n.fromBase64) }});
    return Promise.all(claims.map((c) => m.isConsistent({{ ...c, ...roots(c) }})));
}}"""


def test_every_line_is_found_in_every_tree_and_nothing_else_is(run: Run) -> None:
    claims: list[Message] = []
    for size in SIZES:
        whole = tree(size)
        for index in range(size):
            proof = [b64(step) for step in inclusion_proof(whole, index, size)]
            claims.append(
                {
                    "index": index,
                    "size": size,
                    "leaf": b64(whole.leaf(index)),
                    "proof": proof,
                    "root": b64(whole.root()),
                }
            )
    assert all(run("proof/merkle.js", INCLUDED, claims))
    wrong = [claim | {"index": (claim["index"] + 1) % claim["size"]} for claim in claims if claim["size"] > 1]
    wrong += [claim | {"leaf": b64(bytes(32))} for claim in claims]
    wrong += [claim | {"proof": claim["proof"][:-1]} for claim in claims if claim["proof"]]
    wrong += [claim | {"proof": [*claim["proof"], b64(bytes(32))]} for claim in claims]
    wrong += [claim | {"index": -1} for claim in claims[:1]] + [claim | {"index": claim["size"]} for claim in claims]
    assert not any(run("proof/merkle.js", INCLUDED, wrong))


def test_a_log_begins_with_each_shorter_one_and_with_no_other(run: Run) -> None:
    claims: list[Message] = []
    for second in SIZES:
        whole = tree(second)
        for first in range(1, second + 1):
            proof = [b64(step) for step in consistency_proof(whole, first, second)]
            roots = {"firstRoot": b64(whole.root(first)), "secondRoot": b64(whole.root())}
            claims.append({"first": first, "second": second, "proof": proof} | roots)
    assert all(run("proof/merkle.js", CONSISTENT, claims))
    wrong = [claim | {"firstRoot": b64(bytes(32))} for claim in claims]
    wrong += [claim | {"secondRoot": b64(bytes(32))} for claim in claims]
    wrong += [claim | {"first": claim["first"] - 1} for claim in claims]
    wrong += [claim | {"proof": [*claim["proof"], b64(bytes(32))]} for claim in claims]
    wrong += [claim | {"proof": claim["proof"][1:]} for claim in claims if claim["proof"]]
    assert not any(run("proof/merkle.js", CONSISTENT, wrong))


OPEN = """async (m, text, key) => {
    try {
        const head = await m.openNote(text, await m.readKey(key));
        return [head.size, m.toHex(head.root), head.signed];
    } catch (error) {
        if (!(error instanceof m.Doubt)) throw error;
        return error.message;
    }
}"""


def test_a_checkpoint_is_opened_by_its_key_alone(run: Run) -> None:
    whole = tree(5)
    text = make_checkpoint(KEY, 5, whole.root())
    assert run("proof/note.js", OPEN, text, str(KEY.verifier)) == [5, whole.root().hex(), "yes"]
    grown = text.replace("\n5\n", "\n6\n")
    assert "signature is wrong" in run("proof/note.js", OPEN, grown, str(KEY.verifier))
    other = log_key("jam", bytes([1] * 32))
    assert "another log" in run("proof/note.js", OPEN, text, str(other.verifier))
    assert "no signature" in run("proof/note.js", OPEN, text.split("\u2014")[0], str(KEY.verifier))
    name, _, rest = str(KEY.verifier).partition("+")
    assert "its own name" in run("proof/note.js", OPEN, text, f"{name}+00000000+{rest.split('+', 1)[1]}")
    for junk in ("", "a", "\n\n", text.replace("\n5\n", "\n05\n"), text.replace("\n5\n", "\n-5\n")):
        assert "can't be read" in run("proof/note.js", OPEN, junk, str(KEY.verifier))


def test_without_ed25519_in_the_browser_it_says_so(run: Run) -> None:
    function = f"""async (m, ...all) => {{
        const own = SubtleCrypto.prototype.importKey;
        SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'));
        try {{ return await ({OPEN})(m, ...all); }} finally {{ SubtleCrypto.prototype.importKey = own; }}
    }}"""
    text = make_checkpoint(KEY, 5, tree(5).root())
    assert run("proof/note.js", function, text, str(KEY.verifier))[2] == "unknown"


WATCH = """async (m, key, visits) => {
    const held = {};
    const said = [];
    for (const { checkpoint, hashes, vkey } of visits) {
        const watch = new m.Watch({ getItem: (name) => held[name] ?? null, setItem: (name, value) => (held[name] = value) });
        const api = { sessionPath: '', text: async () => checkpoint, json: async () => ({ hashes }) };
        const told = (seen) => [seen.size, seen.since, seen.signed];
        said.push(await watch.look(api, vkey ?? key).then(told, (error) => error.message));
    }
    return said;
}"""


def visit(size: int, before: int = 0, lines: str = "line") -> Message:
    whole = Tree(leaf_hash(f"{lines} {index}".encode()) for index in range(size))
    proof = consistency_proof(whole, before, size) if before else []
    return {"checkpoint": make_checkpoint(KEY, size, whole.root()), "hashes": [b64(step) for step in proof]}


def test_a_log_that_grows_is_believed_and_one_that_was_changed_is_not(run: Run) -> None:
    key = str(KEY.verifier)
    assert run("proof/watch.js", WATCH, key, [visit(3), visit(3, 3), visit(9, 3)]) == [
        [3, 3, "yes"],
        [3, 3, "yes"],
        [9, 3, "yes"],
    ]
    cut = run("proof/watch.js", WATCH, key, [visit(9), visit(4)])
    assert cut[1] == "The log had 9 entries when this browser saw it last, and has 4 now."
    rewritten = run("proof/watch.js", WATCH, key, [visit(4), visit(9, 4, "other")])
    assert rewritten[1] == "The log's first 4 entries are not those that this browser saw."
    fork = run("proof/watch.js", WATCH, key, [visit(4), visit(4, 0, "other")])
    assert "not those" in fork[1]


CHECK = """async (m, certificate, key) => {
    const { Doubt } = await import('/proof/note.js');
    try {
        return (await m.checkCertificate(certificate, key)).signed;
    } catch (error) {
        if (!(error instanceof Doubt)) throw error;
        return error.message;
    }
}"""


def test_a_certificate_holds_and_no_change_of_it_does(run: Run) -> None:
    key = CERTIFICATE["log_key"]
    assert run("proof/certificate.js", CHECK, CERTIFICATE, key) == "yes"
    assert "another key" in run("proof/certificate.js", CHECK, CERTIFICATE, str(KEY.verifier) + "x")

    def changed(change: Callable[[Message], object]) -> str:
        copied = copy.deepcopy(CERTIFICATE)
        change(copied)
        found: str = run("proof/certificate.js", CHECK, copied, key)
        return found

    assert "not the one" in changed(lambda c: c["statement"].update(take="take-9"))
    assert "not in the log" in changed(lambda c: c["entry"].update(member="zoe"))
    assert "not in the log" in changed(lambda c: c["proof"].reverse())
    assert "another log" in changed(lambda c: c.update(index=c["index"] + 1))
    assert "signature is wrong" in changed(lambda c: c.update(checkpoint=c["checkpoint"].replace("\n", "\n1", 1)))


def test_the_log_tab_says_what_the_page_found(server: Puppet, join: Join) -> None:
    page = join("listener")
    server.say({"type": "log.head", "size": 42, "root": "ab" * 32})
    page.click("#tab-log")
    page.wait("document.querySelector('.verdict.bad')?.innerText.includes('key is none that can be read')")
    assert page.evaluate("document.querySelector('#tab-log').classList.contains('doubted')")
    assert not page.seen(".tab-tick")
