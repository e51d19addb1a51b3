// A Lambda authorizer with a static table of tokens, in JavaScript: see ../tokens/README.md.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

const TABLE = new URL('./tokens.json', import.meta.url);
// RFC 6750 §2.1, with a bound: what is longer is no token of ours.
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i;

export const handler = async (event) => {
  const owners = JSON.parse(readFileSync(TABLE, 'utf8'));
  const owner = findOwner(owners, event.authorizationToken);
  // API Gateway answers 401 when, and only when, a function fails with exactly this message.
  if (owner === undefined) throw new Error('Unauthorized');
  return {
    principalId: owner.user,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: wholeStage(event.methodArn) },
      ],
    },
    context: { user: owner.user, groups: owner.groups.join(',') },
  };
};

// Every digest is compared, each in constant time, so that the time tells nothing of the table.
export function findOwner(owners, header) {
  const bearer = BEARER.exec(header);
  if (bearer === null) return undefined;
  const presented = createHash('sha256').update(bearer[1]).digest();
  let found;
  for (const [digest, owner] of Object.entries(owners)) {
    const stored = Buffer.from(digest, 'hex');
    if (stored.length === presented.length && timingSafeEqual(stored, presented)) found = owner;
  }
  return found;
}

// API Gateway keeps the answer for other calls with the same token, so it must not name the one
// method that happened to be called first.
export function wholeStage(methodArn) {
  const [api, stage] = methodArn.split('/');
  return `${api}/${stage}/*`;
}
