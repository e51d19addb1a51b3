// What somebody does with the AWS SDK for JavaScript: give an API a domain name with mutual TLS.
// node domain.mjs API_ID CERTIFICATE_ARN TRUSTSTORE

import * as apigateway from "@aws-sdk/client-api-gateway";

const [restApiId, regionalCertificateArn, truststoreUri] = process.argv.slice(2);
const client = new apigateway.APIGatewayClient();
const domainName = "javascript.example.com";

await client.send(
  new apigateway.CreateDomainNameCommand({
    domainName,
    regionalCertificateArn,
    endpointConfiguration: { types: ["REGIONAL"] },
    securityPolicy: "TLS_1_2",
    mutualTlsAuthentication: { truststoreUri },
  }),
);
await client.send(
  new apigateway.CreateBasePathMappingCommand({
    domainName,
    basePath: "v1",
    restApiId,
    stage: "prod",
  }),
);
const made = await client.send(new apigateway.GetDomainNameCommand({ domainName }));
console.log(
  [
    made.domainName,
    made.regionalCertificateArn,
    made.mutualTlsAuthentication.truststoreUri,
    made.securityPolicy,
  ].join("\t"),
);
const { items } = await client.send(new apigateway.GetBasePathMappingsCommand({ domainName }));
for (const each of items) console.log([each.basePath, each.restApiId, each.stage].join("\t"));
