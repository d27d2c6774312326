"""Read-only auditor for Cisco Unified Communications Manager clusters."""

__version__ = "0.1.0"
