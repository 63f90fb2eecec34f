import type { Answer } from '#shared/http/answer.ts';

/** What no error may repeat. */
export const CANARY = 'canary-41c2-not-a-real-secret';

/** An answer of the vault that holds the canary wherever one could. */
export const answered = (status: number, text = `"${CANARY}"`, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { authorization: CANARY, ...headers },
  text,
  bytes: new Uint8Array(),
  receivedAtMs: 0,
});
