"""Acting for somebody: who may, with which powers, until when, and what they may not do even then."""
