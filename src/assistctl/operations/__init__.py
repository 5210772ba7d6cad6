"""What a bot, a page or a command can do: each a function or class that knows no terminal."""
