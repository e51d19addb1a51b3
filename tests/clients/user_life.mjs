// A user's whole life with AWS's libraries as they are: signed up, confirmed, with an authenticator, on a
// remembered device, with a password that was changed and forgotten, signed out everywhere, deleted.
//   node user_life.mjs identity-js|amplify ENDPOINT POOL_ID CLIENT_ID USER
// The pool takes mails for codes, offers authenticators, and remembers devices in place of MFA.
// Prints one JSON object: what each step gave.

import { authenticator, mailbox, nameOf, refusal } from "./developer.mjs";

// Amplify names the device by its browser, which Node has none of before version 21.
globalThis.navigator ??= { userAgent: "Node.js", platform: process.platform };

const [library, endpoint, poolId, clientId, username] = process.argv.slice(2);
const [first, second, third] = ["First-password-1", "Second-password-2", "Third-password-3"];
const email = `${username}@example.org`;
const nextCode = mailbox(endpoint, poolId, email);

async function withIdentityJs() {
  const { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } = (
    await import("amazon-cognito-identity-js")
  ).default;
  const told = {};
  const newPool = (Storage) =>
    new CognitoUserPool({ UserPoolId: poolId, ClientId: clientId, endpoint, Storage });
  const newUser = (Storage) =>
    new CognitoUser({ Username: username, Pool: newPool(Storage), Storage });
  const asked = (begin) =>
    new Promise((resolve, reject) =>
      begin((error, found) => (error ? reject(error) : resolve(found))),
    );
  const called = (begin) =>
    new Promise((resolve, reject) => begin({ onSuccess: resolve, onFailure: reject }));
  const signIn = (user, Password, totp) =>
    new Promise((resolve, reject) =>
      user.authenticateUser(new AuthenticationDetails({ Username: username, Password }), {
        onSuccess: resolve,
        onFailure: reject,
        totpRequired(name) {
          told.challenge = name;
          user.sendMFACode(totp(), { onSuccess: resolve, onFailure: reject }, name);
        },
      }),
    );
  const laptop = memory();
  let user = newUser(laptop);
  const attributes = [new CognitoUserAttribute({ Name: "email", Value: email })];
  const made = await asked((done) =>
    newPool(laptop).signUp(username, first, attributes, [], done),
  );
  told.confirmed = made.userConfirmed;
  told.early = await refusal(signIn(user, first));
  await nextCode();
  await asked((done) => user.resendConfirmationCode(done));
  told.wrongCode = await refusal(
    asked((done) => user.confirmRegistration("000000", false, done)),
  );
  told.signUp = await asked(async (done) =>
    user.confirmRegistration(await nextCode(), false, done),
  );
  await signIn(user, first);
  const found = await asked((done) => user.getUserAttributes(done));
  told.email = found.find((each) => each.getName() === "email_verified").getValue();
  told.wrongPassword = await refusal(
    asked((done) => user.changePassword("Wrong-password-1", second, done)),
  );
  await asked((done) => user.changePassword(first, second, done));
  const secret = await new Promise((resolve, reject) =>
    user.associateSoftwareToken({ associateSecretCode: resolve, onFailure: reject }),
  );
  const totp = authenticator(secret);
  await called((callbacks) => user.verifySoftwareToken(totp(), "phone", callbacks));
  const preferred = { Enabled: true, PreferredMfa: true };
  await asked((done) => user.setUserMfaPreference(null, preferred, done));
  user = newUser(laptop);
  await signIn(user, second, totp);
  told.onDevice = told.challenge ?? "the device's own proof";
  await called((callbacks) => user.setDeviceStatusRemembered(callbacks));
  const phone = newUser(memory());
  const session = await signIn(phone, second, totp);
  const { Devices } = await called((callbacks) => phone.listDevices(10, null, callbacks));
  told.devices = Devices.length;
  const renewed = await asked((done) => phone.refreshSession(session.getRefreshToken(), done));
  told.renewed = await nameOf(endpoint, renewed.getAccessToken().getJwtToken());
  const forgetful = newUser(memory());
  await called((callbacks) => forgetful.forgotPassword(callbacks));
  const code = await nextCode();
  await called((callbacks) => forgetful.confirmPassword(code, third, callbacks));
  user = newUser(laptop);
  told.oldPassword = await refusal(signIn(user, second, totp));
  const last = await signIn(user, third, totp);
  await called((callbacks) => user.globalSignOut(callbacks));
  told.signedOut = await nameOf(endpoint, last.getAccessToken().getJwtToken());
  user = newUser(laptop);
  await signIn(user, third, totp);
  told.deleted = await asked((done) => user.deleteUser(done));
  return told;
}

