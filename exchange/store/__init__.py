"""What talks to PostgreSQL and to the object store."""
