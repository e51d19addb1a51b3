"""Challenges: what a client answers next. One file a challenge, one line each in `CHALLENGES`.

    Answering = async (Pools, Asked, Progress) -> Answer   ChallengeResponses in `asked.parameters`

The session was opened, fits pool, client and challenge, and is used up when an answer is looked
at. What the challenge put into `Progress.data` as it was posed is there, and nowhere else.
"""
