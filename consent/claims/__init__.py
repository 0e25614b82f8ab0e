"""Claims: a published rule is computed beside the pod, and only its result leaves."""
