"""A comparison as it is read: on a screen, as Markdown, JUnit or JSON."""
