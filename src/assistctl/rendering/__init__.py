"""Plans, results and diagnostics as text, JSON, Markdown and HTML.

Pure: takes the dataclasses of ``assistctl.model.plan``, walks the diffs and knows no field names. Each format of
plans and results is a module of its own, so that a command imports only the one it prints; what has small reports
(``past_apply``, ``list_documents``, ``junit``) has one module for all of them.
"""
