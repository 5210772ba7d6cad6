"""Plans, results and diagnostics as text, JSON, Markdown and HTML.

Pure: takes the dataclasses of ``assistctl.model.plan``, walks the diffs and knows no field names. Each format of
plans, results and lists is a module of its own, so that a command imports only the one it prints; past applies
(``past_apply``) have one for all formats, and all that is told as JUnit is in ``junit``.
"""
