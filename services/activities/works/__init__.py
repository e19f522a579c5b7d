"""Works (作品) collected: poems, essays, reflections, calligraphy, paintings; for a call or for none."""
