"""How lists, feeds and spider arguments become candidate links."""
