"""Sessions (场次) of the programmes: lessons, performances, meetings of a research, trainings."""
