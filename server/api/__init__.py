"""The HTTP API: declarations of endpoints and the frame that carries them.

A surface is one audience with one OpenAPI document: `mobile/` (members) and `partner/` (tills
and shops). To add an endpoint, copy the nearest one in its surface; `endpoint.py` says how.
"""
