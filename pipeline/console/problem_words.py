"""Portuguese of the errors that people meet in the console; an error that is not here is shown in English."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

PORTUGUESE: Final[Mapping[str, str]] = {
    "Try again with the next code; after five attempts wait 15 minutes, or ask your administration": "Tente de novo "
    "com o próximo código. Depois de cinco tentativas, aguarde 15 minutos ou procure a administração.",
    "knows you, but no account is connected with you there": "O seu órgão confirmou quem você é, mas nenhuma conta "
    "está ligada ao seu cadastro lá.",
    "Accounts are registered first (art. 5): ask your administration for people add and people directory": "A conta é "
    "cadastrada antes (art. 5º): procure a administração do seu órgão.",
    "was not begun in this browser, or has ended": "A entrada não começou neste navegador ou já expirou.",
    "Begin again": "Comece de novo.",
    "Begin again; if it stays so, notify your administration": "Comece de novo; se continuar, avise a administração.",
    "did not recognize you": "O seu órgão não confirmou quem você é.",
    "Log in by password, and notify your administration": "Entre com a senha e avise a administração.",
    "is wrong, or was used before": "A senha ou o código não confere, ou o código já foi usado.",
    "was typed differently the second time": "As duas digitações da nova senha diferem.",
    "Type it again": "Digite de novo.",
    "is easily guessed": "É fácil de adivinhar.",
    "Choose several unrelated words": "Escolha várias palavras sem relação entre si.",
    "is the present one": "A nova senha é igual à atual.",
    "Choose another one": "Escolha outra.",
    "is none of yours that is open": "Não é uma sessão aberta da sua conta.",
    "List your sessions": "Atualize a página.",
    "makes no passkey": "A resposta do aparelho não serve para uma chave de acesso.",
    "Begin again, and unlock the device": "Comece de novo e desbloqueie o aparelho.",
    "was not asked for in this browser, or too long ago": "A chave de acesso não foi pedida neste navegador ou o "
    "pedido expirou.",
    "is known here already": "Esta chave já está cadastrada.",
    "Use it, or take another device": "Use-a ou escolha outro aparelho.",
    "Remove one that is not used": "Retire uma que não é usada.",
    "Ask your administration": "Procure a administração do seu órgão.",
    "has neither a session nor a token": "Sua sessão terminou.",
    "Log in": "Entre novamente.",
    "Log in again": "Entre novamente.",
    "Too many log-ins from this address": "Muitas tentativas de entrada a partir deste endereço.",
    "Too many requests of this account": "Muitas solicitações desta conta em um minuto.",
    "Too many people log in at the moment": "Muitas pessoas estão entrando neste momento.",
    "is not possible, as no run of the cameras answers": "Nenhuma execução das câmeras responde nesta máquina; por "
    "isso não há imagem ao vivo.",
    "Start it: viapublica run": "Peça à equipe técnica que a inicie (viapublica run).",
    "ended, as the run of the cameras did": "A imagem ao vivo terminou, pois a execução das câmeras terminou.",
    "Open it again when it runs": "Abra de novo quando ela voltar.",
    "ended, as your roles or a camera changed": "A imagem ao vivo terminou, pois suas funções ou uma câmera mudaram.",
    "Open it again": "Abra de novo.",
    "ended, as an image came without its masks": "A imagem ao vivo terminou, pois chegou uma imagem sem as máscaras "
    "de privacidade.",
    "Restart the run of the cameras": "Avise a equipe técnica.",
    "Too many people watch live at the moment": "Muitas pessoas acompanham câmeras ao vivo neste momento.",
    "Close a view, or try again later": "Feche uma visualização ou tente mais tarde.",
    "Too many people follow the alerts of this server": "Muitas pessoas acompanham os alertas neste servidor.",
    "Search for them, or try again later": "Atualize a página de tempos em tempos ou tente mais tarde.",
    "Try again": "Tente novamente.",
    "The audit is being verified": "A auditoria já está sendo verificada.",
    "Ask again when it is": "Tente de novo quando a verificação terminar.",
    "Too many verifications by this account": "Muitas verificações por esta conta: são quatro por hora.",
    "X-CSRF-Token is missing or wrong": "A página é de uma sessão anterior.",
    "Send the csrf_token of the log-in (GET /session) with every request that is not a GET": "Abra a página novamente.",
    "The request comes from a page of another site": "O pedido veio da página de outro site.",
    "is not a plate": "Não é uma placa.",
    "names a plate, which could not be erased from here": "O texto contém uma placa, que "
    "daqui não poderia ser eliminada.",
    "Cite the number of the case or request": "Cite o número do procedimento ou do pedido.",
    "of the question is not registered, or you may not ask about it for this purpose": "A câmera não está "
    "cadastrada, ou você não pode consultá-la para esta finalidade.",
    "Leave the cameras out to ask about all that you may ask about": "Deixe o campo das câmeras vazio para consultar "
    "todas as que lhe são permitidas.",
    "that you may ask about have sent no event yet": "As câmeras que você pode consultar ainda não enviaram eventos.",
    "cannot be used": "Não pode ser usado.",
    "cannot be read": "Não pode ser lido.",
    "Send it again": "Envie novamente.",
    "Correct the field": "Corrija o campo.",
    "is not among the stored alerts": "O incidente não está entre os alertas armazenados.",
    "See viapublica alerts list": "Atualize a caixa de alertas.",
    "is closed with a reason, and only then has one": "Para encerrar, informe o motivo.",
    "Give true, false, duplicate or test": "Escolha um dos motivos da lista.",
    "is a duplicate of another incident, and only then names one": "Informe de qual incidente este é duplicata.",
    "Name that incident": "Digite o início do número do outro incidente.",
    "Add a comment if something is missing": "Se faltar algo, acrescente um comentário.",
    "Ask them, or take it over (--take-over)": "Fale com a pessoa, ou assuma o incidente.",
    "was written by you": "A passagem foi escrita por você.",
    "A person of the next shift acknowledges it": "Quem a confirma é uma pessoa do turno seguinte.",
    "does not exist": "Não existe.",
    "Nothing is left to do": "Não há mais nada a fazer.",
    "is none of the list": "Não é um dos valores da lista.",
    "Choose one": "Escolha um deles.",
    "names neither a camera nor a file (decree 18.743/2014 art. 9 §3)": "Faltam a câmera e o período.",
    "has no start or no end": "Informe o início e o fim do período.",
    "lies in the future": "O período ainda não passou: só se pedem imagens gravadas.",
    "is empty: it ends when it begins": "O período termina quando começa.",
    "ends before it begins": "O período termina antes de começar.",
    "has been shown to its end": "O vídeo foi mostrado até o fim.",
    "Choose another time": "Escolha outro momento.",
    "is not stored by this installation": "Esta instalação não guarda gravações.",
    "Have it recorded: record": "Procure a equipe técnica.",
    "may be shown to you with persons masked only, as a release has it": "Só pode ser mostrado a você com as pessoas "
    "mascaradas, como numa disponibilização.",
    "Request a release": "Registre o pedido em Disponibilizações.",
    "was recorded without its declaration, or turned meanwhile, so that its masks are not known": "As máscaras de "
    "privacidade desse momento não são conhecidas; por isso a imagem não é mostrada.",
    "was not recorded": "Nada está gravado desse momento.",
    "has no recorded video": "A câmera não tem gravações.",
    "is empty": "O arquivo está vazio.",
    "Choose the scanned document": "Escolha o documento digitalizado.",
    "has no document of the recipient yet": "Ainda não há documento do destinatário.",
    "has no file yet": "Ainda não há vídeo produzido.",
    "has no such file": "Este vídeo não é desta disponibilização.",
    "Show the disclosure again": "Abra a página novamente.",
    "is not in the folder of releases": "O arquivo não está na pasta de disponibilizações deste servidor.",
    "Search for it where it was built": "Procure-o onde foi produzido.",
    "was changed since it was registered": "O arquivo foi alterado depois do registro.",
    "Compare it with a backup": "Compare-o com uma cópia de segurança.",
    "cannot be built by this server: it has no recording or no certificate": "Este servidor não produz vídeos: "
    "falta-lhe a configuração das gravações ou o certificado da instituição.",
    "was approved anew while it was being built": "A disponibilização foi autorizada de novo durante a produção.",
    "Build it again": "Produza o vídeo novamente.",
    "ended without a result": "A produção terminou sem resultado.",
    "See the log of the server": "Veja o registro de eventos do servidor.",
    "Enter the request again": "Registre o pedido novamente.",
    "is not approved": "A disponibilização não está autorizada.",
    "would be empty: nothing was found": "O arquivo ficaria vazio: nada foi encontrado.",
    "Search for something else": "Faça outra consulta.",
    "are not one": "Esta consulta é de uma placa só.",
    "Type one plate or one pattern": "Digite uma placa ou um padrão.",
    "cannot be searched for, as no camera that you may ask about has coordinates": "Não há como procurar clones: "
    "nenhuma câmera que você pode consultar tem coordenadas cadastradas.",
    "Have latitude and longitude of the cameras registered": "Peça à administração que cadastre a latitude e a "
    "longitude das câmeras.",
    "would be empty: there are no figures then": "O arquivo ficaria vazio: não há dados nesse período.",
    "Choose another time range": "Escolha outro período.",
    "there is no event store yet": "Ainda não há eventos armazenados.",
    "Start `viapublica run`, or `viapublica kafka ingest` where events come by Kafka.": "Eles aparecem quando as "
    "câmeras forem analisadas (viapublica run).",
    "is registered already": "Já está cadastrado.",
    "Choose another id": "Escolha outro identificador.",
    "is not registered": "Não está cadastrado.",
    "is missing": "Falta um campo obrigatório.",
    "State it": "Preencha-o.",
    "Confirm that the person left": "Confirme que a pessoa saiu.",
    "is not possible": "O usuário tem caracteres que não podem ser usados.",
    "Use ASCII letters, digits, dot, dash, underscore and @: ana.souza": "Use letras sem acento, algarismos, ponto, "
    "hífen, sublinhado e @: ana.souza.",
    "is no document number": "Não é um número de documento.",
    "Give the CPF or the number of the staff record": "Informe o CPF ou a matrícula.",
    "is no CPF: its check digits are wrong": "O CPF não existe: os dígitos verificadores não conferem.",
    "Correct the number": "Corrija o número.",
    "lies before the year 2000": "A data é anterior ao ano 2000.",
    "Correct the year": "Corrija o ano.",
    "Give a later end": "Informe um fim posterior.",
    "is not understood": "A data não pôde ser entendida.",
    "left the function": "A pessoa saiu da função.",
    "cannot decide on their own account or permissions": "Ninguém muda o próprio cadastro.",
    "belongs to the general administration only (decree 18.743/2014 art. 3)": "A função é só da administração geral "
    "(Decreto 18.743/2014, art. 3º).",
    "is none for partners: they watch their own cameras only (BH + Segura)": "Pessoas de parceiros só acompanham as "
    "próprias câmeras (BH + Segura): dê-lhes a função de observador.",
    "is not granted": "A pessoa não tem essa função.",
    "is no number of days": "Não é um número de dias.",
    "Give 1 to 3650 days": "Informe de 1 a 3650 dias.",
    "names no purpose or no operation": "Falta marcar ao menos uma finalidade e uma operação.",
    "State each of them": "Marque-as.",
    "shares a body's cameras with itself": "O órgão que compartilha e o que recebe são o mesmo.",
    "Name another recipient": "Escolha outro órgão que recebe.",
    "was not checked, so the data may be those of another person": "Falta dizer o que foi conferido: os dados podem "
    "ser de outra pessoa.",
    "is empty or in the future": "O período está vazio ou ainda não passou.",
    "State date and time of the passage": "Informe data e hora da passagem.",
    "Name the cameras, or the place in words (decree art. 19 §1)": "Informe as câmeras, ou o local em palavras "
    "(art. 19, § 1º).",
    "does not say to what": "Falta a placa, ou o que ajuda a achar os dados.",
    "State the plate, or characteristics": "Informe a placa ou características.",
    "names the plate, which the register must not hold": "Um dos textos traz a placa, que o registro não pode guardar.",
    "erases data, which the console does not": "O deferimento exclui dados, o que não se faz no console.",
    "Decide it where the run can be stopped: viapublica requests decide": "Decida o pedido onde a execução das câmeras "
    "pode ser parada: viapublica requests decide.",
    "was received with another plate": "O pedido foi recebido com outra placa.",
    "was received with a plate": "O pedido foi recebido com uma placa.",
    "Give the plate that it was received with: --plate -": "Informe a placa com que foi recebido.",
    "is not in the future": "O fim da preservação já passou.",
    "Give a later end: --until": "Informe um fim posterior.",
    "is not in force": "A preservação não está em vigor.",
    "Name the person responsible and the reason": "Informe o motivo.",
    "is no network address": "Não é um endereço de rede.",
    "Give the address of the camera, such as rtsp://10.20.0.11/stream1": "Informe o endereço da câmera, como "
    "rtsp://10.20.0.11/stream1.",
    "names a host that is not known": "O nome da máquina no endereço não é conhecido.",
    "Check the name, or give its number": "Confira o nome, ou informe o número dela.",
    "is not that of a camera in the network": "O endereço não é o de uma câmera na rede.",
    "is in the configuration already": "Já há uma câmera com esse identificador na configuração.",
    "is not known to this server": "Este servidor não conhece a configuração das câmeras.",
    "Start it with --config: viapublica serve": "Peça à equipe técnica que o inicie com --config.",
    "has to wait: another camera is being connected to": "Outra câmera está sendo acessada.",
    "Try again in a minute": "Tente de novo em um minuto.",
    "did not answer in time": "A câmera não respondeu a tempo.",
    "Check its address and the network": "Confira o endereço e a rede.",
    "was not begun": "O desenho não foi iniciado.",
    "Begin it on the page of the camera": "Inicie-o na página da câmera.",
    "was registered by you, and no one approves their own request": "Quem cadastrou a câmera não autoriza o projeto.",
    "is no number of degrees": "Não é um número de graus.",
    "Write it like -19.92": "Escreva como -19,92.",
    "The address or a field cannot be used": "O endereço ou um dos campos não pode ser usado.",
    "Nothing matches the given URI": "O endereço não existe.",
}
"""Text or remedy by English one."""
_PATTERNS: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (
        re.compile("is refused: login, password or code is wrong, or the account is not active"),
        "O usuário, a senha ou o código não confere, ou a conta não está ativa.",
    ),
    (
        re.compile("is refused: the code or the institution is wrong, or the account is not active"),
        "O código não confere, o órgão não é o da sua conta, ou a conta não está ativa.",
    ),
    (re.compile(r"does not answer \(\w+\)"), r"Não responde no momento."),
    (re.compile(r"its (?:answer|ID token) .+"), r"A resposta do seu órgão não pôde ser aceita."),
    (
        re.compile(r"is registered already: (\S+) has this (?:login|document|system user)"),
        r"Já está cadastrado: o usuário ou o documento é de \1.",
    ),
    (re.compile(r"is acknowledged by (\S+) since (.+)"), r"Está com \1 desde \2."),
    (re.compile(r"is escalated by (\S+) since (.+)"), r"Foi encaminhado por \1 em \2."),
    (re.compile(r"was closed as \w+ by (\S+) at (.+)"), r"Foi encerrado por \1 em \2."),
    (re.compile(r"was acknowledged by (\S+)"), r"Já foi confirmada por \1."),
    (re.compile(r"Wait (\d+) s"), r"Aguarde \1 s."),
    (
        re.compile(r"is empty, and every disclosure is registered with it .+"),
        "Um campo obrigatório está vazio: toda disponibilização é registrada com destinatário, conteúdo e finalidade "
        "(art. 9º, § 3º).",
    ),
    (re.compile(r"a refusal needs reasons, .+"), "Uma negativa exige o motivo."),
    (re.compile(r"was already approved by (.+)"), r"Já foi autorizada por \1."),
    (re.compile(r"was already refused by (.+)"), r"Já foi negada por \1."),
    (re.compile(r"has to wait: (\S+) is being built"), r"Outro vídeo está sendo produzido: \1. Espere que termine."),
    (
        re.compile(r"was entered by (.+), who cannot also approve it"),
        r"Foi registrada por \1, que não pode também autorizá-la.",
    ),
    (
        re.compile(r"was entered by (.+), who is not one registered person"),
        r"Foi registrada por \1, que não é uma pessoa cadastrada.",
    ),
)


def in_portuguese(english: str) -> str:
    """A text or remedy in Portuguese; "" where none is known."""
    if english in PORTUGUESE:
        return PORTUGUESE[english]
    for pattern, wording in _PATTERNS:
        if found := pattern.fullmatch(english):
            return found.expand(wording)
    return ""
