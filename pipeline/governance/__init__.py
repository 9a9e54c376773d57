"""The register of disclosures; start at `register.Register`.

`register_database` opens and migrates it (SQLite, or another database that SQLAlchemy supports), `journal` logs every
change, `declarations` stores signed declarations, `monthly_sheet` renders the monthly sheet. The rules are those of
`pipeline.policy.disclosure`.
"""

from pipeline.domain.extras import require

require("sqlalchemy", "alembic", "openpyxl")
