import * as z from 'zod';
import { remainingIn } from '#shared/connections/sra/hour.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { type Answer, type CallName, isPage, retryAfterMs } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';

/** Meaning of the answers of a site. Facts about its API: reference sra-and-secretsafe-api.md, A1. */

/** Meaning of an answer, and advice for the operator. */
type Verdict = readonly [name: ErrorName, advice: string];

/** A call's own reading of an answer, which precedes the common one; undefined if it has none. */
type SpecialReading = (answer: Answer) => Verdict | 'fine' | undefined;

const NETWORK =
  'and that the network restrictions of the API account, which are separate from those of the site, allow the address of the relay';

const NOT_THE_API: Verdict = [
  'RequestRejected',
  'The API is not at this address. Set url in relay.yaml to the site alone, such as https://pra.example.com, and check any proxy in between.',
];

const KEPT_OUT_BY_PAGE: Verdict = [
  'RequestRejected',
  `The answer was a web page, not an answer of the API. Check that no proxy in between blocks the relay, ${NETWORK}.`,
];

const TOKEN_ENDED: Verdict = [
  'SessionLost',
  'The token ended, and a new one was refused as well. Check in the site that the API account is enabled, and that no other program uses it: of more than 30 tokens, the site ends the oldest.',
];

const UNKNOWN_FIELD: Verdict = [
  'ContractViolated',
  'The site does not know a parameter of the call, and no new token would help. The relay does not support this version of the site.',
];

const FORBIDDEN: Verdict = [
  'PermissionMissing',
  `Check that the API account has the permissions Configuration API and Manage Vault Accounts, ${NETWORK}.`,
];

const TOO_MANY: Verdict = [
  'RateLimited',
  'The site limits an API account to 20 calls a second and 15,000 an hour. If this persists, lower limits.perSecond in relay.yaml, and check that no other program uses the API account.',
];

const HOUR_OVER: Verdict = [
  'LimitReached',
  'The API account has no calls left in this hour. The run continues when the hour is over. If this persists, sync less often, and check that no other program uses the API account.',
];

const COMMON: Readonly<Record<number, Verdict>> = {
  403: FORBIDDEN,
  404: ['NotFound', 'The object does not exist in the site, or the API account may not see it.'],
  405: [
    'RequestRejected',
    'The site does not know this call. Check the url in relay.yaml, and the version of the site.',
  ],
  422: ['RequestRejected', 'The site rejected the input. Check the object in the site.'],
  429: TOO_MANY,
};

const refusalSchema = z.object({ error: z.string() });

