import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { CallName } from '#shared/http/answer.ts';
import type { Broken } from '#shared/http/exchange.ts';

export interface FailureContext {
  readonly call: CallName;
  readonly host: string;
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
}

const UNREACHABLE =
  'Check the url in relay.yaml, that the vault is up, and that its firewall lets the address of the relay in.';

/** What each way of not getting through means, by the error codes of Node and undici; the first that fits. */
const CONNECTION_TROUBLES: readonly [codes: RegExp, advice: string][] = [
  [
    /^(ENOTFOUND|EAI_\w+)$/,
    'The host name can not be resolved. Check the url in relay.yaml and the DNS of the network.',
  ],
  [/^ECONNREFUSED$/, `Nothing listens there. ${UNREACHABLE}`],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/, `The host can not be reached. ${UNREACHABLE}`],
  [
    /^(UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE)$/,
    'Its certificate is not trusted: set ca in relay.yaml to the PEM file of the CA that signed it.',
  ],
  [/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/, 'Its certificate is not valid at this time: have it renewed.'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'Its certificate is for another name: use the name in it as the url in relay.yaml.',
  ],
  [
    /^ERR_SSL_\S*ALERT_HANDSHAKE_FAILURE$/,
    'No TLS connection came about: the vault has to offer TLS 1.2 or later. It may also want a client certificate: set authentication.clientCertificate in relay.yaml then.',
  ],
  [/^(EPROTO|ERR_SSL_\S+|ERR_TLS_\w+)$/, 'No TLS connection came about: the vault has to offer TLS 1.2 or later.'],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    'The connection broke. Vaults may do so to a caller without a client certificate that they trust (authentication.clientCertificate in relay.yaml); otherwise look at the proxies and firewalls in between.',
  ],
];

/** What the other side of TLS says about our certificate. */
const CERTIFICATE_ALERT = /^ERR_SSL_\S*ALERT_\S*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

const CONNECTION_BROKE = 'The connection broke. If this goes on, look at the proxies and firewalls in between.';

const adviceFor = (code: string): string =>
  CONNECTION_TROUBLES.find(([codes]) => codes.test(code))?.[1] ?? CONNECTION_BROKE;

/** Names what went wrong and says what to do. */
const explain = ({ by, reached, code = 'no code' }: Broken, context: FailureContext): [ErrorName, string] => {
  if (by === 'deadline') {
    return [
      'AnswerTimedOut',
      `was not answered completely within ${context.timeoutSeconds} s. If the vault is just slow, raise limits.timeoutSeconds in relay.yaml.`,
    ];
  }
  if (by === 'size') {
    return ['AnswerTooLarge', `was answered with more than ${context.maxBytes} bytes, which nothing in the API needs.`];
  }
  if (reached === 'answer') return ['AnswerTruncated', `was answered only in part (${code}). ${CONNECTION_BROKE}`];
  if (/^HPE_|^HTTPParserError$/.test(code)) {
    return ['AnswerMalformed', `was answered with something that is not HTTP (${code}). Check the url in relay.yaml.`];
  }
  if (CERTIFICATE_ALERT.test(code)) {
    return [
      'SignInRefused',
      `did not get through (${code}). The vault does not take the client certificate, or asks for one: check authentication.clientCertificate in relay.yaml, that the certificate has not expired, and that the vault trusts the CA that signed it.`,
    ];
  }
  return ['VaultUnavailable', `did not get through (${code}). ${adviceFor(code)}`];
};

/** The error for an exchange that ended early; it may have happened once its request had been sent. */
export const brokenError = (broken: Broken, context: FailureContext): RelayError => {
  const [name, text] = explain(broken, context);
  const { connection, name: callName, idempotent } = context.call;
  return new RelayError(name, `${connection}: ${callName} to ${context.host} ${text}`, {
    mayHaveHappened: !idempotent && broken.reached !== 'nothing',
  });
};
