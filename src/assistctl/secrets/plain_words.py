"""The words of our own documents, which scripts match on: never masked, whatever a variable is set to."""

from __future__ import annotations

# Values that the documents enumerate, and JSON's own.
_DOCUMENT_VALUES = """
assistant vector_store file environment mcp_server memory_store skill
create update delete adopt forget manifest drift both
protected threshold adoption ambiguous error warning info ok failed skipped unknown withdrawn
interrupted finished true false null passed new same worse mended flaky journal asked
"""
# Names of fields in the documents (plan, apply, drift, list, history, gc, migrate, dump, init, unlock, models).
_DOCUMENT_FIELDS = """
format_version project target name platform summary changes drift missing diagnostics results fingerprint observed
desired kind key id action reason diffs path old new origin secret severity line column detail status errors
warnings unchanged files upload remove bytes used_by depends_on blocked digest options keys destroy allow_deletes
requests assistants model models listed shutdown_date declared_by deployed_as prevent_destroy applies state problem
torn entries outcome at before fields metadata withheld
command started by user host commit branch dirty ci run actor version garbage proven folder created kept unlocked
held_by from to declared fates note value written lossless losses check last_applied known undeclared file
index ask answer assertions held of at_least seconds tokens cost turns passed failed errors compared course
passed_at same_state traffic aliases disabled hidden mcp_servers answer_changed against before_from answer_before
after put_back put_back_by reasons planned recorded address made calls arguments citations file_id output
turn weight resources text usage assistant_id thread_id media_type input_tokens output_tokens total_tokens
"""
# Fields of a manifest, which are the paths in a plan.
_MANIFEST_FIELDS = """
description instructions tools type code_interpreter file_search function parameters strict tool_resources
file_ids vector_store_ids temperature top_p response_format reasoning_effort lifecycle ignore_changes checks
platforms import moved_from expires_after chunking_strategy attributes memory_stores skills network packages env
setup_commands
"""
# What the Markdown report is made of.
_REPORT_MARKUP = "details summary code open"

WORDS = frozenset(f"{_DOCUMENT_VALUES} {_DOCUMENT_FIELDS} {_MANIFEST_FIELDS} {_REPORT_MARKUP}".split())
