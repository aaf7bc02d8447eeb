"""Images: how references are read, which images exist, and how a node pulls them."""
