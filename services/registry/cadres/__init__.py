"""The cadres: who is registered, under which number, with which particulars; found, searched, corrected."""