async function withAmplify() {
  const { Amplify } = await import("aws-amplify");
  const auth = await import("aws-amplify/auth");
  const { cognitoUserPoolsTokenProvider } = await import("aws-amplify/auth/cognito");
  const told = {};
  const use = (kept) =>
    cognitoUserPoolsTokenProvider.setKeyValueStorage({
      setItem: async (key, value) => kept.setItem(key, value),
      getItem: async (key) => kept.getItem(key),
      removeItem: async (key) => kept.removeItem(key),
      clear: async () => kept.clear(),
    });
  const laptop = memory();
  use(laptop);
  Amplify.configure({
    Auth: {
      Cognito: { userPoolId: poolId, userPoolClientId: clientId, userPoolEndpoint: endpoint },
    },
  });
  const signIn = async (password) => (await auth.signIn({ username, password })).nextStep.signInStep;
  const accessToken = async () => (await auth.fetchAuthSession()).tokens.accessToken.toString();
  const userAttributes = { email };
  const made = await auth.signUp({ username, password: first, options: { userAttributes } });
  told.confirmed = made.nextStep.signUpStep;
  told.early = await signIn(first);
  await nextCode();
  await auth.resendSignUpCode({ username });
  told.wrongCode = await refusal(auth.confirmSignUp({ username, confirmationCode: "000000" }));
  const confirmed = await auth.confirmSignUp({ username, confirmationCode: await nextCode() });
  told.signUp = confirmed.nextStep.signUpStep;
  told.signedIn = await signIn(first);
  told.email = (await auth.fetchUserAttributes()).email_verified;
  told.wrongPassword = await refusal(
    auth.updatePassword({ oldPassword: "Wrong-password-1", newPassword: second }),
  );
  await auth.updatePassword({ oldPassword: first, newPassword: second });
  const setup = await auth.setUpTOTP();
  told.uri = setup.getSetupUri("Shop", username).href.split("?")[0];
  const totp = authenticator(setup.sharedSecret);
  await auth.verifyTOTPSetup({ code: totp() });
  await auth.updateMFAPreference({ totp: "PREFERRED" });
  told.preferred = (await auth.fetchMFAPreference()).preferred;
  await auth.rememberDevice();
  await auth.signOut();
  told.onDevice = await signIn(second);
  use(memory());
  told.elsewhere = await signIn(second);
  const wrong = auth.confirmSignIn({ challengeResponse: "000000" });
  told.wrongTotp = await refusal(wrong);
  const done = await auth.confirmSignIn({ challengeResponse: totp() });
  told.withTotp = done.nextStep.signInStep;
  told.devices = (await auth.fetchDevices()).length;
  const before = await accessToken();
  await auth.fetchAuthSession({ forceRefresh: true });
  const after = await accessToken();
  told.renewed = before === after ? "the same" : await nameOf(endpoint, after);
  await auth.signOut();
  use(laptop);
  await auth.signOut();
  const reset = await auth.resetPassword({ username });
  told.reset = reset.nextStep.resetPasswordStep;
  const confirmationCode = await nextCode();
  await auth.confirmResetPassword({ username, confirmationCode, newPassword: third });
  told.oldPassword = await refusal(signIn(second));
  told.newPassword = await signIn(third); // Amplify knows the device no more after a refusal
  await auth.confirmSignIn({ challengeResponse: totp() });
  const last = await accessToken();
  await auth.signOut({ global: true });
  told.signedOut = await nameOf(endpoint, last);
  return told;
}

// What a browser or a phone keeps: the place of one device.
function memory() {
  const kept = new Map();
  return {
    setItem: (key, value) => void kept.set(key, value),
    getItem: (key) => kept.get(key) ?? null,
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
}

const told = await (library === "amplify" ? withAmplify() : withIdentityJs());
console.log(JSON.stringify(told));
process.exit(0);
