import type { Ticket } from '#shared/connections/password-safe/request-terms.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { type Answer, type CallName, isPage, retryAfterMs } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';

/** Meaning of an answer, and advice for the operator. */
export type Verdict = readonly [name: ErrorName, advice: string];

/** A call's own reading of an answer, which precedes the common one; undefined if it has none. */
type SpecialReading = (answer: Answer) => Verdict | 'fine' | undefined;

/** Four-digit codes in the body of a 403: bare, quoted or within a text (reference: "Special codes in a 403 body"). */
const SPECIAL_CODES: Readonly<Record<string, Verdict>> = {
  '4031': [
    'NotRequestable',
    'The user may not request this account, the account is not enabled for the API, or it does not belong to this system. Check the access policy and the API setting of the account; after provisioning, wait until the Smart Rule has been processed.',
  ],
  '4032': [
    'PermissionMissing',
    'The call needs the Requestor role. Give the user that role on a Smart Rule that contains the account.',
  ],
  '4033': [
    'PermissionMissing',
    'The call needs the Approver role, which the relay never uses. Check the roles of the user.',
  ],
  '4034': [
    'ApprovalPending',
    'The request is waiting for approval. Configure the access policy to approve requests of the relay automatically.',
  ],
  '4035': [
    'ApproversMissing',
    'The access policy requires more approvers than exist. Add approvers or enable automatic approval.',
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
  isPage(answer) ? NOT_THE_API : ['NotFound', 'The object does not exist in the vault, or the user may not see it.'];

const COMMON: Readonly<Record<number, (answer: Answer) => Verdict>> = {
  400: () => [
    'RequestRejected',
    'The vault rejected the input. Check the requirements of its access policy: duration, reason, ticket.',
  ],
  401: () => [
    'SessionLost',
    'The session ended, and a new one was refused as well. Check the User Audit of the vault for the user.',
  ],
  403: forbidden,
  404: notFound,
  408: () => ['VaultUnavailable', 'The vault timed out while waiting for the request.'],
  409: () => [
    'RequestConflict',
    "Another request for the account is open. The relay retries later. If this persists, raise the account's limit of concurrent requests.",
  ],
  410: () => [
    'ApiVersionDisabled',
    'An administrator disabled this version of the API. Ask an administrator to enable it again.',
  ],
  415: () => ['MediaTypeRefused', 'The vault, or a proxy in between, did not accept the media type application/json.'],
  429: () => ['RateLimited', 'The vault limits the rate of calls. If this persists, lower limits in relay.yaml.'],
};

const commonVerdict = (answer: Answer): Verdict | undefined => {
  if (answer.status >= 200 && answer.status < 300) return undefined;
  if (answer.status >= 500) {
    return ['VaultUnavailable', 'The vault reported a server error. If this persists, check the health of the vault.'];
  }
  if (answer.status < 400) {
    return [
      'RequestRejected',
      'The relay does not follow redirects. Set url in relay.yaml to the address of the API itself.',
    ];
  }
  return COMMON[answer.status]?.(answer) ?? ['RequestRejected', 'The vault did not accept the call.'];
};

const refusal = (answer: Answer, call: CallName, [name, advice]: Verdict): RelayError => {
  const waitMs = retryAfterMs(answer);
  return new RelayError(name, `${call.connection}: ${call.name} was answered with ${answer.status}. ${advice}`, {
    // After a server failure or a proxy timeout, the call may have taken effect.
    mayHaveHappened: !call.idempotent && answer.status >= 500,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
};

/** Creates an interpreter that applies the special reading first and the common one otherwise. */
export const interpreter =
  (special: SpecialReading = () => undefined): Interpreter =>
  (answer, call) => {
    const verdict = special(answer) ?? commonVerdict(answer);
    return verdict === undefined || verdict === 'fine' ? undefined : refusal(answer, call, verdict);
  };

export const interpretCall = interpreter();

const TICKET_CHOICES =
  "A ticket system that verifies demands an existing ticket that is assigned to the user that requests. Assign the ticket to the relay's user in the vault, set authentication.runAs of the connection to its assignee, set ticketSystemId of the rule to a ticket system that does not verify, or send no number (sendNumber: false under ticket of the webhook).";

const TICKET_SERVER =
  'Check the ticket system in the vault, and that the vault can reach its server. The relay retries for a few minutes.';

/** Words for a server that gave no answer. */
const UNREACHED =
  /\b(unreachable|unavailable|timed?[ -]?out|not respond|(not|failed to|unable to) (be )?(reach|connect|contact)|connection (failed|refused|error))/i;

/**
 * For opening a request with a ticket, which the vault can verify at a server of its own during the call. What it
 * answers to a failed verification is not documented (reference: tickets-and-rotation.md, section 12), so the answer is
 * about the ticket only if its text says so. Every 400 certainly opened nothing.
 */
export const interpretTicketedRequest = ({ number, systemId }: Ticket): Interpreter => {
  const system = systemId === undefined ? 'its default ticket system' : `its ticket system ${systemId}`;
  const ticket = `the ticket ${JSON.stringify(number)} in ${system}`;
  return interpreter((answer) => {
    if (isPage(answer)) return undefined;
    if (answer.status >= 500) {
      return ['VaultUnavailable', `The vault, or the server that it verifies ${ticket} with, failed. ${TICKET_SERVER}`];
    }
    if (answer.status !== 400) return undefined;
    if (!/ticket/i.test(answer.text)) {
      return [
        'RequestRejected',
        `The vault rejected the input. Check the requirements of its access policy: duration, reason, ${ticket}. ${TICKET_CHOICES}`,
      ];
    }
    return UNREACHED.test(answer.text)
      ? ['TicketUnverified', `The vault could not verify ${ticket}. ${TICKET_SERVER}`]
      : ['TicketRefused', `The vault refused ${ticket}. ${TICKET_CHOICES}`];
  });
};

const LEASE_GONE: Verdict = [
  'LeaseGone',
  'The request expired, or someone else checked it in, denied it or ended it. The relay opens a new one later.',
];

/** For calls that need an active request. A 404 means that the request has ended. */
export const interpretCredential = interpreter((answer) =>
  answer.status === 404 && !isPage(answer) ? LEASE_GONE : undefined,
);

const NO_KEY: Verdict = [
  'NotFound',
  'The account has no private key (DSS key), or its key has no passphrase. Exclude the account from syncs of keys, or add what is missing in the vault.',
];

/** For reading a key. A 404 means that the request has ended only if its text mentions the request (reference: 2.3). */
export const interpretKey = interpreter((answer) => {
  if (answer.status !== 404 || isPage(answer)) return undefined;
  return /request|released|expired/i.test(answer.text) ? LEASE_GONE : NO_KEY;
});

/** For reading through the ISA role, which the vault refuses with the same code as a request. */
export const interpretIsa = interpreter((answer) =>
  answer.status === 403
    ? [
        'NotRequestable',
        'The user may not read this account through the ISA role. Give it that role on a Smart Rule that contains the account, and check that the account is enabled for the API.',
      ]
    : undefined,
);

/** For Secrets Safe, whose 403 has no codes. */
export const interpretSafe = interpreter((answer) =>
  answer.status === 403
    ? [
        'PermissionMissing',
        'The user may not read Secrets Safe. Give its group the permission Secrets Safe (Read) and access to the folders, and check that the licence includes Secrets Safe.',
      ]
    : undefined,
);

/** For checking in a request. A 404 from the API means that it has already ended, which counts as success. */
export const interpretCheckIn = interpreter((answer) =>
  answer.status === 404 && !isPage(answer) ? 'fine' : undefined,
);

/** For finding an account by its names. Only a 404 with this text means that it does not exist (reference: 2.1). */
export const interpretLookUp = interpreter((answer) =>
  answer.status === 404 && !isPage(answer) && /managed (account|system) not found/i.test(answer.text)
    ? 'fine'
    : undefined,
);

/** For calls that need reviewer rights. The call identifies the missing right better than the code of a 403. */
const interpretReview = (right: string, special: SpecialReading = () => undefined) =>
  interpreter((answer) => (answer.status === 403 ? ['PermissionMissing', right] : special(answer)));

/** For listing sessions. */
export const interpretSessionList = interpretReview(
  'The user may not see sessions. Give its group the ISA role or the Session Auditor role on a Smart Rule that contains the accounts.',
);

/** For ending a session. A 404 from the API means that it has already ended, which counts as success. */
export const interpretTerminate = interpretReview(
  'The user may not end sessions. Give its group full control of the permission Password Safe API Global Quarantine, or configure the access policy to end sessions together with their request.',
  (answer) => (answer.status === 404 && !isPage(answer) ? 'fine' : undefined),
);

/**
 * For a change and a test of a credential on its target. The text of a 400 is the log of a platform plug-in (reference:
 * 2.3), which is never quoted. The vault may have reached the target before it failed, and its agent may repeat a
 * failed change, so that a 400 leaves the outcome open.
 */
const interpretOnTarget = (action: 'change' | 'test'): Interpreter => {
  const interpret = interpreter(({ status }) => {
    if (status === 403) {
      return [
        'PermissionMissing',
        `The user may not ${action} credentials. Give its group full control of the permission Password Safe Account Management.`,
      ];
    }
    if (status !== 400) return undefined;
    return [
      'RequestRejected',
      `The vault could not ${action} the credential on its target. Its event log has the cause. Check that the system is reachable from the vault and has a working functional account, and that no other change of the account is running.`,
    ];
  });
  return (answer, call) => {
    const error = isPage(answer) ? interpretCall(answer, call) : interpret(answer, call);
    return error !== undefined && answer.status === 400
      ? new RelayError(error.name, error.message, { mayHaveHappened: true })
      : error;
  };
};

export const interpretChange = interpretOnTarget('change');
export const interpretTest = interpretOnTarget('test');
