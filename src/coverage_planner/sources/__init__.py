"""Files and servers -> checked tables; the only place that knows longitude, latitude and datums."""
