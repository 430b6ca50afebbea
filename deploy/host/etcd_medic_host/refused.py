"""The one error that is told to the bot: a code of its catalogue, a sentence, and what to do next."""

MYPY = False
if MYPY:
    from typing import Dict, Optional

# Part of one line of an answer.
MESSAGE_MAX = 4000


class Refused(Exception):
    """Nothing more is done. `code` is one of docs/errors.md, `message` one sentence for a person."""

    def __init__(self, code: str, message: str, hint: 'Optional[str]' = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def told(self) -> 'Dict[str, Optional[str]]':
        return {'code': self.code, 'message': self.message[:MESSAGE_MAX], 'hint': self.hint}


def failed(message: str, hint: 'Optional[str]' = None) -> 'Refused':
    return Refused('HOST_COMMAND_FAILED', message, hint)


def unknown(message: str, hint: 'Optional[str]' = None) -> 'Refused':
    return Refused('HOST_OUTPUT_UNKNOWN', message, hint)
