import * as z from 'zod';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { type Answer, type CallName, isPage, retryAfterMs } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';
import type { Misfit } from '#shared/stores/kv-v2/form.ts';

/** Meaning of an answer, and the fix as the end of the message. */
type Verdict = readonly [name: ErrorName, advice: string];

/** A call's own reading of an answer, which precedes the common one; undefined if it has none. */
type SpecialReading = (answer: Answer) => Verdict | 'fine' | undefined;

/** A right that a call needs, as in a policy. */
export interface Right {
  /** Path of the policy, with a wildcard. */
  readonly path: string;
  readonly capabilities: readonly string[];
}

const refusalSchema = z.object({ errors: z.array(z.string()) });

/**
 * Texts of the errors in an answer; undefined if it has no list of errors. They can quote what was sent, so they are
 * compared and never shown.
 */
const errorsIn = ({ text }: Answer): readonly string[] | undefined => {
  try {
    return refusalSchema.safeParse(JSON.parse(text)).data?.errors;
  } catch {
    return undefined;
  }
};

/** True if the answer means that nothing stands at a path. A missing mount has the same status and a text. */
export const isAbsent = (answer: Answer): boolean => answer.status === 404 && errorsIn(answer)?.length === 0;

const mentions = (answer: Answer, pattern: RegExp): boolean =>
  errorsIn(answer)?.some((each) => pattern.test(each)) ?? false;

/** True if a write was refused because another version is current, or because it named none. */
export const isOvertaken = (answer: Answer): boolean =>
  answer.status === 400 && mentions(answer, /check-and-set parameter (?:did not match|does not match|required)/);

const asPolicy = ({ path, capabilities }: Right): string =>
  `path ${JSON.stringify(path)} { capabilities = ${JSON.stringify(capabilities).replaceAll(',', ', ')} }`;

const denied = (right: Right | undefined): Verdict => [
  'StoreDenied',
  right === undefined
    ? 'The token may not make this call. Check the policies of the role that the relay signs in with, and namespace in relay.yaml.'
    : `The policies of the role that the relay signs in with lack a right. Add this line to one of them: ${asPolicy(right)}`,
];

const WRONG_PATH: Verdict = [
  'StoreRejected',
  'There is no such mount at this address. Check url, namespace and mount in relay.yaml.',
];

const INVALID: Verdict = [
  'StoreRejected',
  'The server rejected the request as invalid. Check its audit log for the reason.',
];

const STANDBY: Verdict = [
  'StoreUnavailable',
  'A standby node answered instead of the active one. The call is retried. If this persists, set url in relay.yaml to an address that leads to the active node.',
];

const serverError = (answer: Answer): Verdict => {
  if (mentions(answer, /not active|no active/)) return STANDBY;
  return mentions(answer, /exceeds allowed length|request body too large/)
    ? [
        'ValueTooLarge',
        'The value exceeds the limit of the server for JSON strings. Deliver fewer fields with the value template of the rule.',
      ]
    : [
        'StoreUnavailable',
        'The server reported an error. The call is retried. If this persists, check the log of the server.',
      ];
};

const unavailable = (answer: Answer): Verdict =>
  mentions(answer, /sealed/i)
    ? ['StoreUnavailable', 'The store is sealed. The call is retried. Unseal it, for example: bao operator unseal']
    : ['StoreUnavailable', 'The server is not ready. The call is retried. Check that its cluster has an active node.'];

const common = (answer: Answer, right: Right | undefined): Verdict | undefined => {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return STANDBY;
  switch (status) {
    case 400:
      return INVALID;
    case 403:
      return denied(right);
    case 404:
    case 405:
      return WRONG_PATH;
    case 413:
      return ['ValueTooLarge', 'The value exceeds the limit of the server, or of a proxy, for a request.'];
    case 429:
      return [
        'StoreUnavailable',
        'The server limits the rate of calls. The call is retried. If this persists, lower writesPerSecond and limits of the store in relay.yaml.',
      ];
    case 412:
    case 472:
    case 473:
      return STANDBY;
    case 500:
      return serverError(answer);
  }
  if (status > 500) return unavailable(answer);
  return ['StoreRejected', 'The server did not accept the call. Check url in relay.yaml, and any proxy in between.'];
};

