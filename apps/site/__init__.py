"""What the pages of organisations share: layout, log-in, errors."""