/** True if the body is JSON with the field that only failures of authentication have. */
const hasError = ({ text }: Answer): boolean => {
  try {
    return refusalSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
};

/** XML of an error, which some APIs send with the status 200. */
const isErrorPage = ({ text }: Answer): boolean => /^\s*(<\?xml[^>]*>\s*)?<error[\s>]/.test(text);

const isSuccess = ({ status }: Answer): boolean => status >= 200 && status < 300;

const commonVerdict = (answer: Answer): Verdict | undefined => {
  const { status } = answer;
  if (isSuccess(answer)) {
    if (isErrorPage(answer)) return ['RequestRejected', 'The answer was an error of the site. Its log has the cause.'];
    return hasError(answer) ? TOKEN_ENDED : undefined;
  }
  if (status >= 500) {
    return ['VaultUnavailable', 'The site reported a server error. If this persists, check the health of the site.'];
  }
  if (status < 400) {
    return ['RequestRejected', 'The relay does not follow redirects. Set url in relay.yaml to the site itself.'];
  }
  if (isPage(answer)) return status === 403 ? KEPT_OUT_BY_PAGE : NOT_THE_API;
  if (status === 401) return hasError(answer) ? TOKEN_ENDED : UNKNOWN_FIELD;
  if (status === 429 && remainingIn(answer.headers) === 0) return HOUR_OVER;
  return COMMON[status] ?? ['RequestRejected', 'The site did not accept the call.'];
};

/** Wait after a 429 without a time. */
const DEFAULT_WAIT_MS = 1000;

const refusal = (answer: Answer, call: CallName, [name, advice]: Verdict): RelayError => {
  const waitMs = retryAfterMs(answer) ?? (answer.status === 429 ? DEFAULT_WAIT_MS : undefined);
  return new RelayError(name, `${call.connection}: ${call.name} was answered with ${answer.status}. ${advice}`, {
    // After a server failure or a proxy timeout, the call may have taken effect.
    mayHaveHappened: !call.idempotent && (answer.status >= 500 || isSuccess(answer)),
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

const CLIENT_REFUSED: Verdict = [
  'SignInRefused',
  `Check clientId and clientSecret in the bootstrap secret; that the API account exists, is enabled and is not locked after failed attempts; that its secret was not regenerated; ${NETWORK}.`,
];

const CLIENT_KEPT_OUT: Verdict = [
  'SignInRefused',
  'The site does not allow this API account from here. Check that the API account is enabled, and that its network restrictions, which are separate from those of the site, allow the address of the relay.',
];

/** For requesting a token. A refusal is final: the site locks an API account after repeated ones. */
export const interpretToken = interpreter((answer) => {
  if (isPage(answer)) return undefined;
  if (answer.status === 403 || /\bunauthorized_client\b/.test(answer.text)) return CLIENT_KEPT_OUT;
  if ([400, 401].includes(answer.status) || (isSuccess(answer) && hasError(answer))) return CLIENT_REFUSED;
  return answer.status === 404 ? NOT_THE_API : undefined;
});

const HELD: Verdict = [
  'RequestConflict',
  'The account is checked out by someone else, whom the relay never checks in. It tries again later. To allow several check-outs at once, enable simultaneous checkout in the account policy.',
];

const NOT_CHECKABLE: Verdict = [
  'RequestRejected',
  'The site does not allow to check out this account. Check its type, and that the API account may check it out.',
];

/** The text of a 422 is not documented. All accounts that the relay checks out have a type that allows it. */
const isNotCheckable = ({ text }: Answer): boolean =>
  !/already|in use|checked out (by|to)/i.test(text) && /can(no|')t|not (support|allow|permit)|permission/i.test(text);

/** For a check-out, which refuses an account that is checked out with a 422. */
export const interpretCheckOut = interpreter((answer) => {
  if (answer.status !== 422 || isPage(answer)) return undefined;
  return isNotCheckable(answer) ? NOT_CHECKABLE : HELD;
});

const NOT_SEEN: Verdict = [
  'NotFound',
  'The API account does not see the account any more, which may still be checked out. Let it see the account again. Or check the account in at the site, and remove its claim: see the runbook.',
];

/** For a check-in. A 422 means that we have nothing checked out. It is never put off to the next hour. */
export const interpretCheckIn = interpreter((answer) => {
  if (answer.status === 429) return TOO_MANY;
  if (isPage(answer)) return undefined;
  return answer.status === 404 ? NOT_SEEN : answer.status === 422 ? 'fine' : undefined;
});

const NOT_FORCED: Verdict = [
  'ChangeRefused',
  'The site did not end the check-out by force: nothing is checked out, or this account does not allow it. Look at the account in the site.',
];

/** For a forced check-in, which an account that is not checked out refuses with a 422. */
export const interpretForced = interpreter((answer) =>
  answer.status === 422 && !isPage(answer) ? NOT_FORCED : undefined,
);

const CANNOT_ROTATE: Verdict = [
  'ChangeRefused',
  'The site does not change the credential of this account. It changes those of Windows accounts that it manages itself. Exclude the account from the rotation.',
];

/** For a rotation, which an account of another type refuses with a 422. */
export const interpretRotate = interpreter((answer) =>
  answer.status === 422 && !isPage(answer) ? CANNOT_ROTATE : undefined,
);

/** Answer to an API account that may not read a report. */
export const REPORT_REFUSED: Verdict = [
  'PermissionMissing',
  `Allow the API account to read the Vault account activity (Reporting API), and for uses of credentials the access sessions as well; enable the XML API of the site; check ${NETWORK.replace(/^and /, '')}.`,
];

/**
 * For a report. The site answers to an API account that may not read it as if there were none, in words that a page of
 * a proxy does not use. An error in XML has the status 200, and the reader of the report knows its text.
 */
export const interpretReport = interpreter((answer) => {
  if (answer.status === 403 || answer.status === 404) {
    const isForeign = isPage(answer) && !isErrorPage(answer) && !/document\s+not\s+found/i.test(answer.text);
    return isForeign ? undefined : REPORT_REFUSED;
  }
  return isSuccess(answer) && isErrorPage(answer) ? 'fine' : undefined;
});