const refusal = (answer: Answer, call: CallName, [name, advice]: Verdict): RelayError => {
  const waitMs = retryAfterMs(answer);
  return new RelayError(name, `${call.connection}: ${call.name} was answered with ${answer.status}. ${advice}`, {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
};

/** Creates an interpreter that applies the special reading first and the common one otherwise. */
export const interpreter =
  (right: Right | undefined, special: SpecialReading = () => undefined): Interpreter =>
  (answer, call) => {
    const verdict = special(answer) ?? common(answer, right);
    return verdict === undefined || verdict === 'fine' ? undefined : refusal(answer, call, verdict);
  };

/** Refusals of a sign-in by the text of the server; the first match applies. */
const SIGN_IN_REFUSALS: readonly (readonly [text: RegExp, advice: string])[] = [
  [
    /\(sub\)|bound_subject|bound subject/i,
    'The role does not trust this function: the subject of the token is the ARN of the IAM role of the function. Set bound_subject or bound_claims of the role to the roles of the stack, such as arn:aws:iam::ACCOUNT:role/STACK-*',
  ],
  [
    /\(aud\)|audience/i,
    'The role expects another audience. Set bound_audiences of the role to auth.audience in relay.yaml, or correct relay.yaml.',
  ],
  [
    /\(iss\)|issuer/i,
    'The mount trusts another issuer. Set bound_issuer and oidc_discovery_url of the mount to the issuer of the AWS account, which this command shows: aws iam get-outbound-web-identity-federation-info',
  ],
  [
    /claim/i,
    'A claim of the token does not match the role. The subject of the token is the ARN of the IAM role of the function. Check bound_claims of the role.',
  ],
  [
    /\(exp\)|\(nbf\)|\(iat\)|expired/i,
    'The server takes the token for expired or not yet valid. Check the clock of the server.',
  ],
  [
    /signature|verify|keyset|jwks|discovery/i,
    'The server could not verify the signature of the token. Check that it reaches oidc_discovery_url of the mount, and that this is the issuer of the AWS account: aws iam get-outbound-web-identity-federation-info',
  ],
  [
    /role .*could not be found|unknown role/i,
    'The role does not exist. Correct auth.role in relay.yaml, or create the role.',
  ],
];

const OTHER_SIGN_IN =
  'The server refused the sign-in. Check auth and namespace in relay.yaml, and bound_issuer, bound_subject (the ARN of the IAM role of the function) and bound_audiences of the role.';

const NO_SIGN_IN =
  'There is no JWT sign-in at this mount. Correct auth.mount and namespace in relay.yaml, or enable it: bao auth enable jwt';

/** For signing in. The text of the server can quote the token, so it only selects the advice. */
export const interpretSignIn = interpreter(undefined, (answer) => {
  if (isPage(answer)) return undefined;
  if (answer.status === 400 || answer.status === 401) {
    const texts = errorsIn(answer) ?? [];
    const known = SIGN_IN_REFUSALS.find(([text]) => texts.some((each) => text.test(each)));
    return ['SignInRefused', known?.[1] ?? OTHER_SIGN_IN];
  }
  return answer.status === 403 || answer.status === 404 ? ['SignInRefused', NO_SIGN_IN] : undefined;
});

const MISFITS: Readonly<Record<Misfit, string>> = {
  bytes: 'is a file, which KV does not store. Deliver it to a store that keeps bytes, or exclude it',
  empty: 'is empty. Change the credential or the value template of the rule',
  'not-unicode':
    'is not well-formed Unicode text, which KV does not store. Change the credential or the value template of the rule',
  'inexact-number': 'is a JSON object with a number of more digits than KV keeps. Put the number in quotes',
  'too-deep':
    'is a JSON object whose levels KV does not store. Deliver fewer of them with the value template of the rule',
};

/** The error for a value that KV cannot hold. */
export const unfit = (name: string, misfit: Misfit): RelayError =>
  new RelayError('ValueNotText', `Secret ${name}: the value ${MISFITS[misfit]}.`);

export const tooLarge = (name: string, valueBytes: number): RelayError =>
  new RelayError(
    'ValueTooLarge',
    `Secret ${name}: the value exceeds the limit of KV, ${valueBytes.toLocaleString('en-US')} bytes. Deliver fewer fields with the value template of the rule, or exclude the item.`,
  );

export const overtaken = (name: string): RelayError =>
  new RelayError(
    'DeliverySuperseded',
    `Secret ${name}: the secret has changed since this delivery was planned, so it was not overwritten. The next run checks it again.`,
  );

export const stampTaken = (name: string): RelayError =>
  new RelayError(
    'DeliverySuperseded',
    `Secret ${name}: this delivery already holds another value. The credential or its template changed, but the change date in the vault did not. A verify run delivers the value.`,
  );

export const notReadBack = (name: string, version: number): RelayError =>
  new RelayError(
    'DeliveryUnverified',
    `Secret ${name}: version ${version} does not read back as it was written, so it does not count as delivered. The next run tries again.`,
  );

export const notVersioned = (mount: string, found: string): RelayError =>
  new RelayError(
    'ConfigurationInvalid',
    `The mount ${mount} is ${found}, and the store needs version 2 of the key-value store. Version 1 overwrites without a check. Name another mount in relay.yaml, or upgrade it: bao kv enable-versioning ${mount}`,
  );
