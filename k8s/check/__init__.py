"""Whether the manifests are valid, safe, and agree with the programs that they run: `python -m k8s.check`."""
