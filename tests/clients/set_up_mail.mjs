// Signs in with AWS Amplify where a second factor must be set up, and sets up a mail address.
//   node set_up_mail.mjs ENDPOINT POOL_ID CLIENT_ID USER PASSWORD ADDRESS
// Prints the step that asks for the code, reads the code from its input, and prints what came of it.

import { createInterface } from "node:readline/promises";

import { configured } from "./amplify.mjs";

const [endpoint, poolId, clientId, username, password, address] = process.argv.slice(2);
const auth = configured(endpoint, poolId, clientId);

const steps = [];
const taken = async (doing) => {
  const { nextStep } = await doing;
  steps.push(nextStep.signInStep);
};
await taken(auth.signIn({ username, password }));
await taken(auth.confirmSignIn({ challengeResponse: "EMAIL" }));
await taken(auth.confirmSignIn({ challengeResponse: address }));
console.log(steps.at(-1));
const input = createInterface({ input: process.stdin });
const challengeResponse = await new Promise((resolve) => input.once("line", resolve));
await taken(auth.confirmSignIn({ challengeResponse }));
const attributes = await auth.fetchUserAttributes();
const preference = await auth.fetchMFAPreference();
console.log(
  JSON.stringify({ steps, verified: attributes.email_verified, enabled: preference.enabled }),
);
process.exit(0);
