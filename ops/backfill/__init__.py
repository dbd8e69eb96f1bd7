"""Replays CDN log files, of this machine or of a bucket, as the collectors would have taken them in."""
