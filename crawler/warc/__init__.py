"""The raw archive: writing pages as WARC, reading them, extracting articles again."""
