"""Portuguese sentences and nouns of the notes on answers, by their English ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.domain.language import ENGLISH, Language, portuguese
from pipeline.domain.locale import Locale

NOUNS: Final[Mapping[str, tuple[str, str]]] = {
    "row": ("linha", "linhas"),
    "day": ("dia", "dias"),
    "further day": ("outro dia", "outros dias"),
    "camera": ("câmera", "câmeras"),
    "configured camera": ("câmera configurada", "câmeras configuradas"),
    "registered camera": ("câmera cadastrada", "câmeras cadastradas"),
    "further camera": ("outra câmera", "outras câmeras"),
    "further reason": ("outro motivo", "outros motivos"),
    "read": ("leitura", "leituras"),
    "further read": ("outra leitura", "outras leituras"),
    "event": ("evento", "eventos"),
    "further place": ("outro lugar", "outros lugares"),
    "interruption": ("interrupção", "interrupções"),
}
TEXTS: Final[Mapping[str, str]] = {
    "plate reads": "leituras de placas",
    "tracks": "trajetos",
    "counts per minute": "contagens por minuto",
    "traffic across lines": "tráfego nas linhas",
    "states of zones": "estados das zonas",
    "alerts": "alertas",
    "states of cameras": "estados de câmeras",
    "events": "eventos",
    " in {number}": " em {number}",
    "an unknown day": "um dia desconhecido",
    "{shown}{separator}and {rest}": "{shown}{separator}e {rest}",
    "{cameras} never sent an event: {names}": "{cameras} sem nenhum evento até hoje: {names}",
    "the list ends after {rows}, and there are more: use --offset {offset}": "a lista termina após {rows}, e há mais: "
    "use --offset {offset}",
    "the list ends after {rows}, and there are more: use --limit (at most {most}) or --offset {offset}": "a lista "
    "termina após {rows}, e há mais: use --limit (no máximo {most}) ou --offset {offset}",
    "the time range begins in the future, at {time}": "o período começa no futuro, em {time}",
    "{data} before {time} are no longer stored (retention: {days})": "{data} anteriores a {time} já não estão "
    "guardados (prazo de guarda: {days})",
    "the event store holds no {data} at all": "o banco de eventos não contém nenhum registro de {data}",
    "the oldest stored {data} are from {time}; nothing before that was searched": "os registros mais antigos de {data} "
    "são de {time}; nada anterior foi pesquisado",
    "part of the data in {table} of {days} (UTC) was lost, because files of the store were damaged": "parte dos dados "
    "de {table} de {days} (UTC) foi perdida, porque arquivos do banco foram danificados",
    "erasures on request concern this time range, so data may be missing": "há eliminações a pedido neste período; "
    "podem faltar dados",
    "the data was restored without its register: what was erased on request between {since} and {until} may be in this "
    "answer": "os dados foram restaurados sem o registro: esta resposta pode conter o que foi eliminado a pedido entre "
    "{since} e {until}",
    "the data was restored without its register: what was erased on request before {until} may be in this answer": ""
    "os dados foram restaurados sem o registro: esta resposta pode conter o que foi eliminado a pedido antes de "
    "{until}",
    "plates are never read by {cameras}: {reasons}": "placas nunca são lidas por {cameras}: {reasons}",
    "scope {scope} is neither public-road nor car-park-entrance (law 11.766/2022 art. 9 §3)": "o espaço declarado "
    "({scope}) não é via pública nem acesso de estacionamento (Lei nº 11.766/2022, art. 9º, § 3º)",
    "sensitive surroundings: {places} (decree 18.743/2014 art. 12)": "locais sensíveis na imagem: {places} (LGPD, art. "
    "5º, II)",
    "the data folder has no current declarations of cameras, so all plates are withheld: copy its folder declarations, "
    "or name the configuration": "a pasta de dados não tem declarações atuais de câmeras; por isso todas as placas são "
    "retidas: copie também a pasta declarations ou indique a configuração",
    "the data folder has no current declarations of cameras, so only the configuration decides: copy its folder "
    "declarations too": "a pasta de dados não tem declarações atuais de câmeras; por isso só a configuração decide: "
    "copie também a pasta declarations",
    "not declared in the data folder or the configuration": "não declarada na pasta de dados nem na configuração",
    "single tracks, and counts of fewer than {least} a minute, are withheld at sensitive places: {names} "
    "(decree 18.743/2014 art. 12)": "trajetórias individuais e contagens de menos de {least} por minuto não são "
    "informadas em locais sensíveis: {names} (Decreto nº 18.743/2014, art. 12)",
    "reads": "leituras",
    "stored reads are withheld: {cameras}": "leituras armazenadas são retidas: {cameras}",
    "{camera}: {reads} of all vehicles, {reason}": "{camera}: {reads} de todos os veículos, {reason}",
    "{camera} delivered no video for {time}{times} within this time range": "{camera} não enviou vídeo durante "
    "{time}{times} deste período",
    "{camera} was not running, or its events have not reached the store, for {time}{times} within this time range": ""
    "{camera} esteve desligada, ou seus eventos ainda não chegaram ao banco, durante {time}{times} deste período",
    "{camera} was not permitted to run for {time}{times} within this time range": "{camera} ficou sem autorização para "
    "operar durante {time}{times} deste período",
    "{camera} was not analyzed, because its view had moved, for {time}{times} within this time range": "{camera} não "
    "foi analisada durante {time}{times} deste período, porque sua vista se deslocou",
    "{camera} failed for {time}{times} within this time range": "{camera} falhou durante {time}{times} deste período",
    "{camera} had frames dropped, because the machine was overloaded, for {time}{times} within this time range": ""
    "{camera} teve quadros descartados, porque a máquina estava sobrecarregada, durante {time}{times} deste período",
    "fewer frames of {camera} were analyzed than configured, for {time}{times} within this time range": ""
    "de {camera} foram analisados menos quadros do que o configurado, durante {time}{times} deste período",
    "{camera} showed nothing usable for {time}{times} within this time range": "as imagens de {camera} não mostraram "
    "nada de útil durante {time}{times} deste período",
    "{cameras} showed nothing usable within this time range: {names}": "as imagens de {cameras} não mostraram nada de "
    "útil em parte deste período: {names}",
    "{camera} sent no life sign for {time}{times} within this time range": "{camera} não enviou sinal de vida durante "
    "{time}{times} deste período",
    "{camera} may have been interrupted for {time}{times} within this time range: no life signs are stored": "{camera} "
    "pode ter sido interrompida durante {time}{times} deste período: não há sinais de vida no banco",
    "recorded video of {camera} is not analyzed to its end: events of {time}{times} within this time range "
    "may be missing": "um vídeo gravado de {camera} não foi analisado até o fim: podem faltar eventos de "
    "{time}{times} deste período",
    "{cameras} delivered no video within this time range: {names}": "{cameras} não enviaram vídeo em parte deste "
    "período: {names}",
    "{cameras} were not running, or their events have not reached the store, within this time range: {names}": ""
    "{cameras} estiveram desligadas, ou seus eventos ainda não chegaram ao banco, em parte deste período: {names}",
    "{cameras} were not permitted to run within this time range: {names}": "{cameras} ficaram sem autorização para "
    "operar em parte deste período: {names}",
    "{cameras} failed within this time range: {names}": "{cameras} falharam em parte deste período: {names}",
    "fewer frames of {cameras} were analyzed than configured within this time range: {names}": "de {cameras} foram "
    "analisados menos quadros do que o configurado, neste período: {names}",
    "{cameras} had frames dropped, because the machine was overloaded, within this time range: {names}": "{cameras} "
    "tiveram quadros descartados, porque a máquina estava sobrecarregada, em parte deste período: {names}",
    "{cameras} sent no life sign within this time range: {names}": "{cameras} não enviaram sinal de vida em parte "
    "deste período: {names}",
    "recorded video of {cameras} is not analyzed to its end, so events within this time range may be missing: "
    "{names}": "vídeos gravados de {cameras} não foram analisados até o fim, e podem faltar eventos deste período: "
    "{names}",
    "{cameras} were not analyzed, because their views had moved, within this time range: {names}": "{cameras} sem "
    "análise em parte deste período, porque suas vistas se deslocaram: {names}",
    "{cameras} may have been interrupted within this time range, and no life signs are stored: {names}": "{cameras} "
    "podem ter sido interrompidas em parte deste período, e não há sinais de vida no banco: {names}",
    "recorded video is not analyzed to its end: {names}": "vídeo gravado que não foi analisado até o fim: {names}",
    "{cameras} streamed when last heard of, and sent nothing since: {names}": "{cameras} em transmissão no último "
    "contato, e sem nenhum evento desde então: {names}",
    "{camera} since {time}": "{camera} desde {time}",
    "{camera} at {time}": "{camera} em {time}",
    "events were lost on their way to the event store, {details}": "eventos foram perdidos antes de chegar ao banco, "
    "{details}",
    "events were refused by the event store, {details}": "eventos foram recusados pelo banco, {details}",
    "events were refused by policy, {details}": "eventos foram recusados pelas regras de privacidade, {details}",
    "events were refused because their time was in the future, {details}": "eventos foram recusados porque sua hora "
    "estava no futuro, {details}",
    "plate reads were refused because another camera showed the same scene, {details}": "leituras de placas foram "
    "recusadas porque outra câmera mostrava a mesma cena, {details}",
    "not stored yet, in spools of the data folder: {events} of this time range ({names})": "ainda não "
    "gravados, em filas da pasta de dados: {events} deste período ({names})",
    "not stored yet, in Kafka: {events}; is viapublica kafka ingest running? ({names})": "ainda não gravados, no "
    "Kafka: {events}; o viapublica kafka ingest está em execução? ({names})",
    "spools of the data folder cannot be read, so events may wait there: {names}": "filas da pasta "
    "de dados não podem ser lidas; pode haver eventos nelas: {names}",
    "the Kafka brokers did not answer within a second, so events may wait there: {names}": "os servidores Kafka não "
    "responderam em um segundo; pode haver eventos neles: {names}",
    "not seen: {number} of {all}: {plates}": "não vistas: {number} de {all}: {plates}",
    "no line is drawn for {cameras}: {names}": "nenhuma linha foi desenhada em {cameras}: {names}",
    "no zone is drawn for {cameras}: {names}": "nenhuma zona foi desenhada em {cameras}: {names}",
    "the traffic areas of {camera} were changed within this time range; each version has rows of its own: "
    "{versions}": "as áreas de tráfego de {camera} foram alteradas neste período; cada versão tem suas "
    "próprias linhas: {versions}",
    "no camera has sent any event in this time range": "nenhuma câmera enviou evento neste período",
    "{cameras} sent no event of any kind in this time range: {names}": "{cameras} sem nenhum evento neste período: "
    "{names}",
    "seen only uncertainly: {number} of {all}: {plates}": "vistas apenas com incerteza: {number} de {all}: {plates}",
    "read in this time range, but no stored read fulfills the conditions of this search: {plates}": "lida neste "
    "período, mas nenhuma leitura cumpre as condições desta consulta: {plates}",
    "plates that differ by one character were read, use --errors 1 of viapublica plates: {plates}": "há leituras "
    "que diferem de {plates} em um caractere; acrescente --errors 1 a viapublica plates",
    "fewer than {least} frames per second are analyzed of {cameras}, so plates of passing vehicles are missed: "
    "{names}": "menos de {least} quadros por segundo são analisados de {cameras}; placas de veículos que passam "
    "não são lidas: {names}",
    "fewer than {least} frames per second are analyzed of {cameras}, so passing vehicles are missed: {names}": "menos "
    "de {least} quadros por segundo são analisados de {cameras}; veículos que passam não são contados: {names}",
    "left out: {reads} with a confidence below {confidence}; use --min-confidence 0": "fora da lista: {reads} com "
    "confiança abaixo de {confidence}; use --min-confidence 0",
    "seen only uncertainly: {reads} with a confidence below {confidence}; use --min-confidence 0": "vista apenas com "
    "incerteza: {reads} com confiança abaixo de {confidence}; use --min-confidence 0",
    "seen only uncertainly: {reads} with a confidence below {confidence}, not used here, because most of such reads "
    "are wrong; viapublica plates {plates} --min-confidence 0 lists them": "vista apenas com incerteza: {reads} com "
    "confiança abaixo de {confidence}, sem uso aqui, porque a maioria dessas leituras está errada; viapublica plates "
    "{plates} --min-confidence 0 as lista",
    "not used here: {reads} with a confidence below {confidence}, because most of such reads are wrong": "sem uso "
    "aqui: {reads} com confiança abaixo de {confidence}, porque a maioria dessas leituras está errada",
    "searched: nothing, because no {data} of this time range are stored": "pesquisado: nada, porque não há {data} "
    "deste período no banco",
    "searched: {data} {start} {end}, {cameras}": "pesquisado: {data} {start} {end}, {cameras}",
    "from {time}": "de {time}",
    "of any time": "de qualquer data",
    "to now": "até agora",
    "to {time}": "até {time}",
    "all cameras": "todas as câmeras",
    "alerts of listed plates are not among them: viapublica hotlist hits": "os alertas de placas procuradas não estão "
    "incluídos: viapublica hotlist hits",
    "counts are tracks that began: a vehicle that is lost and found again counts twice, and parked ones may": "as "
    "contagens são trajetos iniciados: um veículo perdido e reencontrado conta duas vezes, e veículos estacionados "
    "podem contar várias",
}
"""By the English sentence; ``{names}`` stay as they are."""
PORTUGUESE: Final = portuguese(TEXTS, NOUNS)


def notes_language(locale: Locale | None) -> Language:
    """The language of a locale's readers, for the notes on answers."""
    return PORTUGUESE if locale is Locale.PT_BR else ENGLISH
