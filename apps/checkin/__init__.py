"""Check-in: associations and houses certify attendance, hours given and roles, as a till certifies purchases."""
