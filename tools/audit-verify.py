#!/usr/bin/env python3
"""Checks a Strongroom audit log without Strongroom: audit-verify.py AUDIT-DIRECTORY PUBLIC-KEY.pem. Format: docs/formats/audit-log.md.
Needs Python 3.8 and openssl. Take the public key from where you put it when the log began, not from the directory that you check.
"""
import base64, glob, gzip, hashlib, json, os, re, subprocess, sys, tempfile
directory, key = sys.argv[1:3]
findings, number, last_hash, count = [], 0, base64.b64encode(bytes(32)).decode(), 0

def signed(path):
    """The statement in a file; None when it is missing or its signature is not by the key."""
    if not os.path.exists(path):
        return None
    text = open(path, encoding="utf-8").read().rstrip("\n")
    head, _, rest = text.rpartition(',"signature":"')
    with tempfile.NamedTemporaryFile() as signature:
        signature.write(base64.b64decode(rest[:-2] + "==", validate=False))
        signature.flush()
        check = subprocess.run(["openssl", "dgst", "-sha256", "-verify", key, "-signature", signature.name], input=head.encode(), capture_output=True)
    return json.loads(text) if check.returncode == 0 else findings.append(f"{path}: not signed by this key")

def chain_of(line):
    try:
        return json.loads(line)["chain"]
    except (ValueError, KeyError, TypeError):
        return {}

segments = {}
for path in sorted(glob.glob(os.path.join(directory, "audit-*.jsonl*")), reverse=True):  # a plain file counts before its compressed form
    if match := re.fullmatch(r"audit-(\d+)\.jsonl(\.gz)?", os.path.basename(path)):
        segments[int(match[1])] = path
removal = signed(os.path.join(directory, "audit-removed.digest"))
if removal and removal["removedThrough"] == min(segments, default=0) - 1:
    number, last_hash = removal["last"], removal["hash"]
for segment in range(min(segments, default=1), max(segments, default=0) + 1):
    path = segments.get(segment)
    digest = signed(os.path.join(directory, f"audit-{segment:08d}.digest"))
    if not path or (segment < max(segments) and not (digest and digest["closed"])):
        findings.append(f"segment {segment}: missing, or without a closing digest")
    for at, line in enumerate((gzip.open if path and path.endswith(".gz") else open)(path or os.devnull, "rb"), 1):
        chain = chain_of(line)
        if chain.get("number") != number + 1 or chain.get("previous") != last_hash:
            findings.append(f"{path}:{at}: record {chain.get('number')} does not follow from record {number}")
        number, last_hash, count = chain.get("number", number), base64.b64encode(hashlib.sha256(line[:-1]).digest()).decode(), count + 1
        if digest and digest["last"] == number and digest["hash"] != last_hash:
            findings.append(f"{path}:{at}: record {number} is not the one that was signed")
        if digest and digest["closed"] and number > digest["last"]:
            findings.append(f"{path}:{at}: record {number} was added after the segment was closed")
    if digest and digest["last"] > number:
        findings.append(f"segment {segment}: records {number + 1} to {digest['last']} are missing at its end")
sys.exit(print(*findings, f"{count} records, {len(findings)} findings", sep="\n") or bool(findings))
