"""The whole system on one machine: embedded servers, demo and benchmark."""
