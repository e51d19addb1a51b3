// Call an IAM-authorized route until SIGTERM, with whatever credentials the SDK finds.
//   node keep_calling.mjs URL

import { Sha256 } from "@aws-crypto/sha256-js";
import * as sts from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";

const url = new URL(process.argv[2]);
const client = new sts.STSClient();
const { Arn } = await client.send(new sts.GetCallerIdentityCommand({}));
const { credentials } = client.config;
const signer = new SignatureV4({
  service: "execute-api",
  region: "us-east-1",
  credentials,
  sha256: Sha256,
});

let over = false;
process.on("SIGTERM", () => (over = true));
const keys = new Set();
const statuses = {};
while (!over) {
  const { accessKeyId } = await credentials();
  if (!keys.has(accessKeyId)) {
    keys.add(accessKeyId);
    console.log(accessKeyId);
  }
  const { headers } = await signer.sign({
    method: "GET",
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    headers: { host: url.host },
  });
  const answer = await fetch(url, { headers });
  await answer.text();
  statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
}
console.log(JSON.stringify({ arn: Arn, keys: [...keys], statuses }));
