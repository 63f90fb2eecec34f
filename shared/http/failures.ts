import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { CallName } from '#shared/http/answer.ts';
import type { FailedExchange } from '#shared/http/exchange.ts';
import { explainProxy } from '#shared/http/proxy-failures.ts';
import type { HttpProxy } from '#shared/http/tunnels.ts';

/** Side of the relay that a remote system is on. Errors name it. */
export type Side = 'vault' | 'store' | 'ticket-system';

export interface FailureContext {
  readonly call: CallName;
  readonly side: Side;
  readonly host: string;
  /** Proxy on the way to the host. */
  readonly proxy?: HttpProxy | undefined;
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
}

const CONNECTION_BROKE = 'The connection broke. If this persists, check the proxies and firewalls in between.';

const UNREACHABLE =
  'Check the url in relay.yaml, that the server is running, and that its firewall allows the address of the relay.';

const TOO_OLD = 'TLS handshake failed. The server must support TLS 1.2 or later.';

/** Advice for failed connections, by the error codes of Node and undici; the first match applies. */
const CONNECTION_FAILURES: readonly [codes: RegExp, advice: string, ofVault?: string][] = [
  [
    /^(ENOTFOUND|EAI_\w+)$/,
    'The host name cannot be resolved. Check the url in relay.yaml and the DNS of the network.',
  ],
  [/^ECONNREFUSED$/, `The host refuses connections. ${UNREACHABLE}`],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/, `The host cannot be reached. ${UNREACHABLE}`],
  [
    /^(UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE)$/,
    'Its certificate is not trusted. Set ca in relay.yaml to the PEM file of the CA that signed it.',
  ],
  [/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/, 'Its certificate has expired or is not yet valid. Renew it.'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'Its certificate is for another name. Use that name in the url in relay.yaml.'],
  [
    /^ERR_SSL_\S*ALERT_HANDSHAKE_FAILURE$/,
    TOO_OLD,
    `${TOO_OLD} If it requires a client certificate, set authentication.clientCertificate in relay.yaml.`,
  ],
  [/^(EPROTO|ERR_SSL_\S+|ERR_TLS_\w+)$/, TOO_OLD],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    CONNECTION_BROKE,
    'The connection broke. Some vaults close it if the client certificate is missing or not trusted (authentication.clientCertificate in relay.yaml). Otherwise check the proxies and firewalls in between.',
  ],
];

/** TLS alerts of the server about our certificate. */
const CERTIFICATE_ALERT = /^ERR_SSL_\S*ALERT_\S*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

const adviceFor = (code: string, side: Side): string => {
  const [, advice, ofVault] = CONNECTION_FAILURES.find(([codes]) => codes.test(code)) ?? [undefined, CONNECTION_BROKE];
  return side === 'vault' ? (ofVault ?? advice) : advice;
};

/** Name of the error for a remote system that cannot be reached. */
const UNAVAILABLE = {
  vault: 'VaultUnavailable',
  store: 'StoreUnavailable',
  'ticket-system': 'TicketSystemUnavailable',
} as const satisfies Record<Side, ErrorName>;

/** Returns the name of the error, and its text with the fix. */
const explain = ({ by, reached, code = 'no code' }: FailedExchange, context: FailureContext): [ErrorName, string] => {
  if (by === 'deadline') {
    return [
      'AnswerTimedOut',
      `received no complete answer within ${context.timeoutSeconds} s. If the server is slow, raise limits.timeoutSeconds in relay.yaml.`,
    ];
  }
  if (by === 'size') {
    return ['AnswerTooLarge', `exceeded the answer limit of ${context.maxBytes} bytes. Check the url in relay.yaml.`];
  }
  if (reached === 'answer')
    return ['AnswerTruncated', `received only part of an answer (${code}). ${CONNECTION_BROKE}`];
  if (/^HPE_|^HTTPParserError$/.test(code)) {
    return ['AnswerMalformed', `received an answer that is not HTTP (${code}). Check the url in relay.yaml.`];
  }
  if (context.side === 'vault' && CERTIFICATE_ALERT.test(code)) {
    return [
      'SignInRefused',
      `failed (${code}). The vault rejects the client certificate, or requires one. Check authentication.clientCertificate in relay.yaml, that the certificate has not expired, and that the vault trusts the CA that signed it.`,
    ];
  }
  return [UNAVAILABLE[context.side], `failed (${code}). ${adviceFor(code, context.side)}`];
};

/** The error for an exchange that ended early. The call may have taken effect if its request was sent. */
export const brokenError = (broken: FailedExchange, context: FailureContext): RelayError => {
  const { host, proxy } = context;
  const [name, text] = (proxy && explainProxy(broken, proxy, host)) ?? explain(broken, context);
  const { connection, name: callName, idempotent } = context.call;
  const way = proxy === undefined ? host : `${host} through the proxy ${proxy.url}`;
  return new RelayError(name, `${connection}: ${callName} to ${way} ${text}`, {
    mayHaveHappened: !idempotent && broken.reached !== 'nothing',
  });
};
