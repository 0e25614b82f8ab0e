"""What shows that a log is whole, as pure functions: trees of digests, signed checkpoints, sealed lines, proofs."""
