"""The pages of value-back: public, for cooperatives, and for shops."""
