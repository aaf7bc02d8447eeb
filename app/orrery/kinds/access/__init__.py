"""Who may do what: roles, bindings, service accounts, certificate requests."""
