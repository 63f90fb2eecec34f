import type { Answer } from '#shared/http/answer.ts';

/** A value that no error may contain. */
export const CANARY = 'canary-41c2-not-a-real-secret';

/** An answer of the vault with the canary in its header and its text. */
export const answered = (status: number, text = `"${CANARY}"`, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { authorization: CANARY, ...headers },
  text,
  bytes: new Uint8Array(),
  receivedAtMs: 0,
});
