"""Terms, JSON-LD contexts, SHACL shapes and JSON Schemas."""
