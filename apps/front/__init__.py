"""The front page of the apps' origin."""
