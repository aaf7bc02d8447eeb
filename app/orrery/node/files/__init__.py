"""The files of a container: an image's layer, its own changes, and the volumes mounted into it. Bytes in memory, never the host's files."""
