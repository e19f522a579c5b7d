"""五必访: visits that must be paid by a deadline. Which, for whom and how soon is data of the bureau."""
