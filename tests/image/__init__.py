"""The images as they are built, run by the commands of docs/images.md; only with ``--image`` and ``--mlflow-image``."""
