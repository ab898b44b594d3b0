// Makes AWS calls with the unmodified AWS SDK for JavaScript v3, for as long as its standard input is open.
// The protocol is driver.py's. An error of the Query protocol is told by its code on the wire, as boto3 tells it.
import readline from "node:readline";

const packages = {
  cloudtrail: ["@aws-sdk/client-cloudtrail", "CloudTrailClient"],
  iam: ["@aws-sdk/client-iam", "IAMClient"],
  kms: ["@aws-sdk/client-kms", "KMSClient"],
  lambda: ["@aws-sdk/client-lambda", "LambdaClient"],
  secretsmanager: ["@aws-sdk/client-secrets-manager", "SecretsManagerClient"],
  sts: ["@aws-sdk/client-sts", "STSClient"],
};
const clients = new Map();

async function client(service, region, credentials) {
  const key = JSON.stringify([service, region, credentials]);
  if (!clients.has(key)) {
    const [name, type] = packages[service];
    const sdk = await import(name);
    const [accessKeyId, secretAccessKey, sessionToken] = credentials ?? [];
    const own = credentials ? { credentials: { accessKeyId, secretAccessKey, sessionToken } } : {};
    clients.set(key, [sdk, new sdk[type]({ region, maxAttempts: Number(process.env.DRIVER_ATTEMPTS ?? 1), endpoint: process.env.AWS_ENDPOINT_URL, ...own })]);
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
    const [sdk, made] = await client(request.service, request.region, request.credentials);
    const { $metadata, ...result } = await made.send(new sdk[`${request.operation}Command`](blobs(request.parameters)));
    return { result: text(result) };
  } catch (error) {
    return { code: error.Code ?? error.name, message: error.message, status: error.$metadata?.httpStatusCode ?? 0 };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await call(JSON.parse(line))) + "\n");
}
