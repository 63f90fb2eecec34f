import * as z from 'zod';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { type Answer, answeredAtMs, type CallName, isPage, retryAfterMs } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';

/** Meaning of the answers of a server. Facts about its API: reference sra-and-secretsafe-api.md, B1. */

/** Meaning of an answer, and advice for the operator. */
type Verdict = readonly [name: ErrorName, advice: string];

/** A call's own reading of an answer, which precedes the common one; undefined if it has none. */
type SpecialReading = (answer: Answer) => Verdict | 'fine' | undefined;

const NOT_THE_API: Verdict = [
  'RequestRejected',
  'The API is not at this address. Set url in relay.yaml to the site of SecretSafe, or identityUrl and apiUrl, and check any proxy in between.',
];

const KEPT_OUT_BY_PAGE: Verdict = [
  'PermissionMissing',
  'The answer was a web page, not an answer of the API. Check that no proxy in between blocks the relay.',
];

const TOKEN_ENDED: Verdict = [
  'SessionLost',
  'The token ended, and a new one was refused as well. Check that the organization is enabled and may use its API, and that the clocks of the server are right.',
];

const FORBIDDEN: Verdict = [
  'PermissionMissing',
  'Check that the bootstrap secret holds the API key of the organization, not that of a person, and that the organization may use its API.',
];

const TOO_MANY: Verdict = [
  'RateLimited',
  'The server limits the calls of an address. If this persists, lower limits.perSecond in relay.yaml, and check which other programs call from the same address.',
];

/** The server has no such call. */
export const UNSUPPORTED: Verdict = [
  'CallUnsupported',
  'The server at this address has no such call. Older servers cannot revoke members, and some compatible ones only import. Check url in relay.yaml, and what the page docs/secretsafe.md says about the server.',
];

const COMMON: Readonly<Record<number, Verdict>> = {
  402: ['RequestRejected', 'The server could not carry out the call. Check the subscription of the organization.'],
  403: FORBIDDEN,
  404: ['NotFound', 'The object does not exist in this organization.'],
  405: UNSUPPORTED,
  409: ['RequestConflict', 'Something else changes the same object. The relay tries again later.'],
  429: TOO_MANY,
};

/** Texts of a refusal, in the shapes of all servers. They decide about the advice, and are never shown. */
const refusalSchema = z.looseObject({
  message: z.string().nullish(),
  errorModel: z.looseObject({ message: z.string().nullish() }).nullish(),
});

const messageIn = ({ text }: Answer): string => {
  try {
    const { message, errorModel } = refusalSchema.parse(JSON.parse(text));
    return [message, errorModel?.message].join(' ');
  } catch {
    return '';
  }
};

/** Meaning of a 400 by the words of the server, of which the first match counts. */
const REFUSALS: readonly (readonly [pattern: RegExp, verdict: Verdict])[] = [
  [/confirmed owner/i, ['ChangeRefused', 'An organization keeps at least one confirmed owner. Name another first.']],
  [/already been invited/i, ['RequestConflict', 'The person is a member already. The next run finds the membership.']],
  [
    /\bseats?\b|autoscale|payment|subscription/i,
    ['LicenceRefused', 'The organization has no free seat. Add seats, or remove members, in the administration.'],
  ],
  [
    /compliant|\bpolic(y|ies)\b.*(forbid|require|prevent)|claim at least/i,
    ['ChangeRefused', 'A policy of the organization forbids it.'],
  ],
  [
    /\bplan\b|upgrade|not have access|cannot use|can't use|not use/i,
    [
      'LicenceRefused',
      'The plan of the organization does not include this. Check which groups, policies and events it has.',
    ],
  ],
];

const REJECTED: Verdict = ['RequestRejected', 'The server rejected the input. Check the object in the administration.'];

const badRequest = (answer: Answer): Verdict => {
  const message = messageIn(answer);
  return REFUSALS.find(([pattern]) => pattern.test(message))?.[1] ?? REJECTED;
};

/** True for the answer of a proxy. The server itself answers a 404 without a body, or with JSON. */
const isForeign = (answer: Answer): boolean =>
  isPage(answer) || (answer.status === 404 && !/^\s*(\{.*)?$/s.test(answer.text));

const isSuccess = ({ status }: Answer): boolean => status >= 200 && status < 300;

const commonVerdict = (answer: Answer): Verdict | undefined => {
  const { status } = answer;
  if (isSuccess(answer)) return undefined;
  if (status >= 500) {
    return ['VaultUnavailable', 'The server reported an error. If this persists, check the health of the server.'];
  }
  if (status < 400) {
    return ['RequestRejected', 'The relay does not follow redirects. Set url in relay.yaml to the site itself.'];
  }
  if (isForeign(answer)) return status === 403 ? KEPT_OUT_BY_PAGE : NOT_THE_API;
  if (status === 401) return TOKEN_ENDED;
  return status === 400 ? badRequest(answer) : (COMMON[status] ?? REJECTED);
};

/** Wait after a 429 without a time. */
const DEFAULT_WAIT_MS = 1000;

/**
 * Wait until the limit of a server ends, by its header; undefined if it shows no time to come. Seconds, which some
 * gateways show there, are no date: `Date.parse` would read 40 as the year 2040.
 */
const resetMs = (answer: Answer): number | undefined => {
  const text = [answer.headers['x-rate-limit-reset']].flat()[0] ?? '';
  const resetAt = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  const waitMs = resetAt - (answeredAtMs(answer) ?? answer.receivedAtMs);
  return waitMs > 0 ? waitMs : undefined;
};

const waitAfter = (answer: Answer): number | undefined => {
  const waitMs = retryAfterMs(answer);
  if (waitMs !== undefined || answer.status !== 429) return waitMs;
  return resetMs(answer) ?? DEFAULT_WAIT_MS;
};

const refusal = (answer: Answer, call: CallName, [name, advice]: Verdict): RelayError => {
  const waitMs = waitAfter(answer);
  return new RelayError(name, `${call.connection}: ${call.name} was answered with ${answer.status}. ${advice}`, {
    // After a server failure or a proxy timeout, the call may have taken effect.
    mayHaveHappened: !call.idempotent && answer.status >= 500,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
};

const interpreter =
  (special: SpecialReading = () => undefined): Interpreter =>
  (answer, call) => {
    const verdict = special(answer) ?? commonVerdict(answer);
    return verdict === undefined || verdict === 'fine' ? undefined : refusal(answer, call, verdict);
  };

export const interpretCall = interpreter();

/** For an object that may not exist. */
export const interpretRead = interpreter((answer) =>
  answer.status === 404 && !isForeign(answer) ? 'fine' : undefined,
);

/** For a list, which every server has that knows its kind of object. */
export const interpretList = interpreter((answer) =>
  answer.status === 404 && !isForeign(answer) ? UNSUPPORTED : undefined,
);

const KEY_REFUSED: Verdict = [
  'SignInRefused',
  'Check clientId and clientSecret in the bootstrap secret; that the API key of the organization was not rotated; that the organization is enabled and may use its API.',
];

/** For requesting a token. A refusal is final. */
export const interpretToken = interpreter((answer) => {
  if (isForeign(answer)) return undefined;
  if ([400, 401, 403].includes(answer.status)) return KEY_REFUSED;
  return answer.status === 404 || answer.status === 405 ? NOT_THE_API : undefined;
});
