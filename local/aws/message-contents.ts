import * as z from 'zod';

/** Limits of the content of a message, which the underlying emulator does not check. */

const MAX_BYTES = 1024 * 1024;

/** Source: SQS API reference, SendMessage, `MessageBody`. */
const ACCEPTED = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

const sendSchema = z.object({ MessageBody: z.string() });

const parse = (payload: string): string | undefined => {
  try {
    return sendSchema.safeParse(JSON.parse(payload)).data?.MessageBody;
  } catch {
    return undefined;
  }
};

/** Returns the error of SQS for a message that it does not accept. */
export const refusedContents = (payload: string): readonly [code: string, message: string] | undefined => {
  const text = parse(payload);
  if (text === undefined) return undefined;
  if (Buffer.byteLength(text) > MAX_BYTES) {
    return [
      'InvalidParameterValue',
      `One or more parameters are invalid. Message must be shorter than ${MAX_BYTES} bytes.`,
    ];
  }
  return ACCEPTED.test(text)
    ? undefined
    : ['InvalidMessageContents', 'The message contains characters outside the allowed set.'];
};
