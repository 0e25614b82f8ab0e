"""Standing preferences: what a person said once about whole classes of questions."""
