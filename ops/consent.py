"""Asking a person before something is changed."""

from __future__ import annotations


def ask(question: str) -> bool:
    """Whether the person at the terminal says yes. Where nobody is there to be asked, no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
