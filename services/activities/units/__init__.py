"""Units (单位) whose staff come to vaccination drives: a list that the bureau keeps."""
