"""What users and projects add to the agent: rules, skills, commands, hooks, servers of tools.

Knows neither the loop nor the wire. What comes from a project is data; only the user's own configuration
makes anything run.
"""
