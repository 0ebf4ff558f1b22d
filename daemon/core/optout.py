"""Tells whether a reply, as a whole, asks to be texted no more or to be texted again, or is for a person to read first.

The whole message must say so: "I want to quit" or "stop them hurting me" is no opt-out but a disclosure, and nothing
more is sent to that number before a person has read it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

STOP_WORDS: Final = (
    "stop", "stopall", "stop all", "stop now", "stop all now", "unsubscribe", "unsub", "cancel", "end", "quit",
    "revoke", "optout", "opt out", "remove", "remove me", "stp", "stpo", "sotp", "st0p", "5top", "unsubcribe",
    "unsuscribe", "stopio", "stopiwch", "stopia", "dad danysgrifio", "dad tanysgrifio", "optio allan",
)
_TEXTS: Final = "(?:texts?|txts?|text messages?|messages?|msgs?|sms|alerts?|notifications?)"
_TEXTING: Final = "(?:(?:tex|tx|contac)ting|messaging|msging|spamming|calling|ringing|bothering|harassing|pestering)"
_ME: Final = "(?:me|us|this number|my number|my phone)"
_MORE: Final = "(?: (?:again|any ?more|now))?"
_STUFF: Final = "(?:this|these|them|any ?more|anything(?: else)?)(?: (?:shit|crap|spam|stuff|rubbish))?"
_LIST: Final = "(?:(?:mailing|contact|text) )?(?:list|database|system|records)"
_FROM_LIST: Final = f"(?:from|off|out of) (?:your|ur|the|this) {_LIST}"
_ANY: Final = "(?:any ?more|any|more|of|these|your)"
_NOT: Final = "(?:do not|don t|dont)"
_WISH: Final = "(?:(?:i (?:want|wish|would like|d like|need)|id like) to )?"
_THESE: Final = "(?:this|these|your|the|all)(?: list| service| texts| messages)?"
_CY_NOT: Final = "(?:peidiwch|paid|stopi(?:o|wch|a))(?: (?:â|a|ag))?"
_CY_END: Final = "(?:rhowch (?:y )?|rho r? ?)gorau i"
_CY_TEXTS: Final = "(?:(?:mwy|rhagor) o )?(?:r |y |unrhyw )?(?:negeseuon(?: testun)?|negeseuau|tecsts?|tecstiau)"
_CY_MORE: Final = "(?: (?:eto|mwy|rhagor|byth eto))?"
STOP_PHRASES: Final = (
    f"{_WISH}(?:unsubscribe|unsub)(?: (?:me|us))?(?: from {_THESE})?",
    f"{_WISH}opt ?(?:(?:me|us) )?out(?: (?:of|from) {_THESE})?",
    f"(?:stop|quit) {_TEXTING}(?: {_ME})?{_MORE}",
    f"(?:{_NOT}|never|stop) (?:text|txt|message|msg|contact|spam) {_ME}{_MORE}",
    f"stop (?:sending|send) (?:{_ME} )?(?:any ?more |all |these |those |the |your )?{_TEXTS}{_MORE}",
    f"(?:stop|end) (?:with )?(?:me )?(?:all |these |those |the |your )?{_TEXTS}(?: to {_ME})?{_MORE}",
    "(?:stop|end) (?:this|the|your) service",
    "stop (?:the |this )?spam",
    f"{_NOT} send (?:{_ME} )?(?:any ?more |any |more |these |your )?{_TEXTS}(?: to {_ME})?{_MORE}",
    f"(?:stop sending|{_NOT} send|never send) (?:{_ME} )?{_STUFF}{_MORE}",
    f"(?:i )?{_NOT} (?:want|wish|need) (?:to (?:get|receive|have) )?(?:{_ANY} )*{_TEXTS}{_MORE}",
    f"no more {_TEXTS}",
    f"{_WISH}stop (?:receiving|getting) (?:any more |any |these |your |the )?{_TEXTS}",
    f"(?:remove|take|delete|get) {_ME} {_FROM_LIST}",
    f"(?:remove|delete) my (?:number|details)(?: {_FROM_LIST})?",
    "take me off", "lose my number",
    f"{_WISH}be (?:removed|taken) {_FROM_LIST}",
    f"cancel (?:the |these |my |your )?(?:{_TEXTS}|subscription)",
    # Welsh: do not text or contact me; do not send, give up sending; no more messages; take me off the list.
    f"{_CY_NOT} (?:(?:th|t|d)ecstio|negeseuo|ch?ysylltu)(?: (?:(?:â|a|gyda|efo) )?(?:fi|mi|ni))?{_CY_MORE}",
    f"(?:{_CY_NOT}|{_CY_END}) (?:d?anfon|hala|gyrru|th?estun)(?: {_CY_TEXTS})?(?: (?:ata|at|i))?(?: [fm]?i)?{_CY_MORE}",
    f"dim (?:mwy|rhagor) o {_CY_TEXTS}{_CY_MORE}",
    f"(?:dw|dwi|rwy)(?: i)? ddim (?:eisiau|isio|am gael) {_CY_TEXTS}{_CY_MORE}",
    "(?:tynnwch|tynna|dilëwch|dileu) (?:fi|fy rhif|fy enw)(?: (?:oddi ar|o) (?:y|r|eich|dy) (?:rhestr|system))?",
)
START_WORDS: Final = ("start", "unstop", "optin", "opt in", "opt me in", "subscribe", "resubscribe")
COURTESIES: Final = (
    "please", "pls", "plz", "thank you(?: very much| so much)?", "thankyou", "thank u", "(?:many )?thanks(?: a lot)?",
    "thx", "tnx", "ty", "ta", "cheers", "sorry", "hi", "hello", "hey", "ok", "okay", "yes", "yeah", "no", "nope",
    "(?:(?:im|i m|i am) )?not interested", "(?:kind |best )?regards", "x+", "mate", "m8", "bro", "pal", "man", "sir",
    "madam", "guys", "(?:you (?:have|got) (?:the )?|u got |its (?:the )?|it s (?:the )?)?wrong (?:number|person)",
    "who (?:is|are|the hell is|the fuck is|r) (?:this|you|u)", "whos this", "who s this", "who dis", "leave me alone",
    f"(?:i )?{_NOT} know (?:who (?:this|you|u) (?:is|are|r)|you|u|this number)", "not me", "not my (?:number|phone)",
    "this (?:is|isnt|isn t|is not) (?:a |an |my |the )?(?:new |work |business |wrong )?(?:number|phone|mobile)",
    f"i {_NOT} (?:do|use|take|touch) (?:any )?drugs", f"i {_NOT} (?:want|need) (?:any |your |ur )?help",
    "(?:i m|im|i am) not (?:that person|who (?:you|u) think(?: i am)?)", "(?:it is|its|it s) not mine",
    "but", "wtf", "asap", "immediately", "sent from(?: my)? (?:iphone|samsung(?: galaxy)?|android|outlook|phone)",
    "(?:to )?[0-9]{5}",  # text STOP to 60777
    "diolch(?: yn fawr)?", "os gwelwch (?:yn|n) dda", "os gweli(?: di)? (?:yn|n) dda", "pl[iî]s", "helo", "sori",
    "iawn", "rhif anghywir", "pwy (?:yw|ydi|ydy) (?:hwn|hyn|chi)", "(?:gadewch|gad) lonydd i (?:mi|fi)",
)
_POLITE: Final = (
    "i (?:want|would like|d like|need|told) (?:you|u) to", "can (?:you|u)", "could (?:you|u)",
    "will (?:you|u)", "would (?:you|u)(?: kindly)?", "just", "kindly", "and",
)
"""May stand before a phrase that is clear in itself, and never before a bare word: "I want to quit" is no opt-out."""

FOR_A_PERSON: Final = frozenset({
    "stop", "stops", "stopped", "stopping", "quit", "quitting", "cancel", "end", "ends", "ending", "remove", "revoke",
    "unsubscribe", "optout", "help", "sos", "hurt", "hurts", "hurting", "beat", "beats", "beating", "hit", "hits",
    "hitting", "scared", "afraid", "frightened", "danger", "unsafe", "threatened", "threatening", "threat", "threats",
    "kill", "killed", "killing", "die", "dying", "suicide", "suicidal", "overdose", "overdosed", "rape", "raped",
    "abused", "abuse", "forced", "forcing", "trapped", "999", "emergency", "ambulance", "police", "leave", "escape",
    "stopio", "stopiwch", "stopia", "helpu", "helpwch", "helpa", "brifo", "ofn", "perygl", "lladd", "marw",
    "hunanladdiad", "bygwth", "trais", "treisio", "gorfodi", "gaeth", "heddlu", "ambiwlans", "argyfwng", "peidiwch",
    "paid",
})  # fmt: skip
"""Any of these in a text that is neither STOP nor START may be a disclosure: a person reads it first."""
_AGAINST: Final = frozenset({"dont", "don", "not", "never", "delete", "lose", "without", "unsubcribe"})
_TEXTED: Final = frozenset({
    "text", "texts", "texting", "txt", "txts", "txting", "message", "messages", "messaging", "msg", "msgs", "contact",
    "contacting", "send", "sending",
})  # fmt: skip
"""One of each: somebody speaks in words of their own of texts that should not come, or that others might see."""
_PHRASES_FOR_A_PERSON: Final = (
    " get me out ", " get out ", " want out ", " way out ", " out of my ", " take me away ", " take me off ",
    " no more ", " need out ", " opt out of ", " delete me ",
)

_WORD: Final = re.compile(r"[^\W_]+")
_STRETCHED: Final = re.compile(r"s+t+o+p+")  # STOOOP
_SPELT: Final = re.compile(r"\bs t o p\b")  # S.T.O.P
_OATHS: Final = re.compile(r" ?\b(?:f+u+c+k+(?:in|ing)?(?: off| sake)?|fuck ?off|effing|bloody|damn|ffs|piss off)\b ?")


def _whole_message(words: Sequence[str], phrases: Sequence[str] = ()) -> re.Pattern[str]:
    """A phrase or word, with courtesies around it. Each is taken as it first fits, the longer before the shorter, and
    never taken back (atomic groups): no text can make the matching slow."""
    courtesy, word = f"(?>(?:{'|'.join(COURTESIES)})(?= |$))", "|".join(sorted(words, key=len, reverse=True))
    if phrases:
        word = f"(?:(?:{'|'.join(_POLITE)}|please|pls|plz) )*+(?:{'|'.join(phrases)})(?= |$)|(?:{word})"
    word = f"(?>(?:{word})(?= |$))"
    return re.compile(rf"(?:(?!{word}){courtesy} )*+{word}(?: (?:and )?+(?:{word}|{courtesy}))*+")


@cache  # at the first text, not at the start: these two take longer to compile than most commands have
def _stop() -> re.Pattern[str]:
    return _whole_message(STOP_WORDS, STOP_PHRASES)


@cache
def _start() -> re.Pattern[str]:
    return _whole_message(START_WORDS)


_LONGEST: Final = 160  # an opt-out is short, and matching must not be made slow by what a stranger sends


def is_stop(text: str) -> bool:
    """Whether the whole message asks to be texted no more, punctuation, emoji and courtesies aside."""
    return _says(_stop(), text)


def is_start(text: str) -> bool:
    """Whether the whole message takes an opt-out back. "Yes" does not: it may answer anything."""
    return _says(_start(), text)


def is_for_a_person(text: str) -> bool:
    """Whether a reply may tell of somebody in need: nothing more goes to that number before a person has read it."""
    words = _words(text)
    return _speaks_of_need(words) and not is_stop(text) and not is_start(text)


def _speaks_of_need(words: Sequence[str]) -> bool:
    if not FOR_A_PERSON.isdisjoint(words):
        return True
    whole = f" {' '.join(words)} "
    if any(phrase in whole for phrase in _PHRASES_FOR_A_PERSON):
        return True
    return not _AGAINST.isdisjoint(words) and not _TEXTED.isdisjoint(words)


def _says(request: re.Pattern[str], text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    words = " ".join("stop" if _STRETCHED.fullmatch(word) else word for word in _words(text))
    words = _SPELT.sub("stop", words)
    return request.fullmatch(_OATHS.sub(" ", words).strip()) is not None


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(character for character in plain if unicodedata.category(character) not in {"Cf", "Mn"})
    return _WORD.findall(visible)
