// Runs a Lambda handler under the Lambda Runtime API, with Node's own modules alone.
//
// What it does follows the AWS Lambda Developer Guide ("Using the Lambda runtime API", "Define Lambda function handler in Node.js",
// "Using the Lambda context object to retrieve Node.js function information"). It is no part of AWS's runtime and shares no code with it.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { pathToFileURL } = require('url');

const prefix = '/2018-06-01/runtime/';
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let current = null;

function call(method, target, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: prefix + target, headers: { ...headers, 'Content-Length': body ? Buffer.byteLength(body) : 0 } }, answer => {
      const parts = [];
      answer.on('data', part => parts.push(part));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(parts).toString('utf8') }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function describe(error) {
  const known = error instanceof Error || (error && typeof error.stack === 'string');
  const told = known
    ? { errorType: error.name || 'Error', errorMessage: String(error.message), trace: String(error.stack).split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };
  console.error('ERROR\t' + JSON.stringify(told));
  return told;
}

async function report(target, error) {
  const told = describe(error);
  await call('POST', target, JSON.stringify(told), {
    'Content-Type': 'application/vnd.aws.lambda.error+json', 'Lambda-Runtime-Function-Error-Type': encodeURIComponent(told.errorType) });
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

async function load(name) {
  const parts = /^(.*\/)?([^/.]+)\.(.+)$/.exec(name);
  if (!parts) throw named('Runtime.MalformedHandlerName', `Bad handler ${name}`);
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT, parts[1] || '', parts[2]);
  const file = ['', '.js', '.mjs', '.cjs'].map(end => base + end).find(f => fs.existsSync(f) && fs.statSync(f).isFile());
  if (!file) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${parts[2]}'`);
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw Object.assign(error, { name: 'Runtime.UserCodeSyntaxError' });
    if (error && /MODULE_NOT_FOUND/.test(error.code)) throw Object.assign(error, { name: 'Runtime.ImportModuleError' });
    throw error;
  }
  for (const root of [loaded, loaded.default]) {
    const found = parts[3].split('.').reduce((object, key) => (object == null ? object : object[key]), root);
    if (typeof found === 'function') return found;
  }
  throw named('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const env = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// A handler answers by a promise, or by its callback.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, answer) => (error ? reject(error) : resolve(answer));
    Object.assign(context, { done: callback, succeed: resolve, fail: reject });
    const answer = handler(event, context, callback);
    if (answer && typeof answer.then === 'function') answer.then(resolve, reject);
    else if (handler.length < 3 && answer !== undefined) resolve(answer);
    else if (handler.length < 2) resolve(null);
  });
}

async function main() {
  let handler;
  try {
    handler = await load(process.env._HANDLER);
  } catch (error) {
    await report('init/error', error);
    process.exit(1);
  }
  for (;;) {
    const next = await call('GET', 'invocation/next');
    const context = contextOf(next.headers);
    current = context.awsRequestId;
    try {
      const answer = await run(handler, JSON.parse(next.body), context);
      const body = JSON.stringify(answer === undefined ? null : answer);
      await call('POST', `invocation/${current}/response`, body, { 'Content-Type': 'application/json' });
    } catch (error) {
      await report(`invocation/${current}/error`, error);
    }
    current = null;
  }
}

for (const kind of ['uncaughtException', 'unhandledRejection']) {
  process.on(kind, async error => {
    const wrapped = kind === 'unhandledRejection' ? Object.assign(named('Runtime.UnhandledPromiseRejection', String((error && error.message) || error)), { stack: error && error.stack }) : error;
    try {
      await report(current ? `invocation/${current}/error` : 'init/error', wrapped);
    } finally {
      process.exit(129);
    }
  });
}

main();
