"""Tampers 10,000 times with an export of the audit and looks that deploy/verify_audit finds each one and names its line.

Usage: audit_tampering.py VERIFY_AUDIT EXPORT KEY [COUNT [SEED]]. The export is one with facts; its head is signed here with the private
key, as the server would have. By the end-to-end tests; by hand with an export of one's own."""

import functools
import importlib.machinery
import importlib.util
import json
import random
import re
import subprocess
import sys
import tempfile


def load(path):
    loader = importlib.machinery.SourceFileLoader("verify_audit", path)
    spec = importlib.util.spec_from_loader("verify_audit", loader)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def sign(verify, key, chain, link, head):
    """The head as the server signs it, by openssl."""
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout[-32:]
    anchor = {"format": "ordos-audit-anchor/1", "chain_id": chain, "link": str(link), "hash": head, "anchor_time": "2026-11-26T08:00:00Z"}
    signed = b"".join(map(verify.field, (anchor["format"], chain, str(link), head, str(verify.micros(anchor["anchor_time"])))))
    with tempfile.NamedTemporaryFile() as file:
        file.write(signed)
        file.flush()
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", file.name], capture_output=True,
                                   check=True).stdout
    return {**anchor, "public_key": public.hex(), "signature": signature.hex()}


def other_text(text, dice):
    """A text that differs in one character, or by one."""
    if not text or dice.random() < 0.2:
        return text + dice.choice("x0 ")
    at = dice.randrange(len(text))
    return text[:at] + dice.choice([c for c in "0123456789abcdefxyz" if c != text[at]]) + text[at + 1:]


def change(value, dice):
    """The value, a little different in meaning."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return other_text(value, dice)
    if isinstance(value, list):
        if not value or dice.random() < 0.2:
            return value + [{"text": "0"}]
        at = dice.randrange(len(value))
        return value[:at] + [change(value[at], dice)] + value[at + 1:]
    if isinstance(value, dict):
        if not value:
            return {"text": ""}
        key = dice.choice(sorted(value))
        return {**value, key: change(value[key], dice)}
    return "0"


def edit(lines, dice):
    at = dice.randrange(len(lines))
    record = json.loads(lines[at])
    (kind, content), = record.items()
    key = dice.choice(sorted(content))
    what = dice.random()
    if what < 0.1:
        del content[key]
    elif what < 0.2:
        content["note"] = "x"
    else:
        content[key] = change(content[key], dice)
    return lines[:at] + [json.dumps({kind: content})] + lines[at + 1:], at


def delete(lines, dice):
    at = dice.randrange(len(lines))
    return lines[:at] + lines[at + 1:], at


def insert(lines, dice):
    """A copy of a line, as it is or a little different, at another place."""
    line = lines[dice.randrange(len(lines))]
    if dice.random() < 0.5:
        line, _ = edit([line], dice)
        line = line[0]
    at = dice.randrange(len(lines) + 1)
    return lines[:at] + [line] + lines[at:], at


def reorder(lines, dice):
    a, b = sorted(dice.sample(range(len(lines)), 2))
    return lines[:a] + [lines[b]] + lines[a + 1:b] + [lines[a]] + lines[b + 1:], a


def cut(lines, dice):
    at = dice.randrange(len(lines))
    return lines[:at], at


def facts_of(lines, at):
    """The lines of the facts around a line of one: their order among themselves means nothing."""
    first = last = at
    while first > 0 and '"fact"' in lines[first - 1][:8]:
        first -= 1
    while last < len(lines) and '"fact"' in lines[last][:8]:
        last += 1
    return first, last


def meaning(lines):
    """What an export says: facts of one entry in any order."""
    said = []
    for line in lines:
        record = json.loads(line)
        if "fact" in record and said and isinstance(said[-1], list):
            said[-1].append(json.dumps(record, sort_keys=True))
        elif "fact" in record:
            said.append([json.dumps(record, sort_keys=True)])
        else:
            said.append(json.dumps(record, sort_keys=True))
    return [sorted(item) if isinstance(item, list) else item for item in said]


def main():
    verify = load(sys.argv[1])
    # Most lines come again and again.
    verify.parse = functools.lru_cache(maxsize=None)(verify.parse)
    verify.is_signed = functools.lru_cache(maxsize=None)(verify.is_signed)
    with open(sys.argv[2], encoding="utf-8") as file:
        lines = file.read().splitlines()
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 10_000
    dice = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    chain, link, head, _, _ = verify.verify_chain(lines)
    anchor = sign(verify, sys.argv[3], chain, link, head)
    verify.check_signature(anchor, [anchor["public_key"]])
    verify.verify_chain(lines, [anchor])
    said = meaning(lines)
    done = {}
    while sum(done.values()) < count:
        way = dice.choice([edit, delete, insert, reorder, cut])
        tampered, at = way(lines, dice)
        if meaning(tampered) == said:
            continue
        done[way.__name__] = done.get(way.__name__, 0) + 1
        try:
            verify.verify_chain(tampered, [anchor])
        except verify.Bad as bad:
            named = re.match(r"line (\d+): ", str(bad))
            first, last = facts_of(tampered, min(at, len(tampered) - 1)) if tampered else (0, 0)
            # Facts are judged together once they went by, at the line behind them or the export's last: what is before them is sound.
            # What the first line claims of the rest shows where it is not so.
            last = len(tampered) if at == 0 else last
            if not named or not first - 1 <= int(named[1]) - 1 <= last + 1:
                sys.exit(f"{way.__name__} at line {at + 1} was found in the wrong place: {bad}")
            continue
        sys.exit(f"{way.__name__} at line {at + 1} was not found")
    print("found all: " + ", ".join(f"{number} {name}" for name, number in sorted(done.items())))


main()
