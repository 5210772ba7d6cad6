"""Plans, results and diagnostics as text, JSON, Markdown and HTML.

Pure: takes the dataclasses of ``assistctl.model.plan``, walks the diffs and knows no field names. Each format of
plans, results, lists and past applies is a module of its own, so that a command imports only the one it prints;
all that is told as JUnit is in ``junit``.
"""
