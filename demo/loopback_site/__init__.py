"""The loopback site: a server on this machine's loopback that prints any article file as four newspapers."""
