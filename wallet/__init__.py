"""The citizen's web app: consent given, seen, used and withdrawn."""
