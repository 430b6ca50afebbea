/** Finds out in exact words why no gRPC connection came about, by connecting once without gRPC: node's error codes are exact, grpc-js's texts are not. */
import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { cleaned } from '../engine/foreign-text.ts';
import type { EndpointLook } from './etcd.ts';
import type { TlsMaterial } from './tls.ts';
import { inWords } from './in-words.ts';

/** Why an endpoint does not answer, as `look` gives it. */
export type Unanswered = Pick<Extract<EndpointLook, { answers: false }>, 'reason' | 'code'>;

/** Connection errors of the system: no TLS was spoken. */
const systemErrors: Readonly<Record<string, Unanswered>> = {
  ECONNREFUSED: { code: 'refused', reason: 'connection refused' },
  ECONNRESET: { code: 'other', reason: 'the connection was reset' },
  EPIPE: { code: 'other', reason: 'the connection was closed' },
  EHOSTUNREACH: { code: 'other', reason: 'there is no route to the host' },
  ENETUNREACH: { code: 'other', reason: 'there is no route to the network' },
  ETIMEDOUT: { code: 'timeout', reason: 'the connection timed out' },
  ENOTFOUND: { code: 'other', reason: 'the host name is not known' },
  EAI_AGAIN: { code: 'other', reason: 'the host name could not be looked up' },
};

const otherAuthority = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

/**
 * Connects to a client URL, waits for the first byte of the server's HTTP/2 settings, and says what went wrong.
 * @param limitMs how long it may take
 * @returns undefined when nothing is wrong
 */
export function probe(url: string, tls: TlsMaterial | undefined, limitMs: number): Promise<Unanswered | undefined> {
  const { hostname: bracketed, port, protocol } = new URL(url);
  const host = bracketed.replace(/^\[|\]$/g, '');
  const at = { host, port: Number(port) };
  const secure = protocol === 'https:';
  const socket = secure ? openTls(at, tls) : connectTcp(at);
  return new Promise((resolve) => {
    const settle = (found: Unanswered | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => settle({ code: 'timeout', reason: `no answer within ${inWords(limitMs)}` }), limitMs);
    let trusted = false;
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle(trusted && error.code === 'ECONNRESET' ? closedAfterHandshake : ofSocketError(error)),
    );
    socket.on('close', () =>
      settle(trusted ? closedAfterHandshake : { code: 'other', reason: secure ? closed : `${closed}: it may expect https` }),
    );
    socket.on('data', () => settle(undefined));
    socket.on('connect', () => secure || socket.write(http2Preface));
    socket.on('secureConnect', () => {
      const found = judge(socket as TLSSocket, host);
      if (found !== undefined) return settle(found);
      trusted = true;
      socket.write(http2Preface);
    });
  });
}

const closed = 'the member closed the connection';
/** With TLS 1.3 a client certificate is judged after the client believes the handshake to be over. */
const closedAfterHandshake: Unanswered = {
  code: 'tls',
  reason: `${closed} after the TLS handshake: it may not accept our client certificate`,
};

/** RFC 9113, section 3.4, with an empty SETTINGS frame: the server answers with its own. */
const http2Preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]);

function openTls(at: { host: string; port: number }, tls: TlsMaterial | undefined): Socket {
  return connectTls({
    ...at,
    ALPNProtocols: ['h2'],
    // The certificate is judged in `judge`, where it can still be read; nothing is sent over a connection that is not trusted.
    rejectUnauthorized: false,
    ...(isIP(at.host) === 0 && { servername: at.host }),
    ...(tls !== undefined && { ca: tls.ca, cert: tls.cert, key: tls.key }),
  });
}

function judge(socket: TLSSocket, host: string): Unanswered | undefined {
  if (socket.authorized) return undefined;
  const { raw } = socket.getPeerCertificate();
  return {
    code: 'tls',
    reason: ofCertificate(String(socket.authorizationError), host, raw === undefined ? undefined : new X509Certificate(raw)),
  };
}

function ofCertificate(code: string, host: string, certificate: X509Certificate | undefined): string {
  if (code === 'CERT_HAS_EXPIRED')
    return `the member's certificate expired on ${certificate?.validToDate.toISOString() ?? 'an unknown date'}`;
  if (code === 'CERT_NOT_YET_VALID')
    return `the member's certificate is not valid before ${certificate?.validFromDate.toISOString() ?? 'an unknown date'}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the member's certificate does not cover ${host}, only ${cleaned(certificate?.subjectAltName ?? 'no name at all')}`;
  if (otherAuthority.has(code)) return "the member's certificate is signed by another CA than the one configured";
  return `the member's certificate is not accepted (${code})`;
}

function ofSocketError(error: NodeJS.ErrnoException): Unanswered {
  const code = error.code ?? '';
  const alert = /ALERT_(.+)$/.exec(code)?.[1];
  if (alert !== undefined)
    return { code: 'tls', reason: `the member refuses our client certificate (${alert.toLowerCase().replaceAll('_', ' ')})` };
  if (code.startsWith('ERR_SSL_'))
    return { code: 'tls', reason: 'the member does not speak TLS: the client URL may have to begin with http' };
  return systemErrors[code] ?? { code: 'other', reason: `the connection failed (${code || error.message})` };
}
