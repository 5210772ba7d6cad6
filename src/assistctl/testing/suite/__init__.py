"""The tests of ``platform_suite``, by what they are about."""
