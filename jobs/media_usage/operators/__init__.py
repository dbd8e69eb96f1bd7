"""The operators of the usage job: thin shims around pure functions."""
