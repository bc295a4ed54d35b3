"""How jobs stand, told from what clusters showed."""
