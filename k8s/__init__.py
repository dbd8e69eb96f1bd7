"""Manifests and images for Kubernetes, and the program that checks them."""
