"""Notes about what an erasure leaves: each says what to do, in English and in Portuguese."""

from __future__ import annotations

from typing import Final

from pipeline.domain.erasure import LeftNote
from pipeline.domain.plural import counted

COPIES: Final = LeftNote(
    "copies that were made elsewhere: backups, exports, released clips, spools of other machines; find them by their "
    "owners, and erase there",
    "Cópias feitas em outros lugares: cópias de segurança, exportações, vídeos disponibilizados, filas de outras "
    "máquinas. Localize-as com seus responsáveis e elimine-as lá.",
)
NO_CONFIGURATION: Final = LeftNote(
    "sinks outside the data folder, recorded video, previews: no configuration was named; add --config",
    "Destinos fora da pasta de dados, vídeo gravado e imagens de conferência: nenhuma configuração foi indicada; "
    "repita com --config.",
)
EXPORTED: Final = LeftNote(
    "exported files that may hold the data; they were listed for the person who erased",
    "Arquivos exportados que podem conter os dados; foram listados para o responsável pela eliminação, com o que fazer "
    "em cada caso.",
)
SHOWN: Final = LeftNote(
    "recorded video in which the vehicle is shown; cameras and times were given to the person who erased",
    "Vídeo gravado em que o veículo aparece; câmeras e horários foram informados ao responsável pela eliminação, com o "
    "comando que elimina cada trecho.",
)
DISCLOSED: Final = LeftNote(
    "disclosed video in which the vehicle may be shown; its numbers were given to the person who erased",
    "Vídeo disponibilizado em que o veículo pode aparecer; os números das disponibilizações foram informados ao "
    "responsável pela eliminação, com o que fazer em cada caso.",
)


def unnamed_store(folder: str) -> LeftNote:
    """An embedded event store that the configuration does not name."""
    return LeftNote(
        f"event store {folder}, which the configuration does not name: delete the folder, or name it as the path of a "
        "chdb sink and erase again",
        f"Banco de eventos {folder}, que a configuração não indica: apague a pasta, ou indique-a como caminho de um "
        "destino chdb e elimine novamente.",
    )


def former_server(server: str) -> LeftNote:
    """A database server of a former configuration."""
    return LeftNote(
        f"{server}, written under an earlier configuration: name it as a sink or `store` and erase again, or drop its "
        "database",
        f"{server}, gravado sob configuração anterior: indique-o como destino ou `store` e elimine novamente, ou "
        "apague o banco.",
    )


def missing_path(path: str) -> LeftNote:
    """A file or folder of a former configuration that is not there now."""
    return LeftNote(
        f"{path}, written under an earlier configuration, is not there now: mount its disk and erase again; if it was "
        "moved, erase where it is",
        f"{path}, gravado sob configuração anterior, não se encontra mais lá: monte o disco e elimine novamente; se "
        "foi movido, elimine onde está.",
    )


def restored_copy(folder: str) -> LeftNote:
    """A restored backup, or what a killed restore left."""
    return LeftNote(
        f"restored backup {folder}: it is not searched; delete it when its parts are at their places, and what is left "
        "of an interrupted restore at once",
        f"Cópia de segurança restaurada {folder}: não é pesquisada; apague-a quando suas partes estiverem no lugar, e "
        "imediatamente o que restou de uma restauração interrompida.",
    )


def other_data_folder(folder: str) -> LeftNote:
    """A data folder beside the configured one: that of before a restore or of an earlier configuration."""
    return LeftNote(
        f"data folder {folder}, which the configuration does not name: delete it, or erase there with --data",
        f"Pasta de dados {folder}, que a configuração não indica: apague-a, ou elimine nela com --data.",
    )


def former_sink(sink: str) -> LeftNote:
    """A sink that the configuration does not name, whose spool is still here."""
    return LeftNote(
        f"what sink {sink} delivered under an earlier configuration, unless a file of it is listed: erase it at its "
        "destination",
        f"O que o destino {sink} entregou sob configuração anterior, exceto os arquivos listados: elimine onde foi "
        "entregue.",
    )


