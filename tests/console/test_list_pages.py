"""Hot-lists in the console: entered with an approval, hits of one's own entries, feedback, the end of a search."""

from __future__ import annotations

import re

from pipeline.domain.role import Role
from pipeline.domain.times import format_utc
from tests.app.people.installations import Office
from tests.console.staffed_city import PEOPLE, SECOND_OPERATOR
from tests.console.visitors import Visitors, text_of
from tests.governance.people import DAY_MS
from tests.http_api.listed_plates import approve, store_passages
from tests.http_api.served_city import GUARD, PLATES

ANALYST = PEOPLE[Role.INTELLIGENCE_ANALYST]
ASKED = {"purpose": "criminal-investigation", "case": "IP 12/2026"}
NEW = ASKED | {"list": "roubados", "plate": PLATES[0], "authority": "3ª Delegacia", "reason": "furto", "until": "30d"}


def test_a_plate_is_entered_seen_judged_and_ended(visitors: Visitors, city: Office, populated: Office) -> None:
    store_passages(populated, 1)
    analyst = visitors.logged_in(ANALYST)
    analyst.open("/console/lists")
    reply = analyst.send("/console/lists/entries", NEW)
    assert (reply.status, "segunda pessoa" in text_of(reply)) == (403, True)
    approve(city, ANALYST)
    text = text_of(analyst.send("/console/lists/entries", NEW | {"until": format_utc(city.clock.now_ms + 30 * DAY_MS)}))
    assert "Registrada: entrada 1 da lista roubados." in text
    assert f'<span class="plate">{PLATES[0]}</span></td><td>{GUARD[0]}</td>' in text
    incident = re.search(r'name="incident" value="([0-9a-f-]+)"', text)
    assert incident is not None
    judged = text_of(
        analyst.send("/console/lists/hits/feedback", ASKED | {"incident": incident[1], "verdict": "false"})
    )
    assert "Resultado registrado na auditoria" in judged
    assert "encerrado" in judged
    other = visitors.logged_in(SECOND_OPERATOR)
    other.open("/console/lists")
    text = text_of(other.send("/console/lists", ASKED))
    assert PLATES[0] not in text
    assert "Isto não prova que não passaram" in text
    assert 'action="/console/lists/entries"' not in text
    text = text_of(analyst.send("/console/lists/entries/end", ASKED | {"entry": "1", "end_reason": "localizado"}))
    assert "Busca encerrada: entrada 1." in text
    assert "Nenhuma entrada sua" in text
    assert "localizado" in text_of(analyst.send("/console/lists", ASKED | {"ended": "1"}))
    assert PLATES[0] not in str(city.audit())
