"""Compares what went over the wire with AWS's service model: botocore's own parser lets pass what it does not know.

`problems` names every element that the model lacks, every required one that is missing, and every value of the wrong type, length, pattern or enumeration.
"""

import base64
import binascii
import json
import re
import xml.etree.ElementTree

# What AWS answers although its own model has other values. Source: IAM fact sheet 6.2 and 6.6, recorded.
UNMODELLED_VALUES = {"PermissionsBoundaryAttachmentType": {"Policy"}, "PolicySourceType": {"IAM Policy"}}

# Errors that every operation of a protocol can answer and no model lists. Source: "Common errors" of the API References; IAM fact sheet 1.6.
COMMON_ERRORS = {
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InternalFailure", "InvalidAction",
    "InvalidClientTokenId", "InvalidInput", "InvalidParameterValue", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "ThrottlingException", "UnrecognizedClientException", "ValidationError", "ValidationException",
}

# The root is no user, and AWS answers it without what its model requires of one. Source: IAM fact sheet 6.2.
OF_ROOT = {"GetUser.User lacks Path", "GetUser.User lacks UserName", "GetUser.User.UserId has 12, not 16 to 128"}

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def problems(operation, status, body, headers=None):
    """What is wrong with an answer; an empty list if it is as the model says."""
    is_json = operation.service_model.metadata["protocol"] == "json"
    if operation.service_model.metadata["protocol"] == "rest-json":
        return list(of_rest(operation, status, body, headers))
    if status >= 300:
        code = error_code(body, is_json)
        known = {s.metadata.get("error", {}).get("code", s.name) for s in operation.error_shapes} | {s.name for s in operation.error_shapes}
        return [] if code in known | COMMON_ERRORS else [f"{operation.name} has no error {code}"]
    shape = operation.output_shape
    if is_json:
        return list(of_json(shape, json.loads(body), operation.name)) if shape else ["a body"] * (body not in (b"", b"{}"))
    root = bare(xml.etree.ElementTree.fromstring(body))
    named = [] if root.tag == f"{operation.name}Response" else [f"the answer is called {root.tag}"]
    wrapper = shape.serialization.get("resultWrapper") if shape else None
    extra = [f"unknown {e.tag}" for e in root if e.tag not in (wrapper, "ResponseMetadata")]
    if not shape:
        return named + extra
    result = root.find(wrapper)
    if result is None:
        return [*named, *extra, f"no {wrapper}"]
    passed = OF_ROOT if b":root</Arn>" in body else ()
    return named + extra + [p for p in of_xml(shape, result, operation.name) if p not in passed]


def of_rest(operation, status, body, headers):
    if status >= 300:
        code = headers.get("x-amzn-ErrorType")
        known = {s.name for s in operation.error_shapes}
        wanted = {s.name: s.metadata.get("error", {}).get("httpStatusCode") for s in operation.error_shapes}
        if code not in known | COMMON_ERRORS:
            yield f"{operation.name} has no error {code}"
        elif wanted.get(code, status) != status:
            yield f"{code} has the status {status}, not {wanted[code]}"
        return
    # The model says 200 of DeleteFunction, and AWS 204: its answer carries the status, as that of Invoke does.
    shape = operation.output_shape
    members = shape.members if shape else {}
    if operation.http["responseCode"] != status and not any(m.serialization.get("location") == "statusCode" for m in members.values()):
        yield f"{operation.name} has the status {status}, not {operation.http['responseCode']}"
    for name, member in members.items():
        if member.serialization.get("location") == "header" and member.serialization["name"] in headers:
            yield from of_value(member, headers[member.serialization["name"]], f"{operation.name}.{name}")
    in_body = {name: m for name, m in members.items() if "location" not in m.serialization}
    if shape and shape.serialization.get("payload"):
        return
    if not in_body:
        yield from ["a body"] * (body not in (b"", b"{}"))
        return
    value = json.loads(body)
    yield from (f"{operation.name} has an unknown {name}" for name in value if name not in in_body)
    for name, inner in value.items():
        if name in in_body:
            yield from of_json(in_body[name], inner, f"{operation.name}.{name}")


