"""A POSIX shell for containers: sh, and what people use of bash."""
