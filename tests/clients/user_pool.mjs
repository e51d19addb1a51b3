// What apps do with users of a pool, with AWS's libraries as they are.
//   node user_pool.mjs identity-js|amplify ENDPOINT POOL_ID CLIENT_ID USER PASSWORD [NEW_PASSWORD]
// Prints one JSON object: what each step gave.

const [library, endpoint, poolId, clientId, username, password, newPassword] =
  process.argv.slice(2);

async function withIdentityJs() {
  const { AuthenticationDetails, CognitoUser, CognitoUserPool } = (
    await import("amazon-cognito-identity-js")
  ).default;
  const pool = new CognitoUserPool({ UserPoolId: poolId, ClientId: clientId, endpoint });
  const user = new CognitoUser({ Username: username, Pool: pool });
  const asked = (begin) =>
    new Promise((resolve, reject) =>
      begin((error, found) => (error ? reject(error) : resolve(found))),
    );
  const signIn = (secret) =>
    new Promise((resolve, reject) =>
      user.authenticateUser(new AuthenticationDetails({ Username: username, Password: secret }), {
        onSuccess: resolve,
        onFailure: reject,
        newPasswordRequired() {
          user.completeNewPasswordChallenge(newPassword, {}, { onSuccess: resolve, onFailure: reject });
        },
      }),
    );
  const wrong = await signIn("Wrong-password-1").then(
    () => "taken",
    (error) => `${error.code}: ${error.message}`,
  );
  const session = await signIn(password);
  const found = await asked((done) => user.getUserData(done));
  const refreshed = await asked((done) => user.refreshSession(session.getRefreshToken(), done));
  await new Promise((resolve, reject) =>
    user.globalSignOut({ onSuccess: resolve, onFailure: reject }),
  );
  const after = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AWSCognitoIdentityProviderService.GetUser",
    },
    body: JSON.stringify({ AccessToken: refreshed.getAccessToken().getJwtToken() }),
  });
  return {
    wrong,
    user: found.Username,
    sub: session.getIdToken().payload.sub,
    renewed: refreshed.getAccessToken().getJwtToken() !== session.getAccessToken().getJwtToken(),
    signedOut: (await after.json()).message,
  };
}

async function withAmplify() {
  const { configured } = await import("./amplify.mjs");
  const auth = configured(endpoint, poolId, clientId);
  const wrong = await auth.signIn({ username, password: "Wrong-password-1" }).then(
    () => "taken",
    (error) => `${error.name}: ${error.message}`,
  );
  let step = await auth.signIn({ username, password });
  if (step.nextStep.signInStep === "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED") {
    step = await auth.confirmSignIn({ challengeResponse: newPassword });
  }
  const found = await auth.getCurrentUser();
  const first = await auth.fetchAuthSession();
  const attributes = await auth.fetchUserAttributes();
  const second = await auth.fetchAuthSession({ forceRefresh: true });
  await auth.signOut({ global: true });
  const after = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AWSCognitoIdentityProviderService.GetUser",
    },
    body: JSON.stringify({ AccessToken: second.tokens.accessToken.toString() }),
  });
  return {
    wrong,
    user: found.username,
    sub: attributes.sub,
    renewed: second.tokens.accessToken.toString() !== first.tokens.accessToken.toString(),
    signedOut: (await after.json()).message,
  };
}

const told = await (library === "amplify" ? withAmplify() : withIdentityJs());
console.log(JSON.stringify(told));
process.exit(0);
