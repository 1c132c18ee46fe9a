"""Check an exported link, or one proof, with nothing of Mithaq: Python's standard library and ``cryptography``.

    python tools/verify_link.py export jo.ndjson --sender jo/card.json --receiver sa/card.json
    python tools/verify_link.py proof seven.tlog-proof --sender jo/card.json --message seven.json --policy jo-sa.policy
    python tools/verify_link.py evidence split-view.json --sender jo/card.json

Exit code 0: everything holds. 1: something does not, and is named. 2: a file cannot be read. Written from
docs/protocol.md alone, so that it is a second opinion and not an echo.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa


class Wrong(Exception):
    """Something that does not hold."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=["export", "proof", "evidence"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--sender", type=Path, required=True, help="the sender's card")
    parser.add_argument("--receiver", type=Path, help="the receiver's card, to check receipts")
    parser.add_argument("--message", type=Path, help="for a proof: the exact bytes of the message")
    parser.add_argument(
        "--policy", type=Path, help="for a proof: whose cosignatures it needs, as a C2SP tlog-policy file"
    )
    given = parser.parse_args()
    try:
        sender = read_card(given.sender.read_bytes())
        receiver = read_card(given.receiver.read_bytes()) if given.receiver else None
        if given.what == "export":
            told = check_export(given.file, sender, receiver)
        elif given.what == "evidence":
            told = check_evidence(given.file, sender)
        else:
            told = check_proof(given.file.read_text(), sender, given.message.read_bytes() if given.message else None)
            if given.policy:
                told += "; " + check_policy(given.policy.read_text(), given.file.read_text().partition("\n\n")[2])
    except Wrong as wrong:
        print(f"does not hold: {wrong}")
        return 1
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as problem:
        print(f"cannot be read: {problem!r}", file=sys.stderr)
        return 2
    print(told)
    return 0


