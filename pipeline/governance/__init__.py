"""Who got what, why, and who allowed it: the register of disclosures. Start at `register.Register`.

`database` opens and migrates it (SQLite, or another database that SQLAlchemy knows), `journal` chains every change,
`declarations` keeps what recipients signed, `sheet` writes the month's sheet. What is allowed is decided in
`pipeline.policy.disclosure`, and nowhere here.
"""

from pipeline.domain.extras import require

require("sqlalchemy", "alembic", "openpyxl")
