// Signs up with AWS Amplify and goes straight on to a sign-in, as its documentation says.
//   node sign_up.mjs ENDPOINT POOL_ID CLIENT_ID USER PASSWORD
// Prints where the code went, reads the code from its input, and prints who is signed in.

import { createInterface } from "node:readline/promises";

import { configured } from "./amplify.mjs";

const [endpoint, poolId, clientId, username, password] = process.argv.slice(2);
const auth = configured(endpoint, poolId, clientId);

const begun = await auth.signUp({
  username,
  password,
  options: {
    userAttributes: { email: `${username}@example.org` },
    autoSignIn: { authFlowType: "USER_AUTH" },
  },
});
console.log(begun.nextStep.codeDeliveryDetails.destination);
const input = createInterface({ input: process.stdin });
const confirmationCode = await new Promise((resolve) => input.once("line", resolve));
const confirmed = await auth.confirmSignUp({ username, confirmationCode });
const signedIn = await auth.autoSignIn();
const user = await auth.getCurrentUser();
const attributes = await auth.fetchUserAttributes();
console.log(
  JSON.stringify({
    next: confirmed.nextStep.signUpStep,
    isSignedIn: signedIn.isSignedIn,
    user: user.username,
    verified: attributes.email_verified,
  }),
);
process.exit(0);
