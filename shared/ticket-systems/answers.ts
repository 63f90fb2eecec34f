import { type ErrorName, RelayError } from '#shared/errors.ts';
import { retryAfterMs } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';

const TRY_AGAIN = new Set([408, 425, 429]);

const meaningOf = (status: number): readonly [ErrorName, string] => {
  if (status === 401) {
    return ['TicketSystemDenied', 'The credentials are refused. Correct the secret of its credentials in relay.yaml.'];
  }
  if (status === 403) {
    return ['TicketSystemRefused', 'The user may not make this call. Give it the rights that docs/webhooks.md lists.'];
  }
  if (status === 404) {
    return [
      'TicketSystemRefused',
      'There is no such ticket, or the user may not see it. Check url in relay.yaml, and the rights of the user.',
    ];
  }
  if (TRY_AGAIN.has(status) || status >= 500) {
    return ['TicketSystemUnavailable', 'The call is repeated. If this persists, check the ticket system.'];
  }
  return ['TicketSystemRefused', 'Check url in relay.yaml, and the log of the ticket system.'];
};

/** Reads the status of an answer. `absent`: 404 is an answer like any other. Pure. */
export const interpret =
  ({ absent = false } = {}): Interpreter =>
  (answer, { connection, name, idempotent }) => {
    const { status } = answer;
    if ((status >= 200 && status < 300) || (absent && status === 404)) return undefined;
    const [error, advice] = meaningOf(status);
    const wait = retryAfterMs(answer);
    return new RelayError(error, `${connection}: ${name} was answered with ${status}. ${advice}`, {
      mayHaveHappened: !idempotent && status >= 500,
      ...(wait !== undefined && { retryAfterMs: wait }),
    });
  };
