"""What people said of samples, and how far they agree."""
