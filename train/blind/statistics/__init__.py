"""What is computed of blind ratings: means, guesses, preferences, and how many of them are needed."""
