// Amplify with passkeys. The browser's part, navigator.credentials, asks whoever runs this:
//   node passkeys.mjs ENDPOINT POOL_ID CLIENT_ID USER PASSWORD
// Prints {"create": OPTIONS} or {"get": OPTIONS}, each answered by a line of JSON (…ResponseJSON),
// and at the end {"done": what each step gave}.

import { createInterface } from "node:readline";

import { configured } from "./amplify.mjs";

const [endpoint, poolId, clientId, username, password] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const decoded = (text) => Uint8Array.from(Buffer.from(text, "base64url")).buffer;
const encoded = (buffer) => Buffer.from(buffer).toString("base64url");

class AuthenticatorAttestationResponse {
  constructor(json) {
    this.clientDataJSON = decoded(json.clientDataJSON);
    this.attestationObject = decoded(json.attestationObject);
    this.transports = json.transports;
  }
  getTransports() { return this.transports; }
  getPublicKeyAlgorithm() { return -7; }
  getAuthenticatorData() { return new ArrayBuffer(0); }
  getPublicKey() { return null; }
}

class AuthenticatorAssertionResponse {
  constructor(json) {
    for (const [name, value] of Object.entries(json)) this[name] = decoded(value);
  }
}

class PublicKeyCredential {
  constructor(json, Response) {
    Object.assign(this, { id: json.id, rawId: decoded(json.rawId), type: json.type });
    this.authenticatorAttachment = json.authenticatorAttachment ?? null;
    this.response = new Response(json.response);
  }
  getClientExtensionResults() { return {}; }
}

function listed(credentials) {
  return credentials.map((each) => ({ ...each, id: encoded(each.id) }));
}

async function ask(question) {
  console.log(JSON.stringify(question));
  return JSON.parse((await lines.next()).value);
}

const credentials = {
  async create({ publicKey: options }) {
    const user = { ...options.user, id: encoded(options.user.id) };
    const challenge = encoded(options.challenge);
    const excludeCredentials = listed(options.excludeCredentials);
    const json = await ask({ create: { ...options, user, challenge, excludeCredentials } });
    return new PublicKeyCredential(json, AuthenticatorAttestationResponse);
  },
  async get({ publicKey: options }) {
    const challenge = encoded(options.challenge);
    const allowCredentials = listed(options.allowCredentials);
    const json = await ask({ get: { ...options, challenge, allowCredentials } });
    return new PublicKeyCredential(json, AuthenticatorAssertionResponse);
  },
};

const browser = { document: {}, isSecureContext: true, PublicKeyCredential };
const globals = {
  window: browser,
  navigator: { credentials },
  PublicKeyCredential,
  AuthenticatorAttestationResponse,
  AuthenticatorAssertionResponse,
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}

const auth = configured(endpoint, poolId, clientId);

const passkey = { username, options: { authFlowType: "USER_AUTH", preferredChallenge: "WEB_AUTHN" } };
await auth.signIn({ username, password });
await auth.associateWebAuthnCredential();
const { credentials: made } = await auth.listWebAuthnCredentials();
await auth.signOut();
const preferred = await auth.signIn(passkey);
const { userId } = await auth.getCurrentUser();
await auth.signOut();
const offered = await auth.signIn({ username, options: { authFlowType: "USER_AUTH" } });
const chosen = await auth.confirmSignIn({ challengeResponse: "WEB_AUTHN" });
await auth.deleteWebAuthnCredential({ credentialId: made[0].credentialId });
const { credentials: left } = await auth.listWebAuthnCredentials();
const done = {
  made: made.map((each) => each.relyingPartyId),
  preferred: preferred.nextStep.signInStep,
  sub: userId,
  offered: offered.nextStep.availableChallenges,
  chosen: chosen.nextStep.signInStep,
  left: left.length,
};
console.log(JSON.stringify({ done }));
process.exit(0);
