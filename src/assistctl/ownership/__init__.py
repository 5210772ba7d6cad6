"""Everything written on a platform and read back: mark, baseline, canonical form, file marks."""
