"""The one error that is told to the bot: a code of its catalogue, a sentence, and what to do next."""


class Refused(Exception):
    """Nothing more is done. `code` is one of docs/errors.md, `message` one sentence for a person."""

    def __init__(self, code, message, hint=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def failed(message, hint=None):
    return Refused('HOST_COMMAND_FAILED', message, hint)


def unknown(message, hint=None):
    return Refused('HOST_OUTPUT_UNKNOWN', message, hint)
