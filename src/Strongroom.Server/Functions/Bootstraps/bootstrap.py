"""Runs a Lambda handler under the Lambda Runtime API, with Python's standard library alone.

What it does follows the AWS Lambda Developer Guide ("Using the Lambda runtime API", "Define Lambda function handler in Python",
"Python Lambda context object"). It is no part of AWS's runtime and shares no code with it.
"""
import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

PREFIX = "/2018-06-01/runtime/"
os.dup2(1, 2)  # one pipe, so that both keep their order


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = self.client_context = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class RuntimeApi:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, PREFIX + path, body=body, headers=headers or {})
        answer = self.connection.getresponse()
        return answer.headers, answer.read()

    def report(self, path, error):
        self.call("POST", path, json.dumps(error).encode(), {
            "Content-Type": "application/vnd.aws.lambda.error+json",
            "Lambda-Runtime-Function-Error-Type": error["errorType"]})


class RequestFilter(logging.Filter):
    request_id = ""

    def filter(self, record):
        record.aws_request_id = RequestFilter.request_id
        return True


def describe(kind, message, stack=(), request_id=""):
    print("[ERROR] %s: %s" % (kind, message) + ("\nTraceback (most recent call last):\n" + "".join(stack) if stack else ""), flush=True)
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": list(stack)}


def stack_of(error):
    # Without the lines of this file.
    return traceback.format_list([f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__])


def load(name):
    """The handler, or the error that says why there is none."""
    if "." not in name:
        return None, describe("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    module, function = name.rsplit(".", 1)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        return None, describe("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, error), stack_of(error))
    except SyntaxError as error:
        return None, describe("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, error))
    except Exception as error:
        return None, describe(type(error).__name__, str(error), stack_of(error))
    if not hasattr(loaded, function):
        return None, describe("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module))
    return getattr(loaded, function), None


def marshal(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def run(handler, event, context):
    """What the handler returns, as JSON, or its error."""
    try:
        answer = handler(json.loads(event), context)
    except Exception as error:
        return None, describe(type(error).__name__, str(error), stack_of(error), context.aws_request_id)
    try:
        return json.dumps(answer, default=marshal).encode(), None
    except Exception as error:
        return None, describe("Runtime.MarshalError", "Unable to marshal response: %s" % error, (), context.aws_request_id)


def main():
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"))
    output.formatter.converter = time.gmtime
    output.addFilter(RequestFilter())
    logging.getLogger().addHandler(output)

    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    handler, error = load(os.environ["_HANDLER"])
    if error:
        api.report("init/error", error)
        sys.exit(1)
    while True:
        headers, event = api.call("GET", "invocation/next")
        context = LambdaContext(headers)
        RequestFilter.request_id = context.aws_request_id
        answer, error = run(handler, event, context)
        sys.stdout.flush()
        path = "invocation/%s/" % context.aws_request_id
        if error:
            api.report(path + "error", error)
        else:
            api.call("POST", path + "response", answer, {"Content-Type": "application/json"})


sys.path.pop(0)  # this file's directory
main()
