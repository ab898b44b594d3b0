#!/usr/bin/env python3
"""Writes the crypto vectors beside this file, following docs/formats/. It shares no code with Strongroom.

Needs the Python package `cryptography`. Everything is derived from labels, so running it again changes nothing.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import struct
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = pathlib.Path(__file__).parent
KINDS = {"String": 1, "Binary": 2, "Identity": 3}


def chance(label, count):
    return hashlib.shake_256(("strongroom vectors: " + label).encode()).digest(count)


def text(value):
    encoded = value.encode("utf-8")
    return struct.pack(">I", len(encoded)) + encoded


def derive(root, purpose, *context):
    info = text(purpose) + b"".join(text(part) for part in context)
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(root)


def place(b):
    return (text(b["account"]) + text(b["region"])
            + text("SecretARN") + text(b["arn"])
            + text("SecretVersionId") + text(b["versionId"]))


def wrap_key(root, key):
    header = b"SRWK" + bytes([1])
    nonce = bytes.fromhex(key["nonce"])
    associated = (header + uuid.UUID(key["keyId"]).bytes + struct.pack(">I", key["version"])
                  + text(key["account"]) + text(key["region"]))
    sealed = AESGCM(derive(root, "strongroom/v1/key-wrapping")).encrypt(nonce, bytes.fromhex(key["material"]), associated)
    return header + nonce + sealed


def encrypt(key, case):
    header = b"SRKC" + bytes([1]) + uuid.UUID(key["keyId"]).bytes + struct.pack(">I", key["version"])
    pairs = sorted(case["context"].items(), key=lambda pair: pair[0].encode("utf-16-be"))
    associated = (header + text(key["account"]) + text(key["region"]) + struct.pack(">I", len(pairs))
                  + b"".join(text(name) + text(value) for name, value in pairs))
    nonce = bytes.fromhex(case["nonce"])
    return header + nonce + AESGCM(bytes.fromhex(key["material"])).encrypt(nonce, bytes.fromhex(case["plaintext"]), associated)


def seal_value(key, value):
    header = (b"SRSV" + bytes([1]) + uuid.UUID(key["keyId"]).bytes + struct.pack(">I", key["version"])
              + bytes([KINDS[value["kind"]]]))
    data_key, wrap_nonce, nonce = (bytes.fromhex(value[n]) for n in ("dataKey", "wrapNonce", "valueNonce"))
    wrapped = wrap_nonce + AESGCM(bytes.fromhex(key["material"])).encrypt(wrap_nonce, data_key, header + place(value["binding"]))
    body = nonce + AESGCM(data_key).encrypt(
        nonce, bytes.fromhex(value["plaintext"]), header + place(value["binding"]) + wrapped)
    return header + wrapped + body


def content_mac(root, value):
    b, plaintext = value["binding"], bytes.fromhex(value["plaintext"])
    message = bytes([KINDS[value["kind"]]]) + place(b) + struct.pack(">I", len(plaintext)) + plaintext
    return hmac.new(derive(root, "strongroom/v1/content-mac", b["account"]), message, hashlib.sha256).digest()


def token(root, purpose, nonce, payload):
    return bytes([1]) + nonce + AESGCM(derive(root, "strongroom/v1/token", purpose)).encrypt(nonce, payload, bytes([1]))


def seal_root(file_key, nonce, root):
    header = b"SRRK" + bytes([1])
    return header + nonce + AESGCM(file_key).encrypt(nonce, root, header)


def write(name, content):
    (HERE / name).write_text(json.dumps(content, indent=2) + "\n")


def new_key(label, account, region, version, key_id=None):
    return {
        "keyId": key_id or str(uuid.UUID(bytes=chance(label + " id", 16), version=4)),
        "account": account, "region": region, "version": version,
        "material": chance(label + " material", 32).hex(), "nonce": chance(label + " nonce", 12).hex(),
    }


root = chance("root key", 32)
first = new_key("first", "111122223333", "eu-central-1", 1)
keys = [first,
        new_key("first, rotated", "111122223333", "eu-central-1", 2, first["keyId"]),
        new_key("identities", "444455556666", "global", 1),
        new_key("late", "000000000000", "us-gov-west-1", 2147483647)]
for k in keys:
    k["wrapped"] = wrap_key(root, k).hex()
write("wrapped-key.json", {"rootKey": root.hex(), "keys": keys})


def binding(account, region, name, version_id):
    return {"account": account, "region": region, "versionId": version_id,
            "arn": f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"}


A = "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1"
cases = [
    ("empty", 0, "String", b"", binding("111122223333", "eu-central-1", "empty-a1B2c3", A)),
    ("a password", 0, "String", "grüße 🔑".encode(), binding("111122223333", "eu-central-1", "team/db-a1B2c3", A)),
    ("binary, rotated key", 1, "Binary", bytes(range(256)), binding("111122223333", "eu-central-1", "blob-a1B2c3", A)),
    ("identity", 2, "Identity", b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
     {"account": "444455556666", "region": "global", "arn": "arn:aws:iam::444455556666:user/ana", "versionId": "AKIAIOSFODNN7EXAMPLE"}),
    ("long name beyond ASCII", 0, "String", b"x", binding("111122223333", "eu-central-1", "ä€" * 256 + "-a1B2c3", "v" * 64)),
    ("last version number", 3, "Binary", chance("5000", 5000), binding("000000000000", "us-gov-west-1", "b-a1B2c3", A)),
]
values = []
for name, key, kind, plaintext, where in cases:
    v = {"name": name, "key": key, "kind": kind, "plaintext": plaintext.hex(), "binding": where,
         "dataKey": chance(name + " data key", 32).hex(), "wrapNonce": chance(name + " wrap nonce", 12).hex(),
         "valueNonce": chance(name + " value nonce", 12).hex()}
    v["sealed"] = seal_value(keys[key], v).hex()
    v["contentMac"] = content_mac(root, v).hex()
    values.append(v)
write("sealed-value.json", {"rootKey": root.hex(), "keys": keys, "values": values})

ciphertexts = []
for name, key, context, plaintext in [
    ("no context", 0, {}, b"x"),
    ("a data key, rotated key", 1, {"SecretVersionId": A, "SecretARN": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-a1B2c3"}, chance("data key", 32)),
    ("names beyond ASCII and an empty value", 0, {"\U0001f511": "\u00fc", "\uff21": "", "a": "1", "B": "2"}, "gr\u00fc\u00dfe".encode()),
    ("the longest", 3, {"k" * 300: "v" * 3000}, chance("4096", 4096)),
]:
    c = {"name": name, "key": key, "context": context, "plaintext": plaintext.hex(), "nonce": chance(name + " ciphertext nonce", 12).hex()}
    c["ciphertext"] = encrypt(keys[key], c).hex()
    ciphertexts.append(c)
write("kms-ciphertext.json", {"rootKey": root.hex(), "keys": keys, "ciphertexts": ciphertexts})

tokens = [{"purpose": p, "payload": d.hex(), "nonce": chance(p + " nonce", 12).hex(),
           "token": token(root, p, chance(p + " nonce", 12), d).hex()}
          for p, d in (("ListSecrets", b"{\"after\":\"team/db\"}"), ("ListKeys", b""), ("größer", bytes(300)))]
write("paging-token.json", {"rootKey": root.hex(), "tokens": tokens})

file_key = chance("file key", 32)
nonce = chance("file nonce", 12)
write("root-key-file.json", {
    "file": "strongroom root key v1\n"
            "# Whoever has this file and the data can read every secret. Without it nobody can.\n"
            "# Keep a copy in a safe place, apart from backups of the data.\n"
            + base64.b64encode(file_key).decode() + "\n",
    "fileKey": file_key.hex(), "nonce": nonce.hex(), "rootKey": root.hex(), "sealed": seal_root(file_key, nonce, root).hex()})

token_key, token_nonce, installation = chance("token key", 32), chance("token nonce", 12), uuid.UUID(bytes=chance("installation", 16), version=4)
header = b"SRRP" + bytes([1])
write("root-key-pkcs11.json", {
    "tokenKey": token_key.hex(), "nonce": token_nonce.hex(), "installation": str(installation), "rootKey": root.hex(),
    "sealed": (header + token_nonce + AESGCM(token_key).encrypt(token_nonce, root, header + installation.bytes)).hex()})
