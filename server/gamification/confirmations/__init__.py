"""Confirmations: purchases whose points wait until somebody says that all went well."""
