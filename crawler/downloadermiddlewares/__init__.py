"""On the way to and from the network: robots.txt, back-off, bans, the browser."""
