"""The roles that mean the same at every service; each service has others of its own beside them."""

ADMIN = "admin"
"""Has all roles."""

SUBSCRIBER = "subscriber"
OPERATOR = "operator"
OFFICE = "office"

SHARED_ROLES = (ADMIN, OFFICE, OPERATOR, SUBSCRIBER)
