// Makes Secrets Manager and STS calls with the unmodified AWS SDK for JavaScript v3, for as long as its standard input is open.
// The protocol is driver.py's.
import readline from "node:readline";
import * as secretsManager from "@aws-sdk/client-secrets-manager";
import * as sts from "@aws-sdk/client-sts";

const packages = { secretsmanager: [secretsManager, "SecretsManagerClient"], sts: [sts, "STSClient"] };
const clients = new Map();

function client(service, region) {
  const key = `${service} ${region}`;
  if (!clients.has(key)) {
    const [sdk, name] = packages[service];
    clients.set(key, new sdk[name]({ region, maxAttempts: 1, endpoint: process.env.AWS_ENDPOINT_URL }));
  }
  return clients.get(key);
}

function blobs(value) {
  if (Array.isArray(value)) return value.map(blobs);
  if (value === null || typeof value !== "object") return value;
  if (Object.keys(value).join() === "base64") return Buffer.from(value.base64, "base64");
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, blobs(v)]));
}

function text(value) {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(text);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, text(v)]));
}

async function call(request) {
  try {
    const Command = packages[request.service][0][`${request.operation}Command`];
    const { $metadata, ...result } = await client(request.service, request.region).send(new Command(blobs(request.parameters)));
    return { result: text(result) };
  } catch (error) {
    return { code: error.name, message: error.message, status: error.$metadata?.httpStatusCode ?? 0 };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await call(JSON.parse(line))) + "\n");
}
