"""Proofs that take long. `make prove` runs them; `make test` leaves them out (marker `prove`)."""
