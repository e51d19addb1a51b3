// Verify tokens as a backend does: node verify_tokens.mjs ISSUER KEYS_URL POOL_ID CLIENT_ID ID ACCESS
// The issuer may be any URL, or AWS's own form; keys are fetched from KEYS_URL.

import { CognitoJwtVerifier, JwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

const [issuer, keysUrl, userPoolId, clientId, idToken, accessToken] = process.argv.slice(2);

// The library itself fetches over TLS alone.
const fetcher = { fetch: async () => (await fetch(keysUrl)).arrayBuffer() };
const cache = () => ({ jwksCache: new SimpleJwksCache({ fetcher }) });

const general = JwtVerifier.create({ issuer, audience: null, jwksUri: keysUrl }, cache());
const told = {
  id: (await general.verify(idToken)).token_use,
  access: (await general.verify(accessToken)).token_use,
};
if (issuer.includes("amazonaws.com")) {
  const verifier = (tokenUse) =>
    CognitoJwtVerifier.create({ userPoolId, tokenUse, clientId }, cache());
  told.cognitoId = (await verifier("id").verify(idToken)).aud;
  told.cognitoAccess = (await verifier("access").verify(accessToken)).client_id;
  told.mixed = await verifier("access").verify(idToken).then(
    () => "taken",
    (error) => error.constructor.name,
  );
}
const forged = accessToken.slice(0, -8) + "AAAAAAAA";
told.forged = await general.verify(forged).then(
  () => "taken",
  (error) => error.constructor.name,
);
console.log(JSON.stringify(told));
