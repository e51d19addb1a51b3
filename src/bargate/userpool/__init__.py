"""User pools: the directory, its authentication flows, and its tokens. Free of HTTP and the wire.

    services/cognito_idp ─┐  (thin: request ──► a function here ──► output)
    pages (in browsers) ──┴──► userpool ──► store, tokens, Messenger, Triggers

What is read needs a transaction alone: `find` (pool, client, user by name or alias), `users`,
`attributes`. Whatever hashes, sends, or calls a function waits, so it is an `async` function that
takes `Pools` (`pools`: the surroundings, joined once) and reads and writes `pools.store` itself;
an operation returns it as `Later`. INVARIANT: what such a function read before an `await` is read
again in the transaction that writes.

A sign-in (`sign_in`):

    initiate ──► flows.FLOWS[AuthFlow] ─────────┐ one file a flow      Asked: pool, client, what came
    respond ───► sessions (open, once) ──►      │
                 challenges.CHALLENGES[name] ───┤ one file a challenge Progress: who, what is proven
                                                ▼
                 proceed: gates.GATES in order ──► Challenge ──► sealed session ──► client
                          (custom rounds, new password, device, MFA: None when passed)
                                                ▼ all passed
                 issue: triggers ──► tokens (ID, access) + refresh family ──► Authenticated

A flow or challenge proves something, then calls `proceed` with the `Progress` it now has. A gate
never proves; it says which challenge is due. So a challenge more is a file in `challenges`, a line
in its table, and, if it is asked for after a first factor, a gate and a line in `GATES`.

Surroundings, and who is who:

    pools             Pools, and the Protocols it is made of: Messenger (`Message`), Triggers
    find              pools, clients, and users by the names that lead to them (`Sought`: hidden)
    users, admin_users, groups, directory    users and pools as wholes: made, changed, deleted;
                      what is keyed (pool, sub, …) is listed in `users.OWNED`, what is keyed
                      (pool, …) in `directory.CONTENTS`, so that it goes with its owner
    schema, attributes, aliases, password_policy, tiers    what users and pools may have, pure
    pool_settings, client_settings, user_search, configurations    what administrators say, checked
    identity_providers, linking    identities elsewhere

What users do of themselves:

    sign_up, recovery, own_attributes, own_password    each with codes: `codes` (made, given back),
                      `code_delivery`, `destinations`, `messages`, `links`; `invitations`
    sign_up_session, first_sign_in    what who signed up just now need not prove again

Proofs of a sign-in:

    prove, passwords, password_schemes, threads    passwords: argon2id and others, beside the loop;
                      one stand-in for users who do not exist, so that they cost as much
    srp, srp_challenge, secret_hash    the mathematics of proofs, pure, and SRP's first half
    first_factors, one_time_codes, proven_addresses    what USER_AUTH offers, and codes of sign-ins
    mfa, totp, second_factor_challenges, mfa_setup    second factors: due, posed, set up
    passkeys          kept, offered, used; `passkey_registration`, `passkey_challenge` around
                      `ceremonies`, `credential_json`, `relying_party`, which are pure
    devices           named, confirmed, remembered; `device_waits` for clients without sessions
    progress, sessions    a sign-in under way, and as what clients hold of it
    lockout, address_limits, code_limits, attempt_limits    who may try how often
    evened, refusal_times    times that tell nobody who is a user

Tokens, and what is told:

    keys, rotation, claims, issue, access_tokens, refresh, revocation, user_sessions
    published         what gateways get of pools through the snapshot
    auth_events       what users of watched pools did, as the audit log tells it

Functions, and users from elsewhere:

    triggers, migration   functions of pools: their events and answers; users whom they bring
    imports, exports      files of users, read and written

Where do I add …? A code that is sent: `codes` with a record in `records/pool_code.py`, texts in
`messages`; it goes out by `pools.messenger`. A trigger: its name and shapes in `triggers/`; call
sites say `await pools.triggers.run(TriggerCall(...))` and get its `response`. An import: `users`
and `password_schemes`; a file of users: `imports.formats`.

INVARIANT: a refusal says the same, and costs the same, whether a user exists or not, where the
client hides users (`find.Sought`); no secret, code, password or token is ever logged.
"""
