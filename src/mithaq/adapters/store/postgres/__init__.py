"""The Store on PostgreSQL, for several processes of one node. See docs/postgresql.md and decision 0019."""
