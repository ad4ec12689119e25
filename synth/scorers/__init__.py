"""One scorer, one file or folder."""
