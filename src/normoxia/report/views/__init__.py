"""Views: sentences, tables and figure inputs made from results, in one language."""
