"""Who may send: credentials, certificates, identity tokens, and what a listener can see of them."""
