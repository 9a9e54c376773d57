"""The HTTP API: use cases of `pipeline.app` over HTTP; start at `application.create_application`."""
