"""The words of figures and pages: those of `normoxia.language`, under the name by which this room knows them."""

from normoxia.language import Language, language, placeholders

__all__ = ["Language", "language", "placeholders"]
