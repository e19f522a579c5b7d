"""Records of the register that contradict one another, found when one of them was learnt of later."""
