"""The lists that the bureau keeps for its register: streets, units, liaisons. Records and events hold their codes."""
