"""Services for administrations and cooperatives, and the command line."""
