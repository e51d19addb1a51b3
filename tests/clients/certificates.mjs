// Client certificates with the AWS SDK for JavaScript: made, changed, listed, deleted.

import * as apigateway from "@aws-sdk/client-api-gateway";

const client = new apigateway.APIGatewayClient();
const made = await client.send(new apigateway.GenerateClientCertificateCommand({}));
const { clientCertificateId } = made;
const patchOperations = [{ op: "replace", path: "/description", value: "changed" }];
await client.send(
  new apigateway.UpdateClientCertificateCommand({ clientCertificateId, patchOperations }),
);
const { description } = await client.send(
  new apigateway.GetClientCertificateCommand({ clientCertificateId }),
);
const { items } = await client.send(new apigateway.GetClientCertificatesCommand({}));
await client.send(new apigateway.DeleteClientCertificateCommand({ clientCertificateId }));
const gone = await client
  .send(new apigateway.GetClientCertificateCommand({ clientCertificateId }))
  .catch((error) => error.name);
console.log(
  JSON.stringify({
    pem: made.pemEncodedCertificate,
    description,
    listed: items.some((item) => item.clientCertificateId === clientCertificateId),
    gone,
  }),
);
