"""Pure text: Markdown and terminal words made of what was decided. Foreign text is escaped here."""
