"""Rights of the person (GDPR art. 15-22), the duty towards recipients (art. 19), the register of breaches (art. 33-34)."""
