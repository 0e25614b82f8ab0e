"""The command line: composes what the packages offer and runs it."""
