"""Models: where they come from, fetched whole and checked, and what a harness needs to know of one."""
