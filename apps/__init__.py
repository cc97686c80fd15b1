"""What people run around the library: a page to draw on, a server, reading in bulk, tuning. Each
only parses, calls `nn` and shows; nn/ knows nothing of it."""