def kafka_topics(sink: str, topics: str) -> LeftNote:
    """The topics of a Kafka sink."""
    return LeftNote(
        f"Kafka topics {topics} of sink {sink}, dead letters included: a log cannot be changed; keep their "
        "retention.ms short",
        f"Tópicos Kafka {topics} do destino {sink}, inclusive os de mensagens rejeitadas: um log não se altera; "
        "mantenha curto o retention.ms.",
    )


def standard_output(sink: str) -> LeftNote:
    """The standard output of a sink."""
    return LeftNote(
        f"standard output of sink {sink}: erase it where that output is stored",
        f"Saída padrão do destino {sink}: elimine onde essa saída é guardada.",
    )


def replaced_files(server: str) -> LeftNote:
    """Files of a server that deletions have replaced."""
    return LeftNote(
        f"{server}: the server itself deletes the files of before, some minutes later (old_parts_lifetime, 480 s by "
        "default)",
        f"{server}: o próprio servidor apaga os arquivos anteriores alguns minutos depois (old_parts_lifetime, por "
        "padrão 480 s).",
    )


def unlisted_parts(server: str) -> LeftNote:
    """Damaged parts of a server that cannot be listed."""
    return LeftNote(
        f"{server}: parts that it has set aside as damaged; this server or login cannot list them: delete what lies in "
        "the folders `detached` of its tables",
        f"{server}: partes separadas por dano; este servidor ou usuário não as lista: apague o conteúdo das pastas "
        "`detached` de suas tabelas.",
    )


def deletion_history(server: str, deletions: int) -> LeftNote:
    """Deletions in a server's history that name the plate."""
    return LeftNote(
        f"{server}: the history of {deletions} deletions by an earlier version of this program names the plate; this "
        "server cannot remove it: delete the files mutation_*.txt of its tables while it is stopped",
        f"{server}: o histórico de {deletions} exclusões feitas por uma versão anterior deste programa contém a placa, "
        "e este servidor não o remove: com o servidor parado, apague os arquivos mutation_*.txt de suas tabelas.",
    )


def held_previews(camera_id: str, files: int) -> LeftNote:
    """Previews that holds preserve."""
    preserved = "1 preservada" if files == 1 else f"{files} preservadas"
    return LeftNote(
        f"previews of {camera_id}: {counted(files, 'file')} preserved by holds; see `viapublica camera holds`",
        f"Imagens de conferência da câmera {camera_id}: {preserved} por ordem de preservação.",
    )


def held_events(camera_id: str, events: int, hold_id: str, reason: str) -> LeftNote:
    """Stored events that a hold preserves."""
    preserved = "1 registro preservado" if events == 1 else f"{events} registros preservados"
    return LeftNote(
        f"events of {camera_id}: {events} preserved by hold {hold_id}, {reason}; when the reason has ended: "
        f"`viapublica camera unhold {hold_id} --by NAME --config FILE`, then erase again",
        f"Registros da câmera {camera_id}: {preserved} pela ordem de preservação {hold_id}, {reason}. "
        f"Cessado o motivo: `viapublica camera unhold {hold_id} --by NOME --config ARQUIVO`, e elimine novamente.",
    )


def held_video(camera_id: str, files: int, hold_id: str, reason: str) -> LeftNote:
    """Recorded video that a hold preserves."""
    preserved = "1 arquivo preservado" if files == 1 else f"{files} arquivos preservados"
    return LeftNote(
        f"recorded video of {camera_id}: {counted(files, 'file')} preserved by hold {hold_id}, {reason}; when the "
        f"reason has ended: `viapublica camera unhold {hold_id} --by NAME --config FILE`, then erase again",
        f"Vídeo gravado da câmera {camera_id}: {preserved} pela ordem de preservação {hold_id}, {reason}. "
        f"Cessado o motivo: `viapublica camera unhold {hold_id} --by NOME --config ARQUIVO`, e elimine novamente.",
    )
