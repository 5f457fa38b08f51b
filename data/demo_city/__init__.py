"""The pieces of the demo city's generator; `make_demo_city.py` puts them together."""