def read_card(data: bytes) -> dict[str, Any]:
    """A card: the party, and every pair of signing keys that it gives. One with a root is checked against it.

    A pair that was revoked counts as well: up to which number it is trusted, a revocation says, which no card holds.
    """
    card = json.loads(data)
    if card["format"] == "mithaq-card/1":
        return {"party": card["party"], "pairs": [card["signing"]]}
    root, envelope = card["root"], json.loads(card["manifest"])
    payload = base64.b64decode(envelope["payload"])
    manifest = json.loads(payload)
    signed = pae(envelope["payloadType"], payload)
    marks = {mark["keyid"]: base64.b64decode(mark["sig"]) for mark in envelope["signatures"]}
    count = 0
    for keys in root["keys"]:
        named = {algorithm: (key_id(algorithm, base64.b64decode(key)), key) for algorithm, key in keys.items()}
        if all(name in marks for name, _ in named.values()):
            for algorithm, (name, key) in named.items():
                verify(algorithm, base64.b64decode(key), marks[name], signed)
            count += 1
    canonical = json.dumps(root, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    if count < root["need"] or manifest["root"] != "sha256:" + hashlib.sha256(canonical).hexdigest():
        raise Wrong(f"the manifest of {manifest['party']} is not signed by its root")
    return {"party": manifest["party"], "pairs": [each["keys"] for each in manifest["signing"]]}


def key_id(algorithm: str, public: bytes) -> str:
    return f"{algorithm}:{hashlib.sha256(algorithm.encode() + b'|' + public).hexdigest()[:16]}"


def pae(sort: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %b %d %b" % (len(sort.encode()), sort.encode(), len(payload), payload)


def check_export(path: Path, sender: dict[str, Any], receiver: dict[str, Any] | None) -> str:
    """Every message, every checkpoint and (with the receiver's card) every verdict of an exported link."""
    leaves: list[bytes] = []
    roots: dict[int, bytes] = {}
    stack: list[tuple[int, bytes]] = []
    messages: dict[int, dict[str, Any]] = {}
    receipts: dict[int, dict[str, Any]] = {}
    checkpoints = 0
    with path.open("rb") as lines:
        head = json.loads(next(lines))
        if head["format"] != "mithaq-export/1":
            raise Wrong("not an export")
        if head["link"].split(">")[0] != sender["party"]:
            raise Wrong(f"the card is of {sender['party']}, the link {head['link']}")
        for line in lines:
            each = json.loads(line)
            if "message" in each:
                row = each["message"]
                entry = base64.b64decode(row["entry"])
                check_message(row, entry, len(leaves) + 1, head["link"])
                leaves.append(entry)
                push(stack, leaf(entry))
                roots[len(leaves)] = fold(stack)
                messages[row["seq"]] = row
            elif "checkpoint" in each:
                check_own_checkpoint(each["checkpoint"], head["link"], sender, roots)
                checkpoints += 1
            elif "receipt" in each:
                receipts[each["receipt"]["number"]] = each["receipt"]
    if leaves and not checkpoints:
        raise Wrong("no checkpoint: nobody signed this log")
    for row in messages.values():
        if head["by"] == sender["party"] and row["outcome"] != "waiting" and row.get("receipt", 0) not in receipts:
            raise Wrong(f"the receipt of message {row['seq']} is missing")
    checked = 0
    if receiver is not None:
        for each in receipts.values():
            check_receipt(each, head["link"], receiver, messages, roots)
        checked = len(receipts)
    return f"holds: {head['link']}, {len(leaves)} messages, {checkpoints} checkpoints, {checked} receipts"


def check_message(row: dict[str, Any], entry: bytes, expected: int, link: str) -> None:
    if row["seq"] != expected:
        raise Wrong(f"number {expected} is missing")
    content = row.get("content")
    if content is None:
        return
    if entry_of(base64.b64decode(row["salt"]), content.encode()) != entry:
        raise Wrong(f"message {expected} is not the one the log commits to")
    told = json.loads(content)
    if (f"{told['from']}>{told['to']}", told["seq"]) != (link.partition("/")[0], expected):
        raise Wrong(f"message {expected} says that it is another")


def check_own_checkpoint(given: dict[str, Any], link: str, card: dict[str, Any], roots: dict[int, bytes]) -> None:
    size, root = check_checkpoint(given["text"], link, card)
    if size != given["number"]:
        raise Wrong(f"a checkpoint kept for size {given['number']} is of size {size}")
    if size in roots and roots[size] != root:
        raise Wrong(f"the signed root at {size} is not the root of the messages")


def check_checkpoint(text: str, link: str, card: dict[str, Any]) -> tuple[int, bytes]:
    """Size and root of a checkpoint of this link, signed with both halves of the card's keys."""
    name = "mithaq/" + link.replace(">", "/")
    body, gap, tail = text.partition("\n\n")
    origin, size, root = body.split("\n")
    if not gap or origin != name:
        raise Wrong(f"a checkpoint of {origin}, not of {name}")
    types = {"ed25519": b"\x01", "ml-dsa-65": b"\xffmithaq/ml-dsa-65"}
    marks = [base64.b64decode(line.rpartition(" ")[2]) for line in tail.strip("\n").split("\n")
             if line.startswith(f"— {name} ")]  # fmt: skip
    for pair_of in card["pairs"]:
        found = set()
        for algorithm, key in pair_of.items():
            public = base64.b64decode(key)
            short = hashlib.sha256(name.encode() + b"\n" + types[algorithm] + public).digest()[:4]
            for raw in marks:
                if raw[:4] == short:
                    verify(algorithm, public, raw[4:], (body + "\n").encode())
                    found.add(algorithm)
        if found == {"ed25519", "ml-dsa-65"}:
            break
    else:
        raise Wrong(f"the checkpoint at {size} lacks a signature")
    return int(size), base64.b64decode(root)


def check_receipt(
    given: dict[str, Any], link: str, card: dict[str, Any], messages: dict[int, dict[str, Any]], roots: dict[int, bytes]
) -> None:
    envelope = json.loads(given["text"])
    payload = base64.b64decode(envelope["payload"])
    if envelope["payloadType"] != "application/vnd.mithaq.receipt+json":
        raise Wrong(f"receipt {given['number']} is of another type")
    signed = pae(envelope["payloadType"], payload)
    marks = {mark["keyid"]: base64.b64decode(mark["sig"]) for mark in envelope["signatures"]}
    for pair_of in card["pairs"]:
        named = {algorithm: key_id(algorithm, base64.b64decode(key)) for algorithm, key in pair_of.items()}
        if set(named) == {"ed25519", "ml-dsa-65"} and all(name in marks for name in named.values()):
            for algorithm, name in named.items():
                verify(algorithm, base64.b64decode(pair_of[algorithm]), marks[name], signed)
            break
    else:
        raise Wrong(f"receipt {given['number']} lacks a signature")
    receipt = json.loads(payload)
    if receipt["link"] != link:
        raise Wrong(f"receipt {given['number']} is of {receipt['link']}")
    told = set()
    for verdict in receipt.get("verdicts", ()):
        row = messages.get(verdict["seq"])
        if row is None or row.get("receipt") != given["number"]:
            continue
        told.add(verdict["seq"])
        if (verdict["entry"], verdict["verdict"]) != (row["entry"], row["outcome"]):
            raise Wrong(f"receipt {given['number']} says otherwise of message {verdict['seq']}")
    settled = {seq for seq, row in messages.items() if row.get("receipt") == given["number"]}
    if settled - told:
        raise Wrong(f"receipt {given['number']} says nothing of message {min(settled - told)}")
    size, root = receipt["head"]["size"], base64.b64decode(receipt["head"]["root"])
    if size in roots and roots[size] != root:
        raise Wrong(f"the receiver signed another log of {size} entries")


def check_proof(text: str, card: dict[str, Any], message: bytes | None) -> str:
    """A ``.tlog-proof``; with the message, that it is this one which is in the log."""
    head, _, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1":
        raise Wrong("not a tlog-proof")
    salt = base64.b64decode(lines.pop(1).removeprefix("extra ")) if lines[1].startswith("extra ") else b""
    index, path = int(lines[1].removeprefix("index ")), [base64.b64decode(line) for line in lines[2:]]
    if message is None:
        raise Wrong("a proof is of a message: give --message")
    told = json.loads(message)
    link = f"{told['from']}>{told['to']}"
    epoch = checkpoint.partition("\n")[0].removeprefix("mithaq/" + link.replace(">", "/"))
    if epoch.startswith("/") and epoch[1:].isdecimal():  # a link that was begun anew
        link += epoch
    size, root = check_checkpoint(checkpoint, link, card)
    if told["seq"] != index + 1:
        raise Wrong(f"the message is number {told['seq']}, the proof of number {index + 1}")
    check_inclusion(leaf(entry_of(salt, message)), index, size, path, root)
    return f"holds: message {index + 1} of {link} is in the log of {size} that {card['party']} signed"


def check_policy(policy: str, checkpoint: str) -> str:
    """That the checkpoint has the cosignatures of a quorum: C2SP tlog-policy over C2SP tlog-cosignature."""
    body = checkpoint.partition("\n\n")[0] + "\n"
    marks = [line[2:].split(" ") for line in checkpoint.partition("\n\n")[2].strip("\n").split("\n")]
    signed: set[str] = set()
    known: set[str] = set()
    quorum = ""
    for words in (line.split() for line in policy.split("\n") if line.strip() and not line.strip().startswith("#")):
        if words[0] == "witness" and len(words) in (3, 4) and words[1] not in known:
            known.add(words[1])
            if cosigned(words[2], body, marks):
                signed.add(words[1])
        elif words[0] == "group" and len(words) > 3 and words[1] not in known and set(words[3:]) <= known:
            of = words[3:]
            need = {"any": 1, "all": len(of)}.get(words[2]) or int(words[2])
            if not 1 <= need <= len(of) or len(set(of)) != len(of):
                raise Wrong(f"the group {words[1]} cannot be")
            known.add(words[1])
            if sum(each in signed for each in of) >= need:
                signed.add(words[1])
        elif words[0] == "quorum" and len(words) == 2 and not quorum and (words[1] in known or words[1] == "none"):
            quorum = words[1]
        elif words[0] != "log":
            raise Wrong(f"the policy has a line that cannot be read: {' '.join(words)[:60]}")
    if quorum != "none" and quorum not in signed:
        raise Wrong(f"the quorum {quorum} is not met: cosigned by {', '.join(sorted(signed)) or 'nobody'}")
    return f"witnessed by {', '.join(sorted(signed)) or 'nobody, as none is asked for'}"


def cosigned(vkey: str, body: str, marks: list[list[str]]) -> bool:
    """Whether the key of a witness cosigned this checkpoint. A false cosignature of a known key spoils it."""
    name, short, encoded = vkey.split("+", 2)
    sort, public = base64.b64decode(encoded)[:1], base64.b64decode(encoded)[1:]
    if hashlib.sha256(name.encode() + b"\n" + sort + public).digest()[:4].hex() != short or sort not in (b"\4", b"\6"):
        raise Wrong(f"the key of {name} is no witness key")
    found = False
    for mark in marks:
        value = base64.b64decode(mark[1])
        if mark[0] != name or value[:4].hex() != short:
            continue
        time, signature = int.from_bytes(value[4:12], "big"), value[12:]
        if not 0 < time < 2**63:
            raise Wrong(f"a cosignature of {name} has no time")
        if sort == b"\4":
            verify("ed25519", public, signature, f"cosignature/v1\ntime {time}\n{body}".encode())
        else:
            origin, size, root = body.strip("\n").split("\n")
            message = b"subtree/v1\n\0" + bytes([len(name.encode())]) + name.encode() + time.to_bytes(8, "big")
            message += bytes([len(origin.encode())]) + origin.encode() + bytes(8) + int(size).to_bytes(8, "big")
            verify("ml-dsa-44", public, signature, message + base64.b64decode(root))
        found = True
    return found


def check_evidence(path: Path, sender: dict[str, Any]) -> str:
    """That the holder of the card signed two checkpoints that cannot be of one log."""
    found = json.loads(path.read_bytes())
    if found["format"] != "mithaq-evidence/1" or found["kind"] != "signed" or not found.get("held"):
        raise Wrong("not evidence of a split view")
    notes = [base64.b64decode(found["given"]).decode(), found["held"][0]]
    link = notes[0].split("\n")[0].removeprefix("mithaq/").replace("/", ">")
    (one, first), (other, second) = (check_checkpoint(note, link, sender) for note in notes)
    if one == other:
        differ = first != second
    else:  # the log of the second begins otherwise: its own root at the size of the first is proved to be another
        own = base64.b64decode(found["root"])
        check_consistency(one, other, [base64.b64decode(each) for each in found["consistency"]], own, second)
        differ = own != first
    if not differ:
        raise Wrong("the two notes may be of one log")
    return f"proved: {sender['party']} signed two logs of {link}, at {one} and at {other} entries"


def check_consistency(old: int, new: int, path: list[bytes], old_root: bytes, new_root: bytes) -> None:
    """RFC 9162, 2.1.4.2."""
    if not 0 < old < new:
        raise Wrong(f"nothing joins {old} to {new} entries")
    parts = [old_root, *path] if old & (old - 1) == 0 else list(path)
    node, last = old - 1, new - 1
    while node % 2:
        node, last = node // 2, last // 2
    if not parts:
        raise Wrong("the consistency proof is empty")
    before = after = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise Wrong("the consistency proof is too long")
        if node % 2 or node == last:
            before, after = pair(part, before), pair(part, after)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            after = pair(after, part)
        node, last = node // 2, last // 2
    if last or before != old_root or after != new_root:
        raise Wrong("the consistency proof does not join the two roots")


def check_inclusion(found: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        raise Wrong(f"number {index + 1} is not in a log of {size}")
    node, last = index, size - 1
    for part in path:
        if last == 0:
            raise Wrong("the path is too long")
        if node % 2 or node == last:
            found = pair(part, found)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            found = pair(found, part)
        node, last = node // 2, last // 2
    if last or found != root:
        raise Wrong("the path does not lead to the signed root")


def verify(algorithm: str, public: bytes, signature: bytes, message: bytes) -> None:
    try:
        if algorithm == "ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        elif algorithm == "ml-dsa-44":
            mldsa.MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
        else:
            mldsa.MLDSA65PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise Wrong(f"an {algorithm} signature is false") from None


def entry_of(salt: bytes, message: bytes) -> bytes:
    return hashlib.sha256(b"mithaq-entry/1\n" + salt + message).digest()


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def push(stack: list[tuple[int, bytes]], found: bytes) -> None:
    """Add a leaf to the complete subtrees on the right-hand edge: (width, hash), widest first."""
    width = 1
    while stack and stack[-1][0] == width:
        found = pair(stack.pop()[1], found)
        width *= 2
    stack.append((width, found))


def fold(stack: list[tuple[int, bytes]]) -> bytes:
    """The root of a log from its right-hand edge."""
    found = stack[-1][1]
    for _, left in reversed(stack[:-1]):
        found = pair(left, found)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
