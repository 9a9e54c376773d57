"""The registers: of disclosures, start at `register.Register`; of people and cameras, start at `registry.Registry`.

`register_database` opens and migrates it (SQLite, or another database that SQLAlchemy supports), `journal` logs every
change, `declarations` stores signed declarations, `monthly_sheet` renders the monthly sheet. The rules are those of
`pipeline.policy.disclosure`.

Institutions, people, accounts and cameras are tables of the same database. Each change of them is reported to the
audit before it is committed.
"""

from pipeline.domain.extras import require

require("sqlalchemy", "alembic", "openpyxl", "argon2", "pyotp")
