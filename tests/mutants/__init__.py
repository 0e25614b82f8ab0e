"""Each mechanism that stops an attack on consent, taken out: the test that is named for it must fail."""
