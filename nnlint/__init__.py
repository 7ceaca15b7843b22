"""nnlint: a flake8 plugin that counts the parameters of neural networks from their source."""

__version__ = "0.1.0"
