"""Rules that many kinds share: labels, names in fields, quantities of resources, addresses, paths, conditions, claims in templates."""
