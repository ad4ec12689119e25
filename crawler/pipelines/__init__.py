"""What happens to an article before it is stored."""
