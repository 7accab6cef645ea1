"""The pages of the vendor's own staff, on a host name of their own (docs/adr/0021)."""
