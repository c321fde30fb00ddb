"""Pure rendering of decisions as Markdown and terminal text. Foreign text is escaped here."""
