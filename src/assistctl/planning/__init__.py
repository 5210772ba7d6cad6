"""desired + observed + policy -> plan. Pure: no I/O, no SDK, no knowledge of any one platform."""
