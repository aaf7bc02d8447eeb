"""Who is it, and may they: authentication of a request, the authorizer that api and verbs ask, and who may give rights away."""
