"""What outlives the process of what containers wrote: logs, and files of volumes and node disks, as files of the data directory."""
