// What somebody does with the AWS SDK for JavaScript: put a key on a plan with a quota, and use it
// up.   node keys.mjs GATEWAY_URL API_ID

import * as apigateway from "@aws-sdk/client-api-gateway";

const [gateway, apiId] = process.argv.slice(2);
const client = new apigateway.APIGatewayClient();
const today = new Date().toISOString().slice(0, 10);

async function call(key) {
  const headers = key ? { "x-api-key": key } : {};
  const answer = await fetch(`${gateway}/_api/${apiId}/prod`, { headers });
  return `${await answer.text()} ${answer.status}`;
}

async function callUnless(status, key) {
  const deadline = Date.now() + 5_000;
  let answer = await call(key);
  while (answer.endsWith(status) && Date.now() < deadline) answer = await call(key);
  return answer;
}

const { id, value } = await client.send(
  new apigateway.CreateApiKeyCommand({ name: "javascript", enabled: true }),
);
const { id: usagePlanId } = await client.send(
  new apigateway.CreateUsagePlanCommand({
    name: "javascript",
    quota: { limit: 2, period: "DAY" },
    apiStages: [{ apiId, stage: "prod" }],
  }),
);
await client.send(
  new apigateway.CreateUsagePlanKeyCommand({ usagePlanId, keyId: id, keyType: "API_KEY" }),
);
console.log(`with: ${await callUnless("403", value)}`);
console.log(`with: ${await callUnless("403", value)}`);
console.log(`used up: ${await callUnless("403", value)}`);
console.log(`without: ${await call()}`);
console.log(`wrong: ${await call(`${value}x`)}`);
const range = { startDate: today, endDate: today };
const { items } = await client.send(new apigateway.GetUsageCommand({ usagePlanId, ...range }));
console.log(`usage: ${JSON.stringify(items[id])}`);
await client.send(
  new apigateway.UpdateUsageCommand({
    usagePlanId,
    keyId: id,
    patchOperations: [{ op: "replace", path: "/remaining", value: "1" }],
  }),
);
console.log(`granted: ${await callUnless("429", value)}`);
