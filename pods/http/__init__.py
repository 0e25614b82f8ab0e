"""The ASGI rim of the pod host: bytes to operations, answers and errors to bytes."""
