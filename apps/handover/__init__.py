"""One-time links by which a signed receipt passes from a till or a check-in to a wallet."""
