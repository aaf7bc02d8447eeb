"""Who is it, and may they: authentication of a request and the authorizer that verbs' admission and api ask."""
