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

    pools             Pools, and the Protocols it is made of: Messenger (`Message`), Triggers
    find, users       who is who; make, change, delete users (sign-up, import, federation, admin);
                      what is keyed (pool, sub, …) is listed in `users.OWNED`, what is keyed
                      (pool, …) in `directory.CONTENTS`, so that it goes with its owner
    schema, attributes, aliases, password_policy     what users may have, pure
    passwords         argon2id in threads, others of `password_schemes`, SRP verifiers; one stand-in
                      for users who do not exist, so that they cost as much as those who do
    srp, secret_hash, lockout                        the mathematics of proofs, pure
    threads           where passwords are hashed, tokens signed and SRP computed: beside the loop
    prove, srp_challenge  what flows and challenges share: password, lock, SRP's first half;
                      `refusal_times` evens refusals where hashes are imported
    mfa, totp         which second factor is due, and what authenticators show; `mfa_setup` on the way in
    first_factors     what USER_AUTH offers; `second_factor_challenges` the same after it
    one_time_codes    codes of sign-ins: sent, sealed as digests; `code_limits` how often, `evened` time
    proven_addresses  what such a code says of the address that it went to
    links             when a sign-up's message holds a link, and where it leads
    sign_up_session, first_sign_in  what who signed up just now need not prove again
    passkeys          kept, offered, used; `passkey_registration`, `passkey_challenge` how they are asked for
    credential_json, ceremonies, relying_party       what browsers answer, read and verified, pure
    devices           named, confirmed, remembered; `device_waits` for clients without sessions
    sessions          sealed, single-use, expiring challenge sessions
    keys, claims, issue, access_tokens, refresh      signing keys, what tokens say, who holds them
    auth_events       what users of watched pools did, as the audit log tells it
    directory, users, admin_users, groups            pools, users and groups as wholes
    triggers, migration   functions of pools: their events and answers; users whom they bring
    pool_settings, client_settings, user_search      what administrators say and ask, checked

Where do I add …? A code that is sent: `codes` with a record in `records/pool_code.py`, texts in
`messages`; it goes out by `pools.messenger`. A trigger: its name and shapes in `triggers/`; call
sites say `await pools.triggers.run(TriggerCall(...))` and get its `response`. An import: `users`
and `password_schemes`; a file of users: `imports.formats`.

INVARIANT: a refusal says the same, and costs the same, whether a user exists or not, where the
client hides users (`find.Sought`); no secret, code, password or token is ever logged.
"""
