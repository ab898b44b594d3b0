#!/usr/bin/env python3
"""Writes SERVICE-model.json: what the service model of an installed botocore says about requests, without its texts.

Usage: python3 tests/vectors/service-model.py SERVICE [--check | --add OPERATION...]
A file keeps the operations that are served; --add takes further ones into it. Secrets Manager is served whole.
With --check nothing is written; the exit status tells: 0 the file agrees with the installed model, 1 it does not, 2 the installed one is older.
"""

import json
import pathlib
import sys

import botocore
import botocore.session

FACTS = ("min", "max", "pattern", "enum", "sensitive")
WHOLE = ("secretsmanager",)


def describe(shapes, name):
    shape = shapes[name]
    facts = {"type": shape["type"]} | {k: shape[k] for k in FACTS if k in shape}
    if shape["type"] == "list":
        facts["element"] = describe(shapes, shape["member"]["shape"])
    if shape["type"] == "map":
        facts["key"] = describe(shapes, shape["key"]["shape"])
        facts["value"] = describe(shapes, shape["value"]["shape"])
    if shape["type"] == "structure":
        facts["members"] = members(shapes, shape)
    return facts


def members(shapes, shape):
    required = shape.get("required", [])
    return {
        name: describe(shapes, member["shape"]) | ({"required": True} if name in required else {}) | place(shape, name, member)
        for name, member in sorted(shape["members"].items())
    }


def place(shape, name, member):
    """Where a REST service's member stands when that is not the body: for the path and the query, for a header, or as the whole body."""
    if shape.get("payload") == name:
        return {"location": "payload"}
    return {k: member[k] for k in ("location", "locationName") if "location" in member}


def parameters(shapes, operation):
    return members(shapes, shapes[operation["input"]["shape"]]) if "input" in operation else {}


def compact(service, served):
    model = botocore.session.get_session().get_component("data_loader").load_service_model(service, "service-2")
    names = model["operations"] if service in WHOLE else served
    operations = {name: parameters(model["shapes"], model["operations"][name]) for name in sorted(names)}
    return {"botocore": botocore.__version__, "operations": operations}


def version(text):
    return [int(part) for part in text.split(".")[:3]]


def check(kept, installed):
    if version(installed["botocore"]) < version(kept["botocore"]):
        return 2
    return 0 if kept["operations"] == installed["operations"] else 1


service, options = sys.argv[1], sys.argv[2:]
target = pathlib.Path(__file__).with_name(f"{service}-model.json")
kept = json.loads(target.read_text()) if target.exists() else {"operations": {}}
added = options[1:] if options[:1] == ["--add"] else []
made = compact(service, [*kept["operations"], *added])
if options[:1] == ["--check"]:
    sys.exit(check(kept, made))
target.write_text(json.dumps(made, indent=1) + "\n")
