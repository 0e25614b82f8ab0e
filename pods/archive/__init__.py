"""Pods that travel: written into an archive, read from one or from another server's folder, settled here."""
