"""Who may do what: modes, Web Access Control, and the Protocol that further rights implement."""
