// What somebody does with the AWS SDK for JavaScript: make an API with IAM authorization, deploy it,
// call it.   node session.mjs GATEWAY_URL rest|http BACKEND_URL

import { Sha256 } from "@aws-crypto/sha256-js";
import * as apigateway from "@aws-sdk/client-api-gateway";
import * as apigatewayv2 from "@aws-sdk/client-apigatewayv2";
import * as iam from "@aws-sdk/client-iam";
import * as sts from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";

const [gateway, kind, backend] = process.argv.slice(2);

const policy = (statement) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

async function restApi() {
  const client = new apigateway.APIGatewayClient();
  const api = await client.send(new apigateway.CreateRestApiCommand({ name: "pets" }));
  const method = { restApiId: api.id, resourceId: api.rootResourceId, httpMethod: "GET" };
  await client.send(new apigateway.PutMethodCommand({ ...method, authorizationType: "AWS_IAM" }));
  await client.send(
    new apigateway.PutIntegrationCommand({
      ...method,
      type: "HTTP_PROXY",
      integrationHttpMethod: "GET",
      uri: `${backend}/pets`,
    }),
  );
  await client.send(
    new apigateway.CreateDeploymentCommand({ restApiId: api.id, stageName: "prod" }),
  );
  return [api.id, `${gateway}/_api/${api.id}/prod`];
}

async function httpApi() {
  const client = new apigatewayv2.ApiGatewayV2Client();
  const { ApiId } = await client.send(
    new apigatewayv2.CreateApiCommand({ Name: "pets", ProtocolType: "HTTP" }),
  );
  const { IntegrationId } = await client.send(
    new apigatewayv2.CreateIntegrationCommand({
      ApiId,
      IntegrationType: "HTTP_PROXY",
      IntegrationMethod: "GET",
      IntegrationUri: `${backend}/pets`,
      PayloadFormatVersion: "1.0",
    }),
  );
  await client.send(
    new apigatewayv2.CreateRouteCommand({
      ApiId,
      RouteKey: "GET /pets",
      AuthorizationType: "AWS_IAM",
      Target: `integrations/${IntegrationId}`,
    }),
  );
  await client.send(
    new apigatewayv2.CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }),
  );
  return [ApiId, `${gateway}/_api/${ApiId}/pets`];
}

const credentials = (answered) => ({
  accessKeyId: answered.AccessKeyId,
  secretAccessKey: answered.SecretAccessKey,
  sessionToken: answered.SessionToken,
});

async function call(url, signer) {
  const { hostname, host, port, pathname } = new URL(url);
  const request = {
    method: "GET",
    protocol: "http:",
    hostname,
    port: Number(port),
    path: pathname,
    headers: { host },
  };
  let headers = {};
  if (signer) {
    const signature = new SignatureV4({
      service: "execute-api",
      region: "us-east-1",
      credentials: signer,
      sha256: Sha256,
    });
    ({ headers } = await signature.sign(request));
    delete headers.host; // fetch writes it
  }
  const answer = await fetch(url, { headers });
  return { status: answer.status, body: await answer.text() };
}

const directory = new iam.IAMClient();
const root = await directory.config.credentials();
const { Account } = await new sts.STSClient().send(new sts.GetCallerIdentityCommand({}));
const [apiId, url] = await (kind === "rest" ? restApi() : httpApi());
const invoke = policy({
  Action: "execute-api:Invoke",
  Resource: `arn:aws:execute-api:us-east-1:${Account}:${apiId}/*`,
});
const name = `javascript-${kind}`;

async function user(UserName, policies) {
  await directory.send(new iam.CreateUserCommand({ UserName }));
  for (const [PolicyName, PolicyDocument] of Object.entries(policies)) {
    await directory.send(new iam.PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
  }
  const made = await directory.send(new iam.CreateAccessKeyCommand({ UserName }));
  return credentials(made.AccessKey);
}

const RoleArn = `arn:aws:iam::${Account}:role/${name}`;
await directory.send(
  new iam.CreateRoleCommand({
    RoleName: name,
    AssumeRolePolicyDocument: policy({ Principal: { AWS: "*" }, Action: "sts:AssumeRole" }),
  }),
);
await directory.send(
  new iam.PutRolePolicyCommand({ RoleName: name, PolicyName: "invoke", PolicyDocument: invoke }),
);
const assume = policy({ Action: "sts:AssumeRole", Resource: RoleArn });
const allowed = await user(`${name}-allowed`, { invoke, assume });
const stranger = await user(`${name}-stranger`, {});
const session = await new sts.STSClient({ credentials: allowed }).send(
  new sts.AssumeRoleCommand({ RoleArn, RoleSessionName: "session" }),
);
const deadline = Date.now() + 2_000;
while ((await call(url, root)).status !== 200 && Date.now() < deadline);

console.log(
  JSON.stringify({
    unsigned: await call(url),
    root: await call(url, root),
    allowed: await call(url, allowed),
    temporary: await call(url, credentials(session.Credentials)),
    "wrong secret": await call(url, { ...allowed, secretAccessKey: "x".repeat(40) }),
    "unknown key": await call(url, {
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: "x".repeat(40),
    }),
    "not allowed": await call(url, stranger),
  }),
);
