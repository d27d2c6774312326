"""Check files of the Acme voice team. cucm-audit finds this folder and reads its TOML files; it never imports it."""

raise ImportError("cucm_audit_acme holds data; cucm-audit reads it without importing it")
