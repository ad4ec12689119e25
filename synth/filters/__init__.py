"""MongoDB filters as text: read, checked, kept in a cookbook."""
