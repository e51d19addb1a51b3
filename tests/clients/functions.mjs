// What somebody does with functions and the AWS SDK for JavaScript.   node functions.mjs ROLE_ARN < app.zip

import { readFileSync } from "node:fs";
import * as lambda from "@aws-sdk/client-lambda";

const [role] = process.argv.slice(2);
const zip = readFileSync(0);
const client = new lambda.LambdaClient();
const FunctionName = "from-javascript";

const refused = async (command) => {
  try {
    await client.send(command);
  } catch (error) {
    return [error.name, error.message, error.$metadata.httpStatusCode];
  }
  throw new Error("not refused");
};

const made = await client.send(
  new lambda.CreateFunctionCommand({
    FunctionName,
    Runtime: "python3.11",
    Handler: "app.handler",
    Role: role,
    Code: { ZipFile: zip },
    Environment: { Variables: { GREETING: "hello" } },
  }),
);
await lambda.waitUntilFunctionActiveV2({ client, maxWaitTime: 5 }, { FunctionName });
const answer = await client.send(
  new lambda.InvokeCommand({ FunctionName, Payload: JSON.stringify({ a: 1 }), LogType: "Tail" }),
);
await client.send(new lambda.PublishVersionCommand({ FunctionName }));
await client.send(
  new lambda.AddPermissionCommand({
    FunctionName,
    StatementId: "api",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
  }),
);
const policy = await client.send(new lambda.GetPolicyCommand({ FunctionName }));
const versions = [];
for await (const page of lambda.paginateListVersionsByFunction(
  { client, pageSize: 1 },
  { FunctionName },
)) {
  versions.push(...page.Versions.map((each) => each.Version));
}
const missing = await refused(new lambda.GetFunctionCommand({ FunctionName: "none" }));
await client.send(new lambda.DeleteFunctionCommand({ FunctionName }));

console.log(
  JSON.stringify({
    arn: made.FunctionArn,
    payload: JSON.parse(Buffer.from(answer.Payload)),
    log: Buffer.from(answer.LogResult, "base64").toString().includes("ran for"),
    version: answer.ExecutedVersion,
    principal: JSON.parse(policy.Policy).Statement[0].Principal,
    versions,
    missing,
  }),
);
