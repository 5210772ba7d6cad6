"""Everything that a bot, a page or a command can do; nothing here knows a terminal."""
