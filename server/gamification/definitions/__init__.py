"""Definitions: everything configured in drafts and published versions, with one set of verbs."""
