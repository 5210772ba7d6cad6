"""Messages and changes in the forms that editors and code hosts read, at the lines they are about."""
