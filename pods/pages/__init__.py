"""Pages for people: what a browser shows of a resource, a container or a refusal, without a script or a cookie."""
