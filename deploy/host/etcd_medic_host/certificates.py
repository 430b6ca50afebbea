"""The certificates that etcd shows, as etcd's own user reads them: what it cannot read, etcd cannot either. Never a private key."""
import os

from . import trees
from .refused import Refused
from .users import as_user

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional

    from .description import Etcd
    from .settings import Settings

FILE_MAX_BYTES = 131072
SECONDS = 10


def look(etcd: 'Etcd', settings: 'Settings') -> 'List[Dict[str, Any]]':
    """For each use (`client`, `peer`): the files, the certificate and CA as PEM, and whether the key beside it fits; `problem` in words."""
    files = []
    for use in ('client', 'peer'):
        # etcd takes an empty value for none.
        certificate, key, ca = (_value(settings, use, name) or None for name in ('cert-file', 'key-file', 'trusted-ca-file'))
        if certificate:
            files.append((use, certificate, key, ca))
    return as_user(etcd.account, lambda: [_each(etcd, *each) for each in files], SECONDS) if files else []


def _each(etcd: 'Etcd', use: str, certificate: str, key: 'Optional[str]', ca: 'Optional[str]') -> 'Dict[str, Any]':
    found = {'use': use, 'file': certificate, 'key_file': key, 'ca_file': ca, 'pem': None, 'ca_pem': None, 'key_matches': None, 'problem': None}
    try:
        found.update(_read(certificate, key, ca))
    except OSError as error:
        found['problem'] = '%s cannot be read as %s (%s)' % (error.filename or certificate, etcd.account.user, error.strerror)
    except Refused as error:
        found['problem'] = error.message
    except ValueError:
        found['problem'] = 'the settings name a file by characters that no name can have'
    return found


def _value(settings: 'Settings', use: str, name: str) -> 'Optional[str]':
    if settings.style == 'config-file':
        return settings.value('%s-transport-security.%s' % (use, name))
    return settings.value(name if use == 'client' else 'peer-' + name)


def _read(certificate: str, key: 'Optional[str]', ca: 'Optional[str]') -> 'Dict[str, Any]':
    found: Dict[str, Any] = {'pem': _text(certificate), 'ca_pem': _text(ca) if ca else None, 'key_matches': None, 'problem': None}
    if key:
        import ssl
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            # The library would wait at a pipe, and read a device for ever.
            trees.read_file(os.path.realpath(key), FILE_MAX_BYTES)
            # An encrypted key must not ask anybody: etcd could not read it either.
            context.load_cert_chain(certificate, key, password='')
            found['key_matches'] = True
        except ssl.SSLError as error:
            found['key_matches'] = False
            if 'KEY_VALUES_MISMATCH' not in str(error):
                found['problem'] = '%s and %s cannot be used together (%s)' % (certificate, key, error.reason or 'unknown')
        except OSError as error:
            found['key_matches'] = False
            found['problem'] = '%s cannot be read (%s)' % (key, error.strerror)
    return found


def _text(path: str) -> str:
    """What stands between the marks of certificates alone: a key in the same file stays on the host."""
    import re
    # Links are etcd's own affair here (cert-manager and Kubernetes make them): whatever is read is what etcd's user may read.
    text = trees.read_file(os.path.realpath(path), FILE_MAX_BYTES).decode('ascii', 'replace')
    return '\n'.join(re.findall(r'-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----', text)) + '\n'
