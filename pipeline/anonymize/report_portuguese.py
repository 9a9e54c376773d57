"""Portuguese sentences and nouns of the report of a redacted video, by their English ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.domain.language import ENGLISH, Language, portuguese
from pipeline.domain.locale import Locale

NOUNS: Final[Mapping[str, tuple[str, str]]] = {
    "person": ("pessoa", "pessoas"),
    "face": ("rosto", "rostos"),
    "plate": ("placa", "placas"),
    "windscreen": ("para-brisa", "para-brisas"),
    "car": ("carro", "carros"),
    "truck": ("caminhão", "caminhões"),
    "bus": ("ônibus", "ônibus"),
    "motorcycle": ("motocicleta", "motocicletas"),
    "bicycle": ("bicicleta", "bicicletas"),
    "frame": ("quadro", "quadros"),
    "packet": ("pacote", "pacotes"),
    "region": ("região", "regiões"),
    "object": ("objeto", "objetos"),
    "place": ("local", "locais"),
    "area": ("área", "áreas"),
    "residual detection": ("detecção residual", "detecções residuais"),
    "reference object": ("objeto de referência", "objetos de referência"),
    "further round": ("rodada adicional", "rodadas adicionais"),
}
TEXTS: Final[Mapping[str, str]] = {
    # Heading
    "Anonymized release": "Vídeo anonimizado",
    "Must not be released: {problems}": "Não pode ser cedido: {problems}",
    "No unredacted person, face or plate was detected": "Nenhuma pessoa, rosto ou placa sem ocultação foi detectada",
    "No unredacted person, face or plate was detected outside {exempted} that two persons agreed on": "Nenhuma pessoa, "
    "rosto ou placa sem ocultação foi detectada fora de {exempted}, isentada por decisão de duas pessoas",
    "Detectors miss objects. {recall} Play the clip once before it is released.": "Detectores deixam passar objetos. "
    "{recall} Assista ao vídeo uma vez antes de disponibilizá-lo.",
    "Detectors miss objects. {recall} Play the clip once before it is released, and check those regions.": "Detectores "
    "deixam passar objetos. {recall} Assista ao vídeo uma vez antes de disponibilizá-lo e confira essas regiões.",
    "Not verified by independent detectors": "Não verificado por detectores independentes",
    "Of {references} in the original they detect {detected}.": "De {references} no original, eles detectam {detected}.",
    # Facts
    "The release": "A disponibilização",
    "Number": "Número",
    "Recipient": "Destinatário",
    "Legal basis": "Base legal",
    "Legal grounds": "Fundamento legal",
    "judiciary": "Poder Judiciário",
    "public-ministry": "Ministério Público",
    "police": "Polícia",
    "agreement": "convênio",
    "research": "pesquisa",
    "media": "imprensa",
    "Purpose": "Finalidade",
    "Declaration": "Declaração do destinatário",
    "Requisition": "Requisição",
    "Requested by": "Registrado por",
    "Approved by": "Aprovado por",
    "Camera": "Câmera",
    "Requested span": "Período solicitado",
    "{begin} to {end}": "{begin} a {end}",
    "First frame": "Primeiro quadro",
    "Privacy masks": "Máscaras de privacidade",
    "{areas}, black before detection": "{areas}, em preto antes da detecção",
    "Captions of the camera": "Legendas da câmera",
    "not masked in {areas} of the configuration ({share}% of the image)": "sem ocultação em {areas} da configuração "
    "({share}% da imagem)",
    "Not recorded": "Não gravado",
    "{begin} to {end}: {reason}": "{begin} a {end}: {reason}",
    "Source": "Origem",
    "Damaged": "Danos",
    "{packets} could not be decoded and are missing": "{packets} sem decodificação possível, ausentes do vídeo",
    "{packets} could not be decoded and is missing": "{packets} sem decodificação possível, ausente do vídeo",
    "File": "Arquivo",
    "SHA-256": "SHA-256",
    "Length": "Duração",
    "{seconds} s, {frames} of {size}": "{seconds} s, {frames} de {size}",
    "Overlay": "Tarja",
    "Signed by": "Assinado por",
    "not signed": "não assinado",
    "Report made": "Relatório emitido em",
    # Masks
    "Masked objects over time": "Objetos ocultados ao longo do tempo",
    "Masked: {objects}. {mean}% of the image is masked on average, at most {worst}% (frame {frame}).": "Ocultados: "
    "{objects}. Em média, {mean}% da imagem está oculta; no máximo, {worst}% (quadro {frame}).",
    "no objects were detected": "nenhum objeto foi detectado",
    "When each object is masked": "Quando cada objeto está ocultado",
    "{object}, {begin} to {end}": "{object}, {begin} a {end}",
    "person": "pessoa",
    "face": "rosto",
    "plate": "placa",
    "manual regions, windscreens": "regiões manuais, para-brisas",
    "Redaction masks": "Máscaras de ocultação",
    "This report contains no pixel of any video. Filled: redaction masks. Outlined: detections.": "Este relatório não "
    "contém nenhum pixel de vídeo. Preenchido: máscaras de ocultação. Contorno: detecções.",
    "Masks at {time}": "Máscaras em {time}",
    "{time} (frame {frame})": "{time} (quadro {frame})",
    "{time} (frame {frame}), most of which is masked": "{time} (quadro {frame}), o mais ocultado",
    # Verification
    "Verification of the finished file": "Verificação do arquivo final",
    "Check": "Verificação",
    "Result": "Resultado",
    "passed": "aprovado",
    "failed": "reprovado",
    "Verification detectors on every frame ({detectors})": "Detectores de verificação em cada quadro ({detectors})",
    "Verification detectors on every frame ({detectors} – includes the detector that chose the masks: not "
    "independent)": "Detectores de verificação em cada quadro ({detectors} – inclui o detector que escolheu as "
    "máscaras: não independente)",
    "{objects} masked in {rounds}": "{objects} em {rounds} de ocultação",
    "Recall of the verification detectors on the original": "Sensibilidade dos detectores de verificação no original",
    "{number} of {objects}": "{number} de {objects}",
    "no reference objects": "sem objetos de referência",
    "Unredacted objects per minute that they could detect": "Objetos sem ocultação, por minuto, que poderiam detectar",
    "{rate} (95%: {low} to {high}); wide for short clips": "{rate} (95%: {low} a {high}); amplo em vídeos curtos",
    "Plates read in the finished file ({reader})": "Placas lidas no arquivo final ({reader})",
    "Persons re-identified among images of all of them": "Pessoas reidentificadas entre imagens de todas elas",
    "Faces re-identified among images of all of them": "Rostos reidentificados entre imagens de todos eles",
    "more often than by chance: {hits} of {people}, expected by chance 1, without masks {baseline}": "acima do acaso: "
    "{hits} de {people}; esperado ao acaso 1; sem máscaras {baseline}",
    "no more often than by chance: {hits} of {people}, expected by chance 1, without masks {baseline}": "não acima do "
    "acaso: {hits} de {people}; esperado ao acaso 1; sem máscaras {baseline}",
    "too few to try": "poucos para testar",
    # Lists
    "Residual detections": "Detecções residuais",
    "Object": "Objeto",
    "From": "De",
    "To": "Até",
    "Frames": "Quadros",
    "Score": "Pontuação",
    "Near vehicles without a masked plate": "Veículos próximos sem placa ocultada",
    "Their plate may face away, or was missed. Check these frames.": "A placa pode não estar voltada para a câmera ou "
    "não ter sido detectada. Confira estes quadros.",
    "Largest in frame": "Maior no quadro",
    "Box": "Retângulo",
    "{left}, {top} to {right}, {bottom}": "{left}, {top} a {right}, {bottom}",
    "Manual regions": "Regiões manuais",
    "Decision": "Decisão",
    "Reason": "Motivo",
    "redacted": "ocultada",
    "exempted, approved by a second person": "isentada, aprovada por segunda pessoa",
    "end": "fim",
    "{regions} ({share}% of the image)": "{regions} ({share}% da imagem)",
    "Unredacted by exemption": "Sem ocultação por isenção",
    "nothing": "nada",
    "{mean}% of the image on average and at most {worst}%, in {seconds} s": "{mean}% da imagem em média e no máximo "
    "{worst}%, durante {seconds} s",
    # Limits
    "Limits": "Limites",
    "Detectors miss objects, also those that verify. The miss rate counts what the verification detectors could have "
    "detected; persons that all of them miss are in no figure here.": "Detectores deixam passar objetos, inclusive os "
    "de verificação. A taxa de omissão conta o que os detectores de verificação poderiam ter detectado; pessoas que "
    "nenhum deles detecta não entram em nenhum número deste relatório.",
    "Place, time, size and motion of the masks remain. A reader who knows that a person was there at that minute can "
    "guess which mask is theirs.": "Permanecem lugar, hora, tamanho e movimento das máscaras. Quem sabe que uma pessoa "
    "estava ali naquele minuto pode supor qual máscara é a dela.",
    "Shop fronts, unusual vehicles, signs and clothes outside of masks are not searched for.": "Fachadas, veículos "
    "incomuns, letreiros e roupas fora das máscaras não são procurados.",
    "The re-identification attack compares colors and shapes; stronger ones may exist. Under an opaque fill no attack "
    "has any information.": "O ataque de reidentificação compara cores e formas; pode haver outros mais fortes. Sob "
    "preenchimento opaco, nenhum ataque dispõe de informação.",
    # Program
    "Software and models": "Programa e modelos",
    "Software": "Programa",
    "Style": "Estilo",
    "fill": "preenchimento",
    "silhouette": "silhueta",
    "mosaic": "mosaico",
    "blur": "desfoque",
    "{style} – weak: computed from the pixels that it hides, and attacks reverse it": "{style} – fraco: calculado a "
    "partir dos pixels que oculta; ataques o revertem",
    "Model {name}": "Modelo {name}",
    "Policy": "Política de ocultação",
}
"""By the English sentence; ``{names}`` stay as they are."""

PORTUGUESE: Final = portuguese(TEXTS, NOUNS)


def report_language(locale: Locale | None) -> Language:
    """The language of a locale's readers, for the report."""
    return PORTUGUESE if locale is Locale.PT_BR else ENGLISH
