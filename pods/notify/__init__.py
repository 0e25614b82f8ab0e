"""Solid Notifications Protocol 0.3: channels that tell of changes to whoever may read what changed."""
