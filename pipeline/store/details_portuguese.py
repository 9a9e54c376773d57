"""Portuguese reasons of camera states and of gaps in recorded video, by the English ones that are stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_IN_PARENTHESES: Final = re.compile(r"(?P<words>[^()]+) \((?P<inner>.*)\)", re.DOTALL)
_TEXTS: Final[Mapping[str, str]] = {
    r"(?P<share>\d+) ?% of frames analyzed: (?P<did>[\d.]+) of (?P<all>[\d.]+) per second": "{share}% dos quadros "
    "analisados: {did} de {all} por segundo",
    r"(?P<inner>\d+ ?% of frames analyzed: .* per second), priority high": "{inner}, prioridade alta",
    r"(?P<inner>\d+ ?% of frames analyzed: .* per second), priority low": "{inner}, prioridade baixa",
    r"(?P<did>[\d.]+) frames per second are analyzed instead of (?P<all>[\d.]+): (?P<inner>.*)": "{did} quadros por "
    "segundo são analisados em vez de {all}: {inner}",
    r"only (?P<did>[\d.]+) arrive: check its frame rate and the network": "só chegam {did}: verifique a taxa de "
    "quadros da câmera e a rede",
    "its timestamps do not advance with time: check its clock and firmware": "as marcas de tempo não avançam com o "
    "tempo: verifique o relógio e o firmware da câmera",
    r"(?P<bad>[\d.]+) of (?P<all>[\d.]+) frames per second are damaged: check the network and the bit rate": ""
    "{bad} de {all} quadros por segundo estão danificados: verifique a rede e a taxa de bits",
    r"(?P<share>\d+) ?% of frames analyzed": "{share}% dos quadros analisados",
    r"no frame within (?P<s>[\d.]+) s": "nenhum quadro em {s} s",
    r"damaged at (?P<s>[\d.]+) s: (?P<inner>.*)": "danificado em {s} s: {inner}",
    "the camera's timestamps do not advance with time: the time of arrival is used": "as marcas de tempo da câmera não "
    "avançam com o tempo: usa-se o horário de chegada",
    r"its decoder (?:crashed|was killed) \((?P<signal>SIG[A-Z]+)\)": "o processo que decodifica a câmera foi encerrado "
    "({signal})",
    r"its decoder needs more than (?P<mb>\d+) MB of memory": "sua decodificação precisa de mais de {mb} MB de memória",
    "no answer": "sem resposta",
    "refuses the user name or password": "recusa o usuário ou a senha",
    "has no such stream": "não tem esse fluxo",
    "sends no video in time": "não envia vídeo a tempo",
    "sends no video": "não envia vídeo",
    "does not answer": "não responde",
    "failed": "falhou",
    "failed unexpectedly": "falhou de forma inesperada",
    "connection refused": "conexão recusada",
    "connection reset by peer": "conexão interrompida pelo outro lado",
    "connection timed out": "tempo de conexão esgotado",
    "timed out": "tempo esgotado",
    "no route to host": "sem rota até o endereço",
    "network is unreachable": "rede inacessível",
    "name or service not known": "nome desconhecido",
    "damaged, cut off or no video": "danificado, cortado ou sem vídeo",
    "not a supported video format": "formato de vídeo não suportado",
    "its server failed": "seu servidor falhou",
    "it refuses the request": "recusa o pedido",
    "the data ended before the first frame": "os dados terminaram antes do primeiro quadro",
    "the data cannot be read": "os dados não podem ser lidos",
    "no video": "sem vídeo",
    r"ended as a recording of (?P<s>[\d.]+) s does: set ends: true if it is meant": "terminou como uma gravação de {s} "
    "s: defina ends: true se for o caso",
    "still serves the recording that was read before: set ends: true if it is meant": "continua a enviar a gravação já "
    "lida: defina ends: true se for o caso",
    "recording ended": "gravação terminada",
    "it is not in the registry of cameras": "não consta do cadastro de câmeras",
    "its cooperation was rescinded": "a cooperação foi rescindida",
    "it is suspended": "está suspensa",
    "its cooperation agreement is not in force": "o termo de cooperação não está em vigor",
    "its installation project is not approved": "o projeto de instalação não foi aprovado",
    r"its declaration differs from the registry of cameras: .*": "a declaração difere do cadastro de câmeras",
    "the registry of cameras could not be read for 5 minutes": "o cadastro de câmeras ficou 5 minutos ilegível",
    "the audit takes no record": "a auditoria não aceita registros",
    "light shines into the lens: check whether the sun or a lamp is in its view": "luz incide na lente: verifique "
    "se o sol ou uma luminária está no campo de visão",
    "a part of its image has lost its detail: check the lens for dirt and water, and for an obstacle": "parte de "
    "sua imagem perdeu a nitidez: verifique se há sujeira, água ou obstáculo na lente",
    r"its clock is slow by (?P<s>\d+) s per hour or more: check its time server": "seu relógio atrasa {s} s por hora "
    "ou mais: verifique o servidor de horário",
    r"its clock is fast by (?P<s>\d+) s per hour or more: check its time server": "seu relógio adianta {s} s por hora "
    "ou mais: verifique o servidor de horário",
    "its clock is steady again": "seu relógio está estável novamente",
    "its images are too dark": "suas imagens estão escuras demais",
    "its images are too bright": "suas imagens estão claras demais",
    "its images have no contrast: check whether the lens is obstructed": "suas imagens não têm contraste: verifique se "
    "a lente está obstruída",
    "its images are blurred: check the focus, and the lens for dirt and water": "suas imagens estão borradas: "
    "verifique o foco, e se há sujeira ou água na lente",
    "its images do not change: check whether the camera is frozen": "suas imagens não mudam: verifique se a câmera "
    "travou",
    "the recorder was not running, or the files are gone": "o gravador não estava em execução, ou os arquivos não "
    "existem mais",
    "not recorded, or no longer stored": "não gravado, ou não mais armazenado",
    "the recorder was stopped": "o gravador foi parado",
    "the recorder was killed": "o gravador foi encerrado",
    "the disk was too slow": "o disco foi lento demais",
    r"writing failed: (?P<inner>.*)": "falha na gravação: {inner}",
    "no space left on device": "não há espaço no disco",
    "the stream ended": "o fluxo terminou",
    r"the connection was lost: (?P<inner>.*)": "a conexão foi perdida: {inner}",
    "the camera was reconnected": "a câmera foi reconectada",
    "the camera's clock jumped": "o relógio da câmera saltou",
    "the image size or the camera's clock changed": "o tamanho da imagem ou o relógio da câmera mudou",
    r"the decoder (?:crashed|was killed) \((?P<signal>SIG[A-Z]+)\)": "o processo que decodifica a câmera foi encerrado "
    "({signal})",
    "erased on request": "eliminado a pedido",
    "its images are usable again": "suas imagens voltaram a ser úteis",
    r"speeds by the calibration are above the maximum for (?P<share>\d+)% of the vehicles: measure its points again": ""
    "pela calibração, {share}% dos veículos passam da velocidade máxima: meça os pontos outra vez",
    r"traffic is not counted: the areas are of an image of (?P<drawn>\d+×\d+), and the camera sends "
    r"(?P<size>\d+×\d+)": "o tráfego não é contado: as áreas são de uma imagem de {drawn}, e a câmera envia {size}",
}
_PATTERNS: Final = {re.compile(pattern, re.IGNORECASE): text for pattern, text in _TEXTS.items()}


def portuguese_detail(detail: str) -> str:
    """The reason in Portuguese; one that is not known is quoted as being English."""
    return _known(detail.strip()) or f"em inglês: {detail.strip()}"


def portuguese_gap(reason: str) -> str:
    """The reason of a gap of recorded video in Portuguese: one, or several with semicolons between them."""
    return "; ".join(dict.fromkeys(map(portuguese_detail, reason.split("; "))))


def _known(detail: str) -> str:
    for pattern, text in _PATTERNS.items():
        if found := pattern.fullmatch(detail):
            values = {name: value.replace(".", ",") for name, value in found.groupdict().items()}
            if "inner" in values:
                values["inner"] = portuguese_detail(found["inner"])
            return text.format(**values)
    if found := _IN_PARENTHESES.fullmatch(detail):
        words = _known(found["words"])
        return f"{words} ({portuguese_detail(found['inner'])})" if words else ""
    return ""
