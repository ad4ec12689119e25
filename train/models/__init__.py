"""A model's folder, and what runs it."""
