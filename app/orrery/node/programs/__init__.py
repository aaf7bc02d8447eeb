"""The programs of busybox, coreutils and well-known servers, as containers see them. Each is a coroutine that gets a `Process`."""
