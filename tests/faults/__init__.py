"""Every fault at every place: a proxy of ours before the real S3 server and before the Docker engine."""
