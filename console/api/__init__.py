"""The read API in the shape of a delivery-usage API."""
