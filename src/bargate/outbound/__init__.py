"""What leaves for users: mails by SMTP, SMS by a webhook, and else an outbox that stays here.

    Message ──► Delivery.send ──► checked ──┬─ no channel for its medium ──► Outbox (memory)
                                            └─ queue (bounded) ──► threads ──► Channel.deliver
                                                                    again after a while, thrice

A message is handed over when `send` returns; what then becomes of it is logged, without address,
subject or body. INVARIANT: nothing of a user's attributes can add a header or a recipient.
"""
