// Verify tokens as a backend does, and hold it to refuse what is none of this pool's:
//   node verify_tokens.mjs ISSUER KEYS_URL POOL_ID CLIENT_ID ID ACCESS OTHER_POOLS_ACCESS
// The issuer may be any URL, or AWS's own form; keys are fetched from KEYS_URL.

import { CognitoJwtVerifier, JwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

const [issuer, keysUrl, userPoolId, clientId, idToken, accessToken, foreign] =
  process.argv.slice(2);

// The library itself fetches over TLS alone.
const fetcher = { fetch: async () => (await fetch(keysUrl)).arrayBuffer() };
const cache = () => ({ jwksCache: new SimpleJwksCache({ fetcher }) });
const general = JwtVerifier.create({ issuer, audience: null, jwksUri: keysUrl }, cache());

// Give a claim of a token that is taken, or the name of the refusal.
const claim = (verifier, token, name) =>
  verifier.verify(token).then(
    (claims) => claims[name],
    (error) => error.constructor.name,
  );

async function later(hours, verify) {
  const now = Date.now;
  Date.now = () => now() + hours * 3_600_000;
  return verify().finally(() => (Date.now = now));
}

const told = {
  id: await claim(general, idToken, "token_use"),
  access: await claim(general, accessToken, "token_use"),
  foreign: await claim(general, foreign, "token_use"),
  forged: await claim(general, accessToken.slice(0, -8) + "AAAAAAAA", "token_use"),
  expired: await later(2, () => claim(general, accessToken, "token_use")),
};
if (issuer.includes("amazonaws.com")) {
  const verifier = (tokenUse, client = clientId) =>
    CognitoJwtVerifier.create({ userPoolId, tokenUse, clientId: client }, cache());
  told.cognitoId = await claim(verifier("id"), idToken, "aud");
  told.cognitoAccess = await claim(verifier("access"), accessToken, "client_id");
  told.mixed = await claim(verifier("access"), idToken, "sub");
  told.mixedToo = await claim(verifier("id"), accessToken, "sub");
  told.otherClient = await claim(verifier("access", "another"), accessToken, "sub");
}
console.log(JSON.stringify(told));
