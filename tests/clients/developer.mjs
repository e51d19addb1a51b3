// What a developer has at hand beside an app: the outbox of messages, and an authenticator.

import { createHmac } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_S = 30;

// Give a function that gives the next code which an address is sent; messages go out in the background.
export function mailbox(endpoint, poolId, address) {
  let after = 0;
  return async () => {
    for (;;) {
      const url = `${endpoint}/_bargate/outbox?pool=${poolId}&after=${after}`;
      const { messages } = await (await fetch(url)).json();
      const mine = messages.find((each) => each.destination === address);
      if (mine !== undefined) {
        after = mine.number;
        return mine.body.match(/\b\d{6}\b/)[0];
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
}

// An authenticator app: each call gives the code of a later time step, since each is good once.
export function authenticator(secret) {
  let step = Math.floor(Date.now() / 1000 / STEP_S) - 1;
  const key = bytesOf(secret);
  return () => {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step++));
    const mac = createHmac("sha1", key).update(counter).digest();
    const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, "0");
  };
}

function bytesOf(secret) {
  let bits = "";
  for (const letter of secret) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, "0");
  return Buffer.from(bits.match(/.{8}/g).map((each) => parseInt(each, 2)));
}

// Say whether an access token is good for the pool itself: its user's name, or why not.
export async function nameOf(endpoint, accessToken) {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AWSCognitoIdentityProviderService.GetUser",
    },
    body: JSON.stringify({ AccessToken: accessToken }),
  });
  const told = await answer.json();
  return told.Username ?? told.message;
}

// Say how a promise was refused.
export async function refusal(promise) {
  return promise.then(
    () => "taken",
    (error) => error.code ?? error.name,
  );
}
