"""Pools of codes: uploads checked row by row, codes made here, counts and exports."""
