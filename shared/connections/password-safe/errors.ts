import { type ErrorName, RelayError } from '#shared/errors.ts';
import { type Answer, type CallName, isPage, retryAfterMs } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';

/** What an answer means and what the operator can do about it. */
export type Verdict = readonly [name: ErrorName, advice: string];

/** A call's own reading of an answer, asked before the common one; undefined when it has none. */
type SpecialReading = (answer: Answer) => Verdict | 'fine' | undefined;

/** The four digits that a 403 carries, bare, quoted or within a text (reference: "Special codes in a 403 body"). */
const SPECIAL_CODES: Readonly<Record<string, Verdict>> = {
  '4031': [
    'NotRequestable',
    'The user may not request this account, or the account is not enabled for the API, or it does not belong to this system. Check the access policy and the API setting of the account; after provisioning, wait until the Smart Rule has been processed.',
  ],
  '4032': [
    'PermissionMissing',
    'The call needs the Requestor role. Give the user that role on a Smart Rule with the account.',
  ],
  '4033': [
    'PermissionMissing',
    'The call needs the Approver role, which the relay never uses. Check the roles of the user.',
  ],
  '4034': [
    'ApprovalPending',
    'The request is waiting for an approval. Let the access policy approve the relay automatically.',
  ],
  '4035': [
    'ApproversMissing',
    'The access policy asks for more approvers than there are. Add approvers or approve automatically.',
  ],
};

const forbidden = (answer: Answer): Verdict => {
  const [code = ''] = /\b403[1-5]\b/.exec(answer.text) ?? [];
  return (
    SPECIAL_CODES[code] ?? [
      'PermissionMissing',
      'The user lacks a role or a permission. Check its groups and their roles.',
    ]
  );
};

export const NOT_THE_API: Verdict = [
  'RequestRejected',
  'The API is not at this address. Check the url in relay.yaml, and any proxy in between.',
];

const notFound = (answer: Answer): Verdict =>
  isPage(answer) ? NOT_THE_API : ['NotFound', 'The vault knows no such thing, or does not show it to this user.'];

const COMMON: Readonly<Record<number, (answer: Answer) => Verdict>> = {
  400: () => [
    'RequestRejected',
    'The vault found the input invalid. Check what its access policy asks for: duration, reason, ticket.',
  ],
  401: () => [
    'SessionLost',
    'The session ended, and a new one was refused as well. Look for the user in the User Audit of the vault.',
  ],
  403: forbidden,
  404: notFound,
  408: () => ['VaultUnavailable', 'The vault gave up waiting for the request.'],
  409: () => [
    'RequestConflict',
    'Another request for the account is open. It is tried again later; raise the limit of concurrent requests of the account if this goes on.',
  ],
  410: () => ['ApiVersionDisabled', 'An administrator disabled this version of the API. Have it enabled again.'],
  415: () => ['MediaTypeRefused', 'The vault, or a proxy in between, did not accept the media type application/json.'],
  429: () => ['RateLimited', 'The vault takes no more calls for now. Lower limits in relay.yaml if this goes on.'],
};

const commonVerdict = (answer: Answer): Verdict | undefined => {
  if (answer.status >= 200 && answer.status < 300) return undefined;
  if (answer.status >= 500) {
    return ['VaultUnavailable', 'The vault has a problem of its own. Look at its health if this goes on.'];
  }
  if (answer.status < 400) {
    return [
      'RequestRejected',
      'It redirects, which is not followed. Use the address of the API itself as the url in relay.yaml.',
    ];
  }
  return COMMON[answer.status]?.(answer) ?? ['RequestRejected', 'The vault did not accept the call.'];
};

const refusal = (answer: Answer, call: CallName, [name, advice]: Verdict): RelayError => {
  const waitMs = retryAfterMs(answer);
  return new RelayError(name, `${call.connection}: ${call.name} was answered with ${answer.status}. ${advice}`, {
    // A server that fails halfway, or a proxy that gives up on it, does not say what was done.
    mayHaveHappened: !call.idempotent && answer.status >= 500,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
};

/** Reads answers as a call of its own kind does, and as all calls do otherwise. */
export const interpreter =
  (special: SpecialReading = () => undefined): Interpreter =>
  (answer, call) => {
    const verdict = special(answer) ?? commonVerdict(answer);
    return verdict === undefined || verdict === 'fine' ? undefined : refusal(answer, call, verdict);
  };

export const interpretCall = interpreter();

const LEASE_GONE: Verdict = [
  'LeaseGone',
  'The request has expired, or was given back, denied or ended by somebody else. It is asked for anew later.',
];

/** For what needs an active request: one that is not there any more was there once. */
export const interpretCredential = interpreter((answer) =>
  answer.status === 404 && !isPage(answer) ? LEASE_GONE : undefined,
);

const NO_KEY: Verdict = [
  'NotFound',
  'The account has no private key (DSS key), or its key no passphrase. Leave it out of a sync of keys, or give it one in the vault.',
];

/** For reading a key: only words about the request say that it is the request that is missing (reference: 2.3). */
export const interpretKey = interpreter((answer) => {
  if (answer.status !== 404 || isPage(answer)) return undefined;
  return /request|released|expired/i.test(answer.text) ? LEASE_GONE : NO_KEY;
});

/** For reading by the ISA role, which the vault refuses by the same code as a request. */
export const interpretIsa = interpreter((answer) =>
  answer.status === 403
    ? [
        'NotRequestable',
        'The user may not read this account by the ISA role. Give it that role on a Smart Rule with the account, and see that the account is enabled for the API.',
      ]
    : undefined,
);

/** For Secrets Safe, whose 403 knows no codes. */
export const interpretSafe = interpreter((answer) =>
  answer.status === 403
    ? [
        'PermissionMissing',
        'The user may not read Secrets Safe. Give its group the permission Secrets Safe (Read) and access to the folders, and see that the licence includes Secrets Safe.',
      ]
    : undefined,
);

/** For giving a request back: one that is gone already counts as done, if it was the API that said so. */
export const interpretCheckIn = interpreter((answer) =>
  answer.status === 404 && !isPage(answer) ? 'fine' : undefined,
);

/** For looking an account up by its names: only these words say that there is none (reference: 2.1). */
export const interpretLookUp = interpreter((answer) =>
  answer.status === 404 && !isPage(answer) && /managed (account|system) not found/i.test(answer.text)
    ? 'fine'
    : undefined,
);

/** For calls of a reviewer, whose 403 says which right is missing better than its code does. */
const interpretReview = (right: string, special: SpecialReading = () => undefined) =>
  interpreter((answer) => (answer.status === 403 ? ['PermissionMissing', right] : special(answer)));

/** For listing sessions. */
export const interpretSessionList = interpretReview(
  'The user may not see sessions. Give its group the ISA role or the Session Auditor role on a Smart Rule with the accounts.',
);

/** For ending a session: one that is over already is what we want, if it was the API that said so. */
export const interpretTerminate = interpretReview(
  'The user may not end sessions. Give its group full control of the permission Password Safe API Global Quarantine, or let the access policy end the sessions of a request together with it.',
  (answer) => (answer.status === 404 && !isPage(answer) ? 'fine' : undefined),
);
