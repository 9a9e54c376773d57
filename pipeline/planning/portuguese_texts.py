"""Portuguese sentences of plans, by their English ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.domain.language import portuguese

_TEXTS: Final[Mapping[str, str]] = {
    "cameras that one machine carries": "câmeras por máquina",
    "machines": "máquinas",
    "GPUs": "GPUs",
    "network, from the cameras": "rede, vinda das câmeras",
    "network, into one machine": "rede, em cada máquina",
    "disk for recorded video": "disco para gravação",
    "disk for recorded video, one machine": "disco para gravação, por máquina",
    "events in the busiest hour": "eventos na hora de maior movimento",
    "event store": "banco de eventos",
    "Kafka ingesters": "processos de ingestão do Kafka",
    "Kafka partitions of a topic": "partições por tópico do Kafka",
    "disk of the Kafka brokers": "disco dos brokers do Kafka",
    "cost of machines": "custo das máquinas",
    "cost of GPUs": "custo das GPUs",
    "cost of disks for recorded video": "custo dos discos de gravação",
    "cost of disks for events": "custo dos discos de eventos",
    "cost of the network": "custo da rede",
    "cost of camera links": "custo dos enlaces das câmeras",
    "fixed cost": "custo fixo",
    "cost of energy, machines": "custo de energia, máquinas",
    "cost of energy, GPUs": "custo de energia, GPUs",
    "cost of a month": "custo mensal",
    "cost of a camera and month": "custo por câmera e mês",
    "Plan for {cameras} cameras on {device}": "Plano para {cameras} câmeras em {device}",
    "what": "item",
    "typical": "típico",
    "empty": "vazio",
    "ordinary": "comum",
    "dense": "denso",
    "range": "faixa",
    "from": "base",
    "{low} to {high}": "{low} a {high}",
    "assumption": "premissa",
    "not included": "não incluído",
    "no cost: give prices with --prices FILE, see {example}": (
        "sem custo: informe os preços com --prices ARQUIVO, veja {example}"
    ),
    "the prices lack {names}": "faltam os preços {names}",
    "prices": "preços",
    "made up, as the file says (made_up: true): replace them by your own": "fictícios, como diz o arquivo "
    "(made_up: true): substitua-os pelos seus",
    "cores": "núcleos",
    "runs over": "execuções sobre",
    "rendered traffic": "trânsito gerado",
    "a given video": "um vídeo informado",
    "{load} % of the machine, {low} to {high} ms of it for a second of one camera; {measured}": (
        "{load} % da máquina, de {low} a {high} ms dela por segundo de uma câmera; {measured}"
    ),
    "{cameras} cameras, device {device}": "{cameras} câmeras, equipamento {device}",
    "{gpus} in each machine": "{gpus} em cada máquina",
    "{low} to {high} Mbit/s a camera": "de {low} a {high} Mbit/s por câmera",
    "one connection a camera, for analysis and recording": "uma conexão por câmera, para análise e gravação",
    "{days} days of video as it arrives": "{days} dias de vídeo, como recebido",
    "spread evenly over the machines": "dividido igualmente entre as máquinas",
    "a tenth of a day's events in its busiest hour": "um décimo dos eventos do dia na hora de maior movimento",
    "{copies} copies; bytes of an event: {measured}": "{copies} cópias; bytes por evento: {measured}",
    "half of the measured rate of one; {measured}": "metade da taxa medida de um processo; {measured}",
    "two an ingester, at least {least}": "duas por processo de ingestão, no mínimo {least}",
    "{hours} hours, {copies} copies": "{hours} horas, {copies} cópias",
    "a month": "por mês",
    "all parts with a price": "todos os itens com preço",
    "a camera and month": "por câmera e mês",
    "in the densest traffic the device does not carry one camera: it would drop frames": (
        "com tráfego muito denso o equipamento não suporta uma câmera: quadros seriam descartados"
    ),
    "no machine is counted as a reserve for failures": "nenhuma máquina de reserva para falhas está incluída",
    "the event store needs about as much disk again while it merges": (
        "o banco de eventos precisa de cerca do dobro do disco enquanto reorganiza os dados"
    ),
    "recorded video of cameras with privacy masks is encoded again: some 18 ms of processor time a frame "
    "of 1920x1080, not included": (
        "o vídeo gravado de câmeras com máscaras de privacidade é recodificado: cerca de 18 ms de processador"
        " por quadro de 1920x1080, não incluídos"
    ),
    "bit rate: not measured; {low} to {high} bit per pixel of {codec}. Give --bitrate, or --config with recordings": (
        "taxa de bits: não medida; de {low} a {high} bit por pixel em {codec}. Informe --bitrate, ou --config"
        " com gravações"
    ),
    "bit rate: {rate} Mbit/s, as given": "taxa de bits: {rate} Mbit/s, informada",
    "bit rate: measured in recorded video, cameras: {cameras}": "taxa de bits: medida na gravação, câmeras: {cameras}",
    "vehicles: {number} a day and camera, as given": "veículos: {number} por dia e câmera, informados",
    "vehicles: not measured; {low} to {high} a day and camera. Give --vehicles": (
        "veículos: não medidos; de {low} a {high} por dia e câmera. Informe --vehicles"
    ),
    "events: a plate read and {low} to {high} tracks a vehicle, counts for at most {classes} classes a minute": (
        "eventos: uma leitura de placa e de {low} a {high} trajetos por veículo, contagens de no máximo "
        "{classes} classes por minuto"
    ),
    "lines and zones: {low} to {high} of each a camera. Give --config with those that are drawn": (
        "linhas e zonas: de {low} a {high} de cada por câmera. Informe --config com as que foram desenhadas"
    ),
    "lines and zones: {lines} and {zones} a camera, as configured": (
        "linhas e zonas: {lines} e {zones} por câmera, conforme a configuração"
    ),
    "retention without limit is counted as {days} days": "guarda sem limite é contada como {days} dias",
    "traffic: {name} was not measured on this device, so the range leaves it out": (
        "tráfego {name}: não foi medido neste equipamento, e a faixa não o inclui"
    ),
    "rate: {rate} per second was not measured; derived from {rates}": (
        "taxa: {rate} por segundo não foi medida; deduzida de {rates}"
    ),
    "other programs used up to {share} % of the processor during the measurement; their share was "
    "deducted and the range widened by {error} %. Measure again on the quiet machine": (
        "outros programas usaram até {share} % do processador durante a medição; a parte deles foi descontada "
        "e a faixa alargada em {error} %. Meça de novo com a máquina ociosa"
    ),
    "traffic: rendered by viapublica, vehicles only; --clip measures with a video of your own": (
        "tráfego: desenhado pelo viapublica, só veículos; com --clip a medição usa um vídeo seu"
    ),
}
PORTUGUESE: Final = portuguese(_TEXTS, {})
