"""Drift alarm: does a crawl still read what the crawls before it read?

A newspaper that changes its markup makes no error: a byline is simply empty from one day to the next, or is taken from
a poorer source. So each crawl counts, per field, how often it is filled, how long it is, whether the page class's
selector still finds its element and whether trafilatura reads the same body, and why pages are refused; it keeps the
counts in its row of `runs` and is compared with the crawls before it. Only counts are held: memory does not grow.
"""
