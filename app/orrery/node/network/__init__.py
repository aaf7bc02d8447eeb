"""The network of the simulated cluster: Pod addresses, listening ports, Services, DNS. No socket of the host is involved."""
