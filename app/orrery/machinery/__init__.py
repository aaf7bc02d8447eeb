"""Pure values every room may use: objects, errors, selectors, patches, quantities, the clock. Imports nothing of Orrery."""