def error_code(body, is_json):
    return json.loads(body)["__type"].split("#")[-1] if is_json else bare(xml.etree.ElementTree.fromstring(body)).find("Error/Code").text


def bare(element):
    for each in element.iter():
        each.tag = each.tag.split("}")[-1]
    return element


def of_json(shape, value, path):
    kind = shape.type_name
    expected = {
        "structure": dict, "map": dict, "list": list, "string": str, "blob": str, "boolean": bool, "integer": int, "long": int,
        "timestamp": (int, float), "float": (int, float), "double": (int, float),
    }[kind]
    if not isinstance(value, expected) or isinstance(value, bool) != (kind == "boolean"):
        yield f"{path} is a {type(value).__name__}, not a {kind}"
    elif kind == "structure":
        yield from (f"{path} has an unknown {name}" for name in value if name not in shape.members)
        yield from (f"{path} lacks {name}" for name in shape.required_members if name not in value)
        for name, inner in value.items():
            if name in shape.members:
                yield from of_json(shape.members[name], inner, f"{path}.{name}")
    elif kind == "map":
        for name, inner in value.items():
            yield from of_json(shape.key, name, f"{path}'s key")
            yield from of_json(shape.value, inner, f"{path}.{name}")
    elif kind == "list":
        yield from bounds(shape, len(value), path)
        for inner in value:
            yield from of_json(shape.member, inner, f"{path}[]")
    else:
        yield from of_value(shape, value, path)


def of_xml(shape, element, path):
    kind = shape.type_name
    if kind == "structure":
        names = [e.tag for e in element]
        yield from (f"{path} has an unknown {name}" for name in names if name not in shape.members)
        yield from (f"{path} has {name} twice" for name in set(names) if names.count(name) > 1)
        yield from (f"{path} lacks {name}" for name in shape.required_members if name not in names)
        for inner in element:
            if inner.tag in shape.members:
                yield from of_xml(shape.members[inner.tag], inner, f"{path}.{inner.tag}")
    elif kind == "map":
        for entry in element:
            yield from [] if entry.tag == "entry" and [e.tag for e in entry] == ["key", "value"] else [f"{path} has a malformed {entry.tag}"]
            yield from of_xml(shape.key, entry[0], f"{path}'s key")
            yield from of_xml(shape.value, entry[1], f"{path}.{entry[0].text}")
    elif kind == "list":
        yield from bounds(shape, len(element), path)
        for inner in element:
            yield from [] if inner.tag == "member" else [f"{path} has a {inner.tag}"]
            yield from of_xml(shape.member, inner, f"{path}[]")
    elif len(element):
        yield f"{path} is no {kind} but has elements"
    else:
        text = element.text or ""
        form = {"boolean": r"true|false", "integer": r"-?\d+", "long": r"-?\d+", "timestamp": TIME.pattern}.get(kind)
        if form and not re.fullmatch(form, text):
            yield f"{path} is no {kind}: {text}"
        else:
            yield from of_value(shape, int(text) if kind in ("integer", "long") else text, path)


def of_value(shape, value, path):
    kind, facts = shape.type_name, shape.metadata
    if kind == "blob":
        try:
            yield from bounds(shape, len(base64.b64decode(value, validate=True)), path)
        except binascii.Error:
            yield f"{path} is no base64"
    elif kind == "string":
        yield from bounds(shape, len(value), path)
        if "enum" in facts and value not in facts["enum"] and value not in UNMODELLED_VALUES.get(shape.name, ()):
            yield f"{path} is {value}, which {shape.name} does not have"
        if "pattern" in facts and not matches(facts["pattern"], value):
            yield f"{path} is {value}, unlike {facts['pattern']}"
    elif kind in ("integer", "long"):
        yield from bounds(shape, value, path)


def bounds(shape, size, path):
    if not shape.metadata.get("min", size) <= size <= shape.metadata.get("max", size):
        yield f"{path} has {size}, not {shape.metadata.get('min')} to {shape.metadata.get('max')}"


def matches(pattern, value):
    try:
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    except re.error:
        return True  # \p{L} and the like, which Python's expressions lack; the requests' patterns are compared elsewhere
