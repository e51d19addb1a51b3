// Run a Node.js function on the Lambda Runtime API: `node node.mjs`, in the code folder.
//
//   next event ─► handler(event, context[, callback]) ─► response | error ─► next event
//
// Handlers are exported by a CommonJS or an ES module and are async, return a promise, or call back.
// One that calls back is answered once the event loop is empty, or at once where the function sets
// context.callbackWaitsForEmptyEventLoop = false. Response streaming is refused.

import { existsSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const PREFIX = '/2018-06-01/runtime';
const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const ROOT = process.env.LAMBDA_TASK_ROOT;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

class Fault extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

// Ask the Runtime API; rejects unless it answers 200 or 202.
function ask(method, route, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const options = { host: HOST, port: PORT, agent, method, path: PREFIX + route };
    const request = http.request({ ...options, headers: { ...headers, ...sent } }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode > 202) {
          reject(new Error(`the Runtime API answers ${response.statusCode} to ${route}`));
        } else {
          resolve({ headers: response.headers, body: Buffer.concat(pieces).toString('utf8') });
        }
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

// Write a failure as Lambda's own runtime does.
function described(error) {
  if (error instanceof Error) {
    const trace = String(error.stack ?? '').split('\n').slice(0, 64);
    return { errorType: error.name, errorMessage: error.message, trace };
  }
  const message = error === undefined || error === null ? String(error) : format('%s', error);
  return { errorType: typeof error, errorMessage: message, trace: [] };
}

function posted(route, error) {
  const told = described(error);
  const type = /^[\w.]{1,128}$/.test(told.errorType) ? told.errorType : 'Error';
  process.stderr.write(`${type}: ${told.errorMessage}\n${told.trace.join('\n')}\n`);
  const headers = { 'Lambda-Runtime-Function-Error-Type': type };
  return ask('POST', route, JSON.stringify(told), headers);
}

// Load `folder/module.name.of.handler`: the module before the first dot, the rest is a path in it.
async function load(handler) {
  const folder = path.dirname(handler);
  const base = path.basename(handler);
  const dot = base.indexOf('.');
  if (dot < 1 || dot === base.length - 1 || handler.includes('..')) {
    throw new Fault('Runtime.MalformedHandlerName', `Bad handler '${handler}'`);
  }
  const stem = path.resolve(ROOT, folder, base.slice(0, dot));
  let found = await imported(stem, path.join(folder, base.slice(0, dot)));
  for (const name of base.slice(dot + 1).split('.')) {
    found = found?.[name];
  }
  if (found === undefined) {
    throw new Fault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new Fault('Runtime.HandlerNotFound', `${handler} is not a function`);
  }
  return found;
}

async function imported(stem, name) {
  try {
    for (const suffix of ['.js', '.mjs']) {
      if (existsSync(stem + suffix)) {
        const module = await import(pathToFileURL(stem + suffix));
        return { ...(module.default ?? {}), ...module };
      }
    }
    return createRequire(path.join(ROOT, 'index.js'))(stem);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Fault('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`);
    }
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw new Fault('Runtime.ImportModuleError', `Error: ${error.message.split('\n')[0]} (${name})`);
    }
    throw error;
  }
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
    clientContext: undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// Run the handler once; settles with what it answers, however it does.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const finish = (error, result) => {
      if (isDone) return;
      isDone = true;
      process.removeListener('beforeExit', emptied);
      if (error !== undefined && error !== null) reject(error);
      else resolve(result);
    };
    // Nothing is left to be done and nobody called back: Lambda answers null.
    const emptied = () => finish(undefined, null);
    const callback = (error, result) => {
      if (error || !context.callbackWaitsForEmptyEventLoop) return finish(error, result);
      process.removeListener('beforeExit', emptied);
      process.once('beforeExit', () => finish(undefined, result));
    };
    context.done = callback;
    context.succeed = (result) => finish(undefined, result);
    context.fail = (error) => finish(error ?? new Error('failed'));
    process.once('beforeExit', emptied);
    try {
      const given = handler(event, context, callback);
      if (typeof given?.then === 'function') given.then((result) => finish(undefined, result), (error) => finish(error ?? new Error(String(error))));
    } catch (error) {
      finish(error ?? new Error(String(error)));
    }
  });
}

// JSON for what a handler answered; undefined is null, as at AWS.
function serialised(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch (error) {
    throw new Fault('Runtime.MarshalError', `the response is not JSON: ${error.message}`);
  }
}

let current; // the request id of the event that is worked on

async function work(handler) {
  const next = await ask('GET', '/invocation/next');
  const context = contextOf(next.headers);
  current = context.awsRequestId;
  const traceId = next.headers['lambda-runtime-trace-id'];
  if (traceId) process.env._X_AMZN_TRACE_ID = traceId;
  else delete process.env._X_AMZN_TRACE_ID;
  const route = `/invocation/${current}`;
  try {
    const answer = serialised(await run(handler, JSON.parse(next.body), context));
    await ask('POST', `${route}/response`, answer, { 'Content-Type': 'application/json' });
  } catch (error) {
    await posted(`${route}/error`, error);
  }
  current = undefined;
}

// What nobody catches ends the process; the event is told why first.
function crashed(kind) {
  return async (error) => {
    const named = new Fault(kind, error instanceof Error ? error.message : String(error));
    if (error instanceof Error) named.stack = error.stack;
    const route = current === undefined ? '/init/error' : `/invocation/${current}/error`;
    await posted(route, named).catch(() => {});
    process.exit(1);
  };
}

process.on('uncaughtException', crashed('Runtime.UncaughtException'));
process.on('unhandledRejection', crashed('Runtime.UnhandledPromiseRejection'));

let handler;
try {
  handler = await load(process.env._HANDLER);
} catch (error) {
  await posted('/init/error', error);
  process.exit(1);
}
for (;;) await work(handler);
