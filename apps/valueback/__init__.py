"""Value-back: part of the value that members generate together returns to them and to common projects."""
