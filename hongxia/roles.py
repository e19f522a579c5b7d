"""The roles of people and services. Some mean the same at every service, the others belong to one or two of them.

They are all listed here, because a service must know the roles of the others: it refuses a token with a role that
nobody knows. A test compares the list with what routes and workbooks ask for.
"""

ADMIN = "admin"
"""Has all roles."""

SUBSCRIBER = "subscriber"
OPERATOR = "operator"
OFFICE = "office"

SHARED_ROLES = (ADMIN, OFFICE, OPERATOR, SUBSCRIBER)

ROLES = (*SHARED_ROLES, "accountant", "centre", "leader", "liaison", "records")
"""All roles that a token may name."""
