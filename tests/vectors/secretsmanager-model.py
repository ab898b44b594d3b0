#!/usr/bin/env python3
"""Writes secretsmanager-model.json: what the service model of an installed botocore says about requests, without its texts.

Usage: python3 tests/vectors/secretsmanager-model.py [--check]
With --check nothing is written; the exit status tells: 0 the file agrees with the installed model, 1 it does not, 2 the installed one is older.
"""

import json
import pathlib
import sys

import botocore
import botocore.session

TARGET = pathlib.Path(__file__).with_suffix(".json")
FACTS = ("min", "max", "pattern", "enum", "sensitive")


def describe(shapes, name):
    shape = shapes[name]
    facts = {"type": shape["type"]} | {k: shape[k] for k in FACTS if k in shape}
    if shape["type"] == "list":
        facts["element"] = describe(shapes, shape["member"]["shape"])
    if shape["type"] == "structure":
        facts["members"] = members(shapes, shape)
    return facts


def members(shapes, shape):
    required = shape.get("required", [])
    return {
        name: describe(shapes, member["shape"]) | ({"required": True} if name in required else {})
        for name, member in sorted(shape["members"].items())
    }


def compact():
    model = botocore.session.get_session().get_component("data_loader").load_service_model("secretsmanager", "service-2")
    operations = {
        name: members(model["shapes"], model["shapes"][operation["input"]["shape"]])
        for name, operation in sorted(model["operations"].items())
    }
    return {"botocore": botocore.__version__, "operations": operations}


def version(text):
    return [int(part) for part in text.split(".")[:3]]


def check(kept, installed):
    if version(installed["botocore"]) < version(kept["botocore"]):
        return 2
    return 0 if kept["operations"] == installed["operations"] else 1


if "--check" in sys.argv:
    sys.exit(check(json.loads(TARGET.read_text()), compact()))
TARGET.write_text(json.dumps(compact(), indent=1) + "\n")
