"""The interpreter: it follows the construction of models as Python would, on the values it knows."""
