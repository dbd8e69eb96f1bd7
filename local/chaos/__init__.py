"""A drill: traffic through the local stack while its parts are killed, stopped and filled up, and the bill of it."""
