"""The nameko layer: what drives the steps.

Nothing is imported here: `green.patch` must run before anything else of this folder is imported. Services take
`Service` from `.service`, `route` from `.http` and `consume` from `.consume`.
"""
