"""What watches a crawl: its run row, its progress, drift of the newspapers' pages."""
