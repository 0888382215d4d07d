"""Previews: HTTP from this machine's browsers to programs in workspaces. Implements `ports.gateway`."""

from journeyman.adapters.preview.gateway import HttpGateway

__all__ = ["HttpGateway"]
